/** What is in a DuckDB file that no process holds, held against what the server has. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queryDuckdb } from "@org/destination/duckdb";
import { differences, type PlainRow, readTable } from "../../live/compare.ts";
import type { Subject } from "./subject.ts";

/** A copy of a file and its log, so that looking at what a crash left does not mend it. */
async function withCopy<T>(file: string, look: (copy: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "crash-copy-"));
  try {
    for (const end of ["", ".wal"]) {
      if (existsSync(file + end)) await cp(file + end, join(folder, `copy.duckdb${end}`));
    }
    return await look(join(folder, "copy.duckdb"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the tables hold against what the server holds now: nothing, when all is well. */
export async function differencesNow(subject: Subject, file: string): Promise<string[]> {
  const { rows } = subject.snapshots.at(-1)!;
  const found: string[] = [];
  for (const table of subject.tables) {
    found.push(...differences(rows[table.name]!, await readTable(file, table), table.primaryKey));
  }
  return found;
}

/** The tables with what no server knows: which rows are marked as deleted. */
export async function allRows(subject: Subject, file: string): Promise<readonly (readonly PlainRow[])[]> {
  const tables: (readonly PlainRow[])[] = [];
  for (const { name, columns, primaryKey } of subject.tables) {
    const names = Object.keys(columns).join(", ");
    const order = primaryKey.join(", ");
    tables.push(await queryDuckdb(file, `SELECT ${names}, _deleted_at IS NULL AS live FROM ${name} ORDER BY ${order}`));
  }
  return tables;
}

/** The states by stream, without what differs from process to process: our own clock. */
export async function states(file: string): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  return withCopy(file, async (copy) => {
    const rows = await queryDuckdb(copy, "SELECT stream, value FROM _sync_state");
    return new Map(
      rows.map(({ stream, value }) => [
        String(stream),
        JSON.parse(String(value), (name, inner) => (name === "local" ? undefined : inner)).data,
      ]),
    );
  });
}

/**
 * I1, right after a crash: rows which a state says are stored, and that are not, or not as they were then. Nothing,
 * when all is well.
 */
export async function missingRows(subject: Subject, file: string): Promise<string[]> {
  if (!existsSync(file)) return [];
  return withCopy(file, async (copy) => {
    const exists = await queryDuckdb(copy, "SELECT table_name AS name FROM duckdb_tables()");
    if (!exists.some(({ name }) => name === "_sync_state")) return [];
    const found: string[] = [];
    for (const [stream, state] of await states(copy)) {
      const table = subject.tables.find(({ name }) => name === `${subject.kind}_${stream}`)!;
      const history = state.history as Record<string, unknown> | undefined;
      const position = (history?.start ?? state.position) as { server: number };
      const covers = history ? subject.covers(stream, history) : () => true;
      const snapshot = subject.snapshots.findLast(({ at }) => at <= position.server)!;
      const claimed = snapshot.rows[table.name]!.filter(covers);
      const keyOf = (row: PlainRow) => JSON.stringify(table.primaryKey.map((name) => row[name]));
      const keys = new Set(claimed.map(keyOf));
      const stored = (await readTable(copy, table)).filter((row) => keys.has(keyOf(row)));
      // What changed since may be stored in its later form, which nothing but its key says.
      const latest = snapshot === subject.snapshots.at(-1);
      const lines = latest
        ? differences(claimed, stored, table.primaryKey)
        : claimed.filter(isLasting).length > stored.filter(isLasting).length
          ? [`${claimed.length - stored.length} rows are not there`]
          : [];
      found.push(...lines.map((line) => `${stream}, of which ${JSON.stringify(state)} is said: ${line}`));
    }
    return found;
  });
}

/** Whether a row stays under its key: placeholders of Airflow go. */
function isLasting(row: PlainRow): boolean {
  return row.try_number === undefined || (row.try_number !== 0 && row.state !== null);
}
