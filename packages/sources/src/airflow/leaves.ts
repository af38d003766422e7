/**
 * Reads a scope to its end, in parts that are each proven.
 *
 * A part is accepted only if it arrived in a single response, so that no writer could shift it: a response with fewer
 * rows than its limit and as many as the server counted is complete. One that did not fit is cut at its last
 * `run_after`. What lies before the cut is proven too if the response is ordered by `run_after`, and requested
 * separately otherwise; then the rest. No total, offset or short page decides anything.
 *
 * If all rows of a response share a `run_after` (a run with many mapped tasks, a thousand DAGs at midnight), the
 * request is repeated with a limit that is large enough for one response. If that response would be too large, that
 * moment is requested by itself, and then DAG by DAG.
 */
import { SyncError } from "@org/sync-engine";
import { inOrder } from "@org/sync-engine/source";
import { isTimestamp, justAfter, timestamp } from "../timestamp.ts";
import type { Answer, Ask, Leaf, OnUnreadable } from "./ask.ts";
import type { AirflowScope } from "./scope.ts";
import { caught500 } from "./server-errors.ts";
import { readAround } from "./unreadable.ts";

/** How often a request is repeated before its responses count as invalid. */
const MOST_ATTEMPTS = 10;
/** Parts of a scope read at once, each by a URL of its own, in small pages. */
const PARTS_AHEAD = 4;

/**
 * @param isScattered whether a response's rows may be any of the scope's, rather than its earliest. Rows ordered by id
 * usually are the earliest; if what lies before the cut did not fit into one response, they were not, and only halving
 * yields parts that do.
 */
export async function* leaves<T extends { readonly dag_id: string; readonly run_after: string }>(
  ask: Ask<T>,
  scope: AirflowScope,
  pageLimit: number,
  onUnreadable: OnUnreadable,
  isScattered = false,
): AsyncGenerator<Leaf<T>> {
  const [only, ...others] = ask.parts?.(scope) ?? [scope];
  if (!only || others.length > 0) {
    const parts = (only ? [only, ...others] : []).map((part) => () => leaves(ask, part, pageLimit, onUnreadable));
    yield* inOrder(parts, PARTS_AHEAD);
    return;
  }
  let rest = only;
  let wasUnwell = false;
  let limit = pageLimit;
  let isWhole = false;
  const again = (part: AirflowScope) => leaves(ask, part, pageLimit, onUnreadable);
  let said = "";
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const answer: Answer<T> | Error = await ask(rest, limit, { isWhole }).catch(caught500);
    if (answer instanceof Error) {
      const isExplained = yield* readAround(ask, rest, pageLimit, { cause: answer, onUnreadable });
      if (isExplained) return;
      if (wasUnwell) throw answer;
      wasUnwell = true;
      continue;
    }
    if (answer.unreachable) {
      onUnreadable({ where: answer.unreachable });
      return;
    }
    const { rows, total, ordered } = answer;
    // A total lower than the number of rows is not a total.
    if (rows.length === total && rows.length < answer.limit) {
      yield { scope: rest, rows };
      return;
    }
    said = `of ${total} rows ${rows.length} came`;
    // A row with an invalid time goes with those before the cut: it cannot be stored, and is reported with them.
    const times = rows.map(({ run_after }) => (isTimestamp(run_after) ? timestamp(run_after) : undefined));
    const known = times.filter((time) => time !== undefined);
    for (const time of known) if (!isWithin(time, rest)) throw outOfScope(rest, time);
    // A requested order is not a guaranteed one.
    const isInOrder = ordered && known.every((time, index) => index === 0 || known[index - 1]! <= time);
    const cut = isScattered ? middle(known) : known.toSorted().at(-1);
    const before = rows.filter((_, index) => times[index] !== cut);
    if (cut !== undefined && known.some((time) => time !== cut)) {
      const part = { ...rest, runAfter: { ...rest.runAfter, to: cut } };
      if (isInOrder) yield { scope: part, rows: before };
      else yield* leaves(ask, part, pageLimit, onUnreadable, true);
      rest = { ...rest, runAfter: { ...rest.runAfter, from: cut } };
      limit = pageLimit;
      isWhole = false;
      attempt = -1;
    } else if (cut !== undefined && answer.limit < limit && rows.length < total && !isOneMoment(rest)) {
      const next = justAfter(cut);
      if (!isInOrder) yield* again({ ...rest, runAfter: { ...rest.runAfter, to: cut } });
      yield* again({ ...rest, runAfter: { from: cut, to: next } });
      rest = { ...rest, runAfter: { ...rest.runAfter, from: next } };
      attempt = -1;
    } else if (answer.limit < limit && rows.length < total && rest.dags && rest.dags.length > 1) {
      const half = Math.ceil(rest.dags.length / 2);
      yield* again({ ...rest, dags: rest.dags.slice(0, half) });
      yield* again({ ...rest, dags: rest.dags.slice(half) });
      return;
    } else {
      // Whatever its size: there is nothing left to split, or hardly more than what arrived.
      isWhole = answer.limit < limit;
      // Also if rows were deleted between the server's two statements, or if it has its own limit: a larger request may
      // go to another endpoint.
      limit = Math.max(limit * 2, total + pageLimit);
    }
  }
  throw new SyncError(
    "UNSTEADY_SERVER",
    `The server does not return ${JSON.stringify(rest)} in one response (${said}): its limit is lower than ${limit} rows, it miscounts them, or they change faster than they can be read.`,
  );
}

function isWithin(time: string, { runAfter }: AirflowScope): boolean {
  return !(runAfter?.from && time < runAfter.from) && !(runAfter?.to && time >= runAfter.to);
}

/** The response does not match the request: cut again and again, it would never become smaller. */
function outOfScope(scope: AirflowScope, time: string): SyncError {
  return new SyncError(
    "NO_PROGRESS",
    `Asked for ${JSON.stringify(scope)}, the server returns a row of ${time}. Is there a cache or a proxy in between that leaves out a part of the question?`,
  );
}

/** Whether a scope is a single moment. */
export function isOneMoment({ runAfter }: AirflowScope): boolean {
  return runAfter?.from !== undefined && runAfter.to !== undefined && justAfter(runAfter.from) >= runAfter.to;
}

/** The time in the middle, or the second earliest if that is the earliest: some rows lie before it. */
function middle(times: readonly string[]): string | undefined {
  const sorted = times.toSorted();
  const found = sorted[Math.floor(sorted.length / 2)];
  if (found === undefined) return undefined;
  return sorted.find((time) => time >= found && time > sorted[0]!) ?? found;
}
