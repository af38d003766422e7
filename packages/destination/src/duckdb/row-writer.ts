import type { RowWriter } from "../sql/session.ts";
import { writeRows } from "./commit.ts";
import type { Database } from "./database.ts";
import { readPages, restoreRows } from "./transfer.ts";

/** Writes rows to DuckDB and reads them back. */
export const rowWriter = (database: Database): RowWriter => ({
  write: (batch, mode) => writeRows(database, batch, mode),
  restore: (table, rows) => restoreRows(database, table, rows),
  pages: (table) => readPages(database, table),
});
