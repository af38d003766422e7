import { shapes } from "@org/sync-engine/source";
import { wholeListStream } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import { importErrorRow, importErrorsTable } from "./tables/import-errors.ts";

const list = airflowList({
  what: "import errors",
  name: "import_errors",
  key: ["import_error_id"],
  fields: { import_error_id: shapes.integer, timestamp: shapes.text },
  page: (client, query, limits) =>
    client.GET("/api/v2/importErrors", { params: { query: { ...query, order_by: ["id"] } }, ...limits }),
  one: (client, { import_error_id }, signal) =>
    client.GET("/api/v2/importErrors/{import_error_id}", { params: { path: { import_error_id } }, signal }),
});

/** The present import errors: one that is no longer listed has been fixed. */
export const importErrors = wholeListStream({
  name: "import_errors",
  table: importErrorsTable,
  revision: 2,
  list,
  row: importErrorRow,
  firstSeen: "first_seen_at",
});
