/**
 * Reads a scope to its end, in parts that are each proven.
 *
 * A part is believed only when it came in one answer, so that no writer could shift it: either the answer held fewer
 * rows than its limit and no fewer than the server counted, or it is the beginning of an answer in order of
 * `run_after`, up to but without the last `run_after` that occurs in it. The next part begins there. Nothing that was
 * read is thrown away but the rows of that last `run_after`, and no total, offset or short page decides anything.
 *
 * Where all rows of an answer have one `run_after` (a run with many mapped tasks, a thousand DAGs at midnight), the
 * same is asked again with a limit that is large enough for one answer.
 */
import { timestamp } from "../timestamp.ts";
import type { AirflowScope } from "./scope.ts";

export interface Answer<T> {
  readonly rows: readonly T[];
  /** How many rows the server counted in the scope, just before or after it read them. */
  readonly total: number;
}

/** Rows of a scope in order of `run_after`, at most `limit` of them. */
export type Ask<T> = (scope: AirflowScope, limit: number) => Promise<Answer<T>>;

export interface Leaf<T> {
  readonly scope: AirflowScope;
  readonly rows: readonly T[];
  /** Whether this is the scope's last part. */
  readonly last: boolean;
}

export async function* leaves<T extends { readonly run_after: string }>(
  ask: Ask<T>,
  scope: AirflowScope,
  pageLimit: number,
): AsyncGenerator<Leaf<T>> {
  let rest = scope;
  let limit = pageLimit;
  for (let tries = 0; tries < 20; tries += 1) {
    const { rows, total } = await ask(rest, limit);
    if (rows.length >= total && rows.length < limit) {
      yield { scope: rest, rows, last: true };
      return;
    }
    const cut = rows.at(-1) && timestamp(rows.at(-1)!.run_after);
    const part = rows.filter((row) => timestamp(row.run_after) !== cut);
    if (cut && part.length > 0) {
      yield { scope: { ...rest, runAfter: { ...rest.runAfter, to: cut } }, rows: part, last: false };
      rest = { ...rest, runAfter: { ...rest.runAfter, from: cut } };
      limit = pageLimit;
      tries = 0;
    } else if (rows.length >= limit) {
      limit = Math.max(limit * 2, total + pageLimit);
    }
    // Else rows were deleted between the server's two statements, or it keeps to a limit of its own: ask again.
  }
  throw new Error(
    `The server does not return ${JSON.stringify(scope)} in one answer: it keeps to a limit lower than ${limit} rows, or the rows change faster than they can be read.`,
  );
}
