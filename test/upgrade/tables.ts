/** The table whose key has grown: the current one, and the older release's. */
import type { Table } from "@org/destination";
import { taskInstancesTable } from "@org/sources/airflow";
import { fixture } from "./places.ts";

/** The table of this release. */
export const current: Table = taskInstancesTable;

/** The older release's table, with the columns that it exported. */
export const old: Table = { ...current, ...exportedTable(), description: current.description };

function exportedTable(): Pick<Table, "columns" | "primaryKey"> {
  const lines = fixture("export.ndjson").split("\n").filter(Boolean);
  const tables = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "table");
  return tables.find(({ table }) => table.name === current.name).table;
}

/** The values of old rows in new columns. */
export const fresh = Object.fromEntries(
  Object.entries(current.columns)
    .filter(([column]) => !Object.hasOwn(old.columns, column))
    .map(([column, each]) => [column, each.default ?? null]),
);
