/**
 * A row that the server cannot serialize turns every page with it into a 500, however often it is requested; one that
 * exceeds the maximum response size makes each of them too large. The rows around it are read in ever smaller parts, by
 * offset: those are stored, but nothing is proven by them.
 */
import { createWalk, isTooLarge } from "@org/sync-engine/source";
import { justAfter, timestamp } from "../timestamp.ts";
import type { Ask, OnUnreadable } from "./ask.ts";
import { pageKey } from "./listings.ts";
import type { AirflowScope } from "./scope.ts";
import { caught500 } from "./server-errors.ts";

/** With more unreadable rows in one scope, the server is to blame, not the rows. */
const MOST_UNREADABLE = 20;

/** A row that could not be read, between the rows on both sides of it. */
interface Gap {
  readonly offset: number;
  readonly error: Error;
  /** The latest `run_after` before it, and the earliest after it, if the rows are in that order. */
  readonly from?: string | undefined;
  to?: string | undefined;
}

/**
 * Reads what can be read of a scope.
 *
 * @returns whether unreadable rows were found. If none, the 500 was transient, and what was read by offset proves
 * nothing
 * @throws the cause, if the server can read nothing, or too much cannot be read
 */
export async function* readAround<T extends { readonly dag_id: string }>(
  ask: Ask<T>,
  scope: AirflowScope,
  limit: number,
  {
    cause,
    onUnreadable,
    name = JSON.stringify(scope),
  }: { readonly cause: Error; readonly onUnreadable: OnUnreadable; readonly name?: string },
): AsyncGenerator<{ readonly rows: readonly T[] }, boolean> {
  const { total } = await ask(scope, 0, { probe: { offset: 0 } });
  const gaps: Gap[] = [];
  const walk = createWalk(name);
  let last: string | undefined;
  let readable = 0;
  let isEnd = false;
  const skip = (offset: number, error: Error) => {
    gaps.push({ offset, error, from: last });
    if (gaps.filter((gap) => !isTooLarge(gap.error)).length > MOST_UNREADABLE) throw cause;
  };

  async function* read(begin: number, end: number): AsyncGenerator<{ readonly rows: readonly T[] }> {
    for (let offset = begin; offset < end && !isEnd; ) {
      const answer = await ask(scope, end - offset, { probe: { offset } }).catch(caught500);
      if (!(answer instanceof Error)) {
        const { rows, ordered } = answer;
        isEnd = rows.length === 0;
        if (isEnd) return;
        walk.page(rows.map(pageKey));
        const times = ordered ? rows.map((row) => timestamp((row as Dated).run_after)) : [];
        for (const gap of gaps) gap.to ??= times[0] ?? undefined;
        last = times.at(-1) ?? last;
        readable += rows.length;
        yield { rows };
        // The server may have a smaller page size.
        offset += rows.length;
      } else if (isTooLarge(answer) || end - offset === 1) {
        // The request was for the minimum, so it is the first row that is too large.
        skip(offset, answer);
        offset += 1;
      } else {
        const middle = offset + Math.floor((end - offset) / 2);
        yield* read(offset, middle);
        offset = middle;
      }
    }
  }

  // There are no rows after its end, whatever the server counts.
  for (let offset = 0; offset < total && !isEnd; offset += limit) yield* read(offset, Math.min(offset + limit, total));
  if (readable === 0 && gaps.some(({ error }) => !isTooLarge(error))) throw cause;
  for (const gap of gaps) {
    const where = `row ${gap.offset + 1} of ${total} in ${name}: ${gap.error.message}`;
    onUnreadable({ where, isTooLarge: isTooLarge(gap.error), scope: around(scope, gap) });
  }
  // If each row can be read and only their sum exceeds a response, repeating the request is useless.
  return gaps.length > 0 || isTooLarge(cause);
}

/** Something that belongs to a run. */
type Dated = { readonly run_after?: string };

/** The smallest scope known to contain a row, such that no row can leave it, if that is possible. */
function around({ updatedSince, updatedUntil, ...scope }: AirflowScope, { from, to }: Gap): AirflowScope {
  const runAfter = {
    ...scope.runAfter,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to: justAfter(to) }),
  };
  const fixed = { ...scope, ...(Object.keys(runAfter).length > 0 && { runAfter }) };
  if (Object.keys(fixed).length > 0) return fixed;
  return { ...(updatedSince !== undefined && { updatedSince }), ...(updatedUntil !== undefined && { updatedUntil }) };
}
