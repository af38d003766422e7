import { defaultDagsterTables } from "@org/sources/dagster";
import { differences, readTable } from "@org/testkit/compare";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { type DagsterTruth, dagsterTruth } from "@org/testkit/servers/dagster-truth";

/**
 * Compares the four tables in a DuckDB file with the server's own storage, column by column, and throws if they differ.
 *
 * @returns all expected rows
 */
export async function expectDagsterTruth(server: DagsterServer, path: string): Promise<DagsterTruth> {
  const truth = await dagsterTruth(server);
  const found: string[] = [];
  for (const table of defaultDagsterTables) {
    const expected = truth[table.name as keyof DagsterTruth];
    const actual = await readTable(path, table);
    found.push(...differences(expected, actual, table.primaryKey).map((line) => `${table.name}: ${line}`));
  }
  if (found.length > 0) throw new Error(`The tables differ from the server:\n${found.join("\n")}`);
  return truth;
}
