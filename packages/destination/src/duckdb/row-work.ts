import type { RowWork } from "../sql/session.ts";
import { writeRows } from "./commit.ts";
import type { Database } from "./database.ts";
import { readPages, restoreRows } from "./transfer.ts";

/** How rows get into DuckDB and out of it. */
export const rowWork = (database: Database): RowWork => ({
  write: (batch, mode) => writeRows(database, batch, mode),
  restore: (table, rows) => restoreRows(database, table, rows),
  pages: (table) => readPages(database, table),
});
