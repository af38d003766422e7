import { defaultAirflowTables } from "@org/sources/airflow";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { airflowTruth } from "@org/testkit/servers/airflow-truth";

/**
 * Compares the three tables in a DuckDB file with the server's own database, column by column, and throws if they differ.
 * Ignores purged rows.
 *
 * @param options.deletionsAreOpen the table may hold rows that the server no longer has, since no reconcile has run yet
 * @param options.cleanedBefore the time given to `airflow db clean`: earlier attempts that it deleted from existing task
 * instances stay in the table
 * @returns the number of compared rows per table
 */
export async function expectTruth(
  server: Pick<AirflowServer, "query" | "version">,
  path: string,
  {
    deletionsAreOpen = false,
    cleanedBefore = "",
  }: { readonly deletionsAreOpen?: boolean; readonly cleanedBefore?: string } = {},
): Promise<Record<string, number>> {
  const truth = await airflowTruth(server);
  const compared: Record<string, number> = {};
  const found: string[] = [];
  for (const table of defaultAirflowTables) {
    const expected = reachable(truth[table.name as keyof typeof truth]);
    const keyOf = (row: PlainRow) => JSON.stringify(table.primaryKey.map((name) => row[name]));
    const there = new Set(expected.map(keyOf));
    const actual = reachable(await readTable(path, table)).filter(
      (row) =>
        !row.purged_at &&
        (row.is_latest !== false || String(row.start_date) >= cleanedBefore) &&
        (!deletionsAreOpen || there.has(keyOf(row))),
    );
    found.push(...differences(expected, actual, table.primaryKey).map((line) => `${table.name}: ${line}`));
    compared[table.name] = expected.length;
  }
  if (found.length > 0) throw new Error(`The tables differ from the server:\n${found.join("\n")}`);
  return compared;
}

/** The API's URLs cannot contain a slash, so no client can read the earlier attempts of such runs. */
function reachable(rows: readonly PlainRow[]): readonly PlainRow[] {
  return rows.filter((row) => row.is_latest !== false || !String(row.dag_run_id).includes("/"));
}
