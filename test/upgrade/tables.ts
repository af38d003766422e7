/** The table whose key has grown: as it is, and as an older release defined it. */
import type { Table } from "@org/destination";
import { taskInstancesTable } from "@org/sources/airflow";
import { fixture } from "./places.ts";

/** The table of this release. */
export const current: Table = taskInstancesTable;

/** The table as the release defined it, by the columns that it exported. */
export const old: Table = { ...current, ...exportedTable(), description: current.description };

function exportedTable(): Pick<Table, "columns" | "primaryKey"> {
  const lines = fixture("export.ndjson").split("\n").filter(Boolean);
  const tables = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "table");
  return tables.find(({ table }) => table.name === current.name).table;
}

/** What old rows hold in the columns that are new. */
export const fresh = Object.fromEntries(
  Object.entries(current.columns)
    .filter(([column]) => !Object.hasOwn(old.columns, column))
    .map(([column, each]) => [column, each.default ?? null]),
);
