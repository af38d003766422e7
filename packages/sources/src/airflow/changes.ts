/**
 * The window: everything that changed since a given time, without an upper bound.
 *
 * If the server has a keyset cursor, it is used: rows that change during the walk are returned again later in it, and
 * the walk ends only when the cursor does. Otherwise (Airflow 3.0 and 3.1) one response is complete if it holds
 * everything; if not, proven leaves are used, and if too many rows share a `run_after`, all rows of that `run_after`
 * are read, changed or not; where only GET is allowed, DAG by DAG.
 */

import { createWalk } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { ListedRow, OnUnreadable } from "./ask.ts";
import { isOneMoment, leaves } from "./leaves.ts";
import { type Listing, pageKey } from "./listings.ts";
import type { AirflowScope } from "./scope.ts";
import { caught500 } from "./server-errors.ts";
import { readAround } from "./unreadable.ts";

/** Airflow 3.1 cuts every page of a window to this size, so requesting more only hides where it ends. */
const WINDOW_LIMIT = 100;

interface ChangesOptions {
  /** The DAGs that divide a moment with more changes than a response. */
  readonly dags: readonly string[];
  readonly onUnreadable: OnUnreadable;
}

/** The rows that changed since a given time, in ms since 1970, page by page. */
export async function* changes<T extends ListedRow>(
  listing: Listing<T>,
  sinceMs: number,
  { dags, onUnreadable }: ChangesOptions,
): AsyncGenerator<{ readonly rows: readonly T[] }> {
  const since = timestampOf(sinceMs);
  const scope = { updatedSince: since };
  const walk = createWalk("changes");
  let wasUnwell = false;
  for (let token = ""; ; ) {
    const page = await listing.changed(since, token).catch(caught500);
    if (page instanceof Error) {
      const isExplained = yield* readAround(listing.ask, scope, WINDOW_LIMIT, { cause: page, onUnreadable });
      if (isExplained) return;
      if (wasUnwell) throw page;
      wasUnwell = true;
      continue;
    }
    if (!("next" in page)) {
      // Few changes are the usual case, and a response with all of them needs no other.
      if (page.rows.length !== page.total || page.rows.length >= WINDOW_LIMIT) break;
      if (page.rows.length > 0) yield { rows: page.rows };
      return;
    }
    if (page.rows.length > 0) yield { rows: page.rows };
    if (page.next === null) return;
    walk.page(page.rows.map(pageKey), page.next);
    token = page.next;
  }
  const ask: Listing<T>["ask"] = ({ updatedSince, ...all }, limit, how) =>
    listing.ask(limit > WINDOW_LIMIT || !updatedSince ? all : { ...all, updatedSince }, limit, how);
  const isByDag = listing.ask.parts !== undefined;
  const parts = (part: AirflowScope) =>
    isByDag && isOneMoment(part) && !part.dags ? dags.map((dag) => ({ ...part, dags: [dag] })) : [part];
  yield* leaves(Object.assign(ask, { parts }), scope, WINDOW_LIMIT, onUnreadable);
}
