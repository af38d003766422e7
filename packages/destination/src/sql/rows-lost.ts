import { DestinationError } from "../errors.ts";
import type { Table } from "../table.ts";
import type { SqlDatabase } from "./database.ts";

/**
 * The error for rows that a table did not store, although nothing rejected them.
 *
 * @param by what may have dropped them: `the table's triggers`
 */
export function rowsLost(
  { place }: Pick<SqlDatabase, "place">,
  { name }: Table,
  count: number,
  by: string,
): DestinationError {
  return new DestinationError(
    "ROWS_LOST",
    `Table ${name} in ${place} did not take ${count === 1 ? "1 row" : `${count} rows`}, although nothing rejected them. Check ` +
      `${by}, and remove whatever drops rows. Nothing was stored.`,
  );
}
