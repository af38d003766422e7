/**
 * Rows missing from the table because its destination cannot hold them. Each sync reads them again, and they count as
 * stored: otherwise the server would have more rows than the table as long as they do not fit, and every sync would
 * read again what counts are compared for.
 */
import { rowId, type Scope, type StoredValues, type Table } from "@org/destination";
import type { Stored } from "@org/sync-engine/source";
import { isTimestamp, justAfter } from "../timestamp.ts";
import type { RunId } from "./keys.ts";
import type { AirflowScope } from "./scope.ts";

/** Numbers of rows, by the values of some columns. */
export type Counts = readonly { readonly values: StoredValues; readonly count: number }[];

/** With more runs of a DAG, everything between the first and the last of them is read, in larger responses. */
const MOST_MOMENTS = 20;

/** No valid time is later. */
const LAST_SECOND = "9999-12-31T23:59:59";

/** The runs that rows belong to. */
export function runsOf(rows: readonly StoredValues[]): RunId[] {
  return rows.map(({ dag_id, dag_run_id }) => ({ dag_id, dag_run_id }) as RunId);
}

/** Runs by their `run_after`, since the server cannot list them by id. */
export function unstoredRuns(rows: readonly StoredValues[]): AirflowScope[] {
  return [...Map.groupBy(rows, (row) => row.dag_id as string)].flatMap(([dag, runs]): AirflowScope[] => {
    const moments = [...new Set(runs.map((run) => run.run_after))].toSorted();
    // That may be the column that does not fit, and the server would not accept it either.
    if (!moments.every((moment) => typeof moment === "string" && isTimestamp(moment))) return [{ dags: [dag] }];
    const between = (from: string, last: string) => ({
      dags: [dag],
      runAfter: { from, ...(last < LAST_SECOND && { to: justAfter(last) }) },
    });
    if (moments.length > MOST_MOMENTS) return [between(moments[0]!, moments.at(-1)!)];
    return moments.map((moment) => between(moment, moment));
  });
}

/**
 * The number of a table's rows by some columns, including rows that could not be stored: as they were last read, not as
 * the table's older version of them.
 *
 * @param unstored those that are in the scope
 */
export async function countWith<T extends Table>(
  stored: Stored,
  { table, scope, columns }: { readonly table: T; readonly scope: Scope<T>; readonly columns: readonly string[] },
  unstored: readonly StoredValues[],
): Promise<Counts> {
  const names = columns as readonly (keyof T["columns"] & string)[];
  const counts = await stored.countBy(table, scope, names);
  if (unstored.length === 0) return counts;
  const ids = new Set(unstored.map((row) => rowId(table, row)));
  const ofTheirRuns = {
    ...scope,
    dag_id: { in: [...new Set(unstored.map((row) => row.dag_id))] },
    ...("dag_run_id" in table.columns && { dag_run_id: { in: [...new Set(unstored.map((row) => row.dag_run_id))] } }),
  } as Scope<T>;
  const older = (await stored.keys(table, ofTheirRuns, names)).filter((row) => ids.has(rowId(table, row)));
  const result = new Map<string, { values: StoredValues; count: number }>();
  const add = (row: StoredValues, number: number) => {
    const values = Object.fromEntries(columns.map((name) => [name, row[name] ?? null]));
    const key = JSON.stringify(Object.values(values));
    const count = (result.get(key)?.count ?? 0) + number;
    result.set(key, { values, count });
  };
  for (const { values, count } of counts) add(values, count);
  for (const row of older) add(row, -1);
  for (const row of unstored) add(row, 1);
  return [...result.values()].filter(({ count }) => count > 0);
}
