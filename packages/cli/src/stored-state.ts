import type { Value } from "@org/destination";
import { queryDuckdb } from "@org/destination/duckdb";
import { parsePosition } from "@org/sync-engine";

/** How far a stream is, and what its table holds. */
export interface StoredStream {
  readonly pipeline: string;
  readonly stream: string;
  readonly table: string;
  /** Rows that are not deleted; null when the table is gone. */
  readonly rows: number | null;
  /** Rows that the server no longer has. */
  readonly deleted: number | null;
  /** The server's time from which the next sync goes on (less its overlap), or null before the first one is complete. */
  readonly position: string | null;
  /** Where there is no position: why. */
  readonly progress: string;
  /** When deletions were last looked for, by the clock of the machine that did; null where the state does not say. */
  readonly reconciledAt: string | null;
  /** When the state was last written. */
  readonly committedAt: string | null;
}

/**
 * Reads the bookkeeping of a DuckDB file. The destination's contract has no way to ask which pipelines there are, so
 * this knows the adapter's own tables.
 *
 * @throws DestinationError `LOCKED` while a sync writes, `NOT_FOUND` when there is no such file.
 */
export async function readDuckdbState(path: string): Promise<readonly StoredStream[]> {
  const tables = await queryDuckdb(
    path,
    "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()",
  );
  const exists = (schema: Value | undefined, name: string) =>
    tables.some((table) => table.schema_name === schema && table.table_name === name);
  const streams: StoredStream[] = [];
  for (const { schema_name: schema } of tables.filter(({ table_name }) => table_name === "_sync_state")) {
    // A stream may have written to another stream's table too; its own is the one that is named after it.
    const states = await queryDuckdb(
      path,
      `SELECT pipeline, stream, value, committed_at,
         coalesce(list_filter(tables, lambda name: ends_with(name, stream))[1], tables[1]) AS table_name
       FROM ${quoted(String(schema))}._sync_state ORDER BY pipeline, stream`,
    );
    for (const state of states) {
      const table = String(state.table_name);
      const counts = exists(schema, table)
        ? await countRows(path, `${quoted(String(schema))}.${quoted(table)}`)
        : noCounts;
      streams.push({
        pipeline: String(state.pipeline),
        stream: String(state.stream),
        table,
        ...counts,
        ...howFar(String(state.value)),
        committedAt: state.committed_at as string | null,
      });
    }
  }
  return streams;
}

const noCounts = { rows: null, deleted: null };

async function countRows(path: string, table: string): Promise<Pick<StoredStream, "rows" | "deleted">> {
  const [found] = await queryDuckdb(
    path,
    `SELECT count(*) FILTER (_deleted_at IS NULL) AS rows, count(_deleted_at) AS deleted FROM ${table}`,
  );
  return { rows: Number(found?.rows), deleted: Number(found?.deleted) };
}

function howFar(text: string): Pick<StoredStream, "position" | "progress" | "reconciledAt"> {
  try {
    const state = JSON.parse(text) as { readonly data?: { readonly position?: unknown }; reconciled_at?: unknown };
    const position = parsePosition(state.data?.position);
    const reconciledAt = typeof state.reconciled_at === "number" ? new Date(state.reconciled_at).toISOString() : null;
    return position
      ? { position: new Date(position.server).toISOString(), progress: "", reconciledAt }
      : { position: null, progress: "first sync not complete", reconciledAt: null };
  } catch {
    return { position: null, progress: "broken: sync it with --full-refresh", reconciledAt: null };
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
