import { DuckDBInstance } from "@duckdb/node-api";
import type { Table } from "@org/destination";

export type PlainRow = Readonly<Record<string, unknown>>;

/**
 * Reads a table's live rows from a DuckDB file with its driver alone: timestamps as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, JSON
 * parsed, without deleted rows.
 */
export async function readTable(path: string, table: Table): Promise<PlainRow[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const columns = Object.entries(table.columns).map(([name, { type }]) =>
      type === "timestamp" ? `strftime("${name}", '%Y-%m-%dT%H:%M:%S.%fZ') AS "${name}"` : `"${name}"`,
    );
    const reader = await connection.runAndReadAll(
      `SELECT ${columns.join(", ")} FROM "${table.name}" WHERE _deleted_at IS NULL`,
    );
    return reader.getRowObjectsJS().map((row) =>
      Object.fromEntries(
        Object.entries(table.columns).map(([name, { type }]) => {
          const value = row[name];
          if (type === "json" && typeof value === "string") return [name, JSON.parse(value)];
          return [name, typeof value === "bigint" ? Number(value) : value];
        }),
      ),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Runs a statement in a DuckDB file directly, without a sync. @returns its rows */
export async function changeTable(path: string, sql: string): Promise<PlainRow[]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Lists missing and extra rows, and cells that differ, one per line: the first 10, then the count of the rest. */
export function differences(
  expected: readonly PlainRow[],
  actual: readonly PlainRow[],
  primaryKey: readonly string[],
): string[] {
  const keyOf = (row: PlainRow) => JSON.stringify(primaryKey.map((name) => row[name]));
  const rest = new Map(actual.map((row) => [keyOf(row), row]));
  const lines: string[] = [];
  if (rest.size !== actual.length) lines.push(`${actual.length - rest.size} rows have a key that another row has`);
  for (const row of expected) {
    const key = keyOf(row);
    const found = rest.get(key);
    rest.delete(key);
    if (!found) lines.push(`missing ${key} ${JSON.stringify(row)}`);
    else {
      for (const name of Object.keys(row)) {
        const [wanted, got] = [canonical(row[name]), canonical(found[name])];
        if (wanted !== got) lines.push(`${key} ${name}: expected ${wanted}, got ${got}`);
      }
    }
  }
  for (const [key, row] of rest) lines.push(`extra ${key} ${JSON.stringify(row)}`);
  return lines.length > 10 ? [...lines.slice(0, 10), `… ${lines.length - 10} more`] : lines;
}

function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
