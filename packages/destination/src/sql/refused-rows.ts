/** Finds the rows that a database rejects, if its error does not name them. */
import { DestinationError, type UnfitRow } from "../errors.ts";
import type { Table } from "../table.ts";
import { invalidRows, rowId } from "../unfit-rows.ts";

type AnyRow = Readonly<Record<string, unknown>>;

/** A database's error about some rows, at least one of which it rejects. */
export class Refusal extends DestinationError {
  /** A clause in the database's words. */
  readonly reason: string;

  constructor(doing: string, reason: string, cause: unknown) {
    super("INVALID_ROW", `${doing} failed: ${reason}.`, { cause });
    this.reason = reason;
  }
}

/** Tries to write some rows, and rolls them back. Throws the database's error. */
export type Try<R extends AnyRow> = (rows: readonly R[]) => Promise<unknown>;

/** The maximum found at once. If the sender leaves these out and tries again, the next ones are found. */
const MOST_FOUND = 100;

/**
 * Finds rejected rows by bisection: one bad row among n costs about 2 log n attempts, half of them with few rows. If
 * each half is accepted alone, rows conflict with each other (by a user's unique index, for example), and the last row
 * of the shortest rejected prefix is the one to leave out.
 *
 * @param refusal the database's error about all of them
 * @returns an error that names them; or the refusal as an error about no row, if none is rejected any more
 * @throws any error that is not a refusal, such as a full disk
 */
export async function refusedRows<R extends AnyRow>(
  table: Table,
  rows: readonly R[],
  refusal: Refusal,
  attempt: Try<R>,
): Promise<DestinationError> {
  // Of rows with the same key the last is written, and only that one can be rejected.
  const distinct = [...new Map(rows.map((row) => [rowId(table, row), row])).values()];
  const refused = async (some: readonly R[]): Promise<Refusal | undefined> => {
    try {
      await attempt(some);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  };
  const found: UnfitRow[] = [];
  const search = async (some: readonly R[], error: Refusal): Promise<void> => {
    if (found.length >= MOST_FOUND) return;
    const [first, ...others] = some;
    if (first && others.length === 0) {
      found.push(unfit(table, first, error));
      return;
    }
    const middle = Math.ceil(some.length / 2);
    for (const half of [some.slice(0, middle), some.slice(middle)]) {
      const again = half.length > 0 && found.length < MOST_FOUND ? await refused(half) : undefined;
      if (again) await search(half, again);
    }
  };
  const first = distinct.length > 0 ? await refused(distinct) : undefined;
  if (!first) return new DestinationError("FAILED", refusal.message, { cause: refusal });
  await search(distinct, first);
  if (found.length === 0) found.push(await inTheWay(table, distinct, first, refused));
  return invalidRows(table, found);
}

/** The last row of the shortest rejected prefix. */
async function inTheWay<R extends AnyRow>(
  table: Table,
  rows: readonly R[],
  refusal: Refusal,
  refused: (rows: readonly R[]) => Promise<Refusal | undefined>,
): Promise<UnfitRow> {
  let [taken, bad] = [0, rows.length];
  let error = refusal;
  while (bad - taken > 1) {
    const middle = Math.floor((taken + bad) / 2);
    const again = await refused(rows.slice(0, middle));
    if (again) [bad, error] = [middle, again];
    else taken = middle;
  }
  return unfit(table, rows[bad - 1] as R, error);
}

function unfit(table: Table, row: AnyRow, { reason }: Refusal): UnfitRow {
  const key = Object.fromEntries(table.primaryKey.map((name) => [name, row[name]]));
  // A database may repeat the value, which may be a megabyte.
  return { key, reason: reason.length > 300 ? `${reason.slice(0, 300).toWellFormed()}…` : reason };
}
