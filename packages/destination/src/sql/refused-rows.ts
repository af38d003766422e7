/** Which rows a database refuses, where its error does not say so. */
import { DestinationError, type UnfitRow } from "../errors.ts";
import type { Table } from "../table.ts";
import { invalidRows, rowId } from "../unfit-rows.ts";

type AnyRow = Readonly<Record<string, unknown>>;

/** What a database said about some rows, one of which it does not take. */
export class Refusal extends DestinationError {
  /** A clause, in the database's words. */
  readonly reason: string;

  constructor(doing: string, reason: string, cause: unknown) {
    super("INVALID_ROW", `${doing} failed: ${reason}.`, { cause });
    this.reason = reason;
  }
}

/** Tries to write some rows, and leaves nothing of them. Throws what the database says. */
export type Try<R extends AnyRow> = (rows: readonly R[]) => Promise<unknown>;

/** As many are found at once; whoever leaves them out and tries again is told of the next ones. */
const MOST_FOUND = 100;

/**
 * Finds the rows that a database refused, by halves: a bad row among n costs about 2 log n attempts, half of them at few
 * rows. Where each half is taken alone, rows stand in each other's way (a unique index of somebody's), and the last row
 * of the shortest refused beginning is the one to leave out.
 *
 * @param refusal what the database said to all of them
 * @returns an error that names them; the refusal as an error about no row, where none of them is refused now
 * @throws what is no refusal, such as a full disk
 */
export async function refusedRows<R extends AnyRow>(
  table: Table,
  rows: readonly R[],
  refusal: Refusal,
  attempt: Try<R>,
): Promise<DestinationError> {
  // Of rows with one key the last is written, and that one alone can be refused.
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

/** The last row of the shortest beginning that is refused. */
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
