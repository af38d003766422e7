/**
 * The window: everything that changed since a moment, without an upper bound.
 *
 * Where the server has a keyset cursor, by that: rows that change while they are read come again later in the walk,
 * and the walk ends only when the cursor does. Elsewhere (Airflow 3.0 and 3.1) one answer is all where it holds all;
 * otherwise by proven leaves, and where too many of them have one `run_after`, all rows of that `run_after` are read,
 * changed or not.
 */

import { createWalk } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { ListedRow, OnUnreadable } from "./ask.ts";
import { leaves } from "./leaves.ts";
import { type Listing, pageKey } from "./listings.ts";
import { serverError } from "./server-errors.ts";
import { readAround } from "./unreadable.ts";

/** Airflow 3.1 cuts every page of a window to this size, so asking for more only hides where it ends. */
const WINDOW_LIMIT = 100;

/** The rows that changed since a moment, in ms since 1970, page by page. */
export async function* changes<T extends ListedRow>(
  listing: Listing<T>,
  sinceMs: number,
  onUnreadable: OnUnreadable,
): AsyncGenerator<{ readonly rows: readonly T[] }> {
  const since = timestampOf(sinceMs);
  const scope = { updatedSince: since };
  const walk = createWalk("changes");
  let wasUnwell = false;
  for (let token = ""; ; ) {
    const page = await listing.changed(since, token).catch(serverError);
    if (page instanceof Error) {
      const isExplained = yield* readAround(listing.ask, scope, WINDOW_LIMIT, { cause: page, onUnreadable });
      if (isExplained) return;
      if (wasUnwell) throw page;
      wasUnwell = true;
      continue;
    }
    if (!("next" in page)) {
      // Few changes are the usual case, and one answer that has them all needs no other.
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
  yield* leaves(ask, scope, WINDOW_LIMIT, onUnreadable);
}
