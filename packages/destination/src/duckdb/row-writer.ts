import type { RowWriter } from "../sql/session.ts";
import { BatchWriter } from "./commit.ts";
import type { Database } from "./database.ts";
import { readPages, restoreRows } from "./transfer.ts";

/** Writes rows to DuckDB and reads them back. */
export function rowWriter(database: Database): RowWriter {
  const batches = new BatchWriter(database);
  return {
    write: (batch, mode) => batches.write(batch, mode),
    restore: (table, rows) => restoreRows(database, table, rows),
    pages: (table) => readPages(database, table),
  };
}
