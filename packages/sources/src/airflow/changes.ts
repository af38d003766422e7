/**
 * The window: everything that changed since a moment, without an upper bound.
 *
 * Where the server has a keyset cursor, by that: rows that change while they are read come again later in the walk,
 * and the walk ends only when the cursor does. Elsewhere (Airflow 3.0 and 3.1) one answer is all where it holds all;
 * otherwise by proven leaves, and where too many of them have one `run_after`, all rows of that `run_after` are read,
 * changed or not.
 */

import type { CommitResult } from "@org/destination";
import { createWalk } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { OnUnreadable } from "./ask.ts";
import type { LateRows } from "./late.ts";
import { leaves } from "./leaves.ts";
import { type Listing, pageKey } from "./listings.ts";
import { serverError } from "./server-errors.ts";
import { readAround } from "./unreadable.ts";

/** Airflow 3.1 cuts every page of a window to this size, so asking for more only hides where it ends. */
const WINDOW_LIMIT = 100;

type Listed = { readonly dag_id: string; readonly run_after: string };

/** How many rows a commit changed. */
export function changed({ inserted, updated }: CommitResult): number {
  return inserted + updated;
}

/** Where a window begins, and how much of it lies before the position. */
export interface Window {
  /** ms since 1970 */
  readonly since: number;
  readonly overlapMs: number;
}

/**
 * The rows of a window. Where it has any, those in the older half of the overlap come first, as many as one answer
 * holds: they should be known. What is not became visible late, and only a little later no window would have shown it.
 *
 * @param keyOf tells one row from another
 * @param lateRows those of the unknown rows that nothing but a late commit explains
 */
export async function* changes<T extends Listed>(
  listing: Listing<T>,
  keyOf: (row: T) => string,
  { since, overlapMs }: Window,
  onUnreadable: OnUnreadable,
  lateRows: LateRows<T>,
): AsyncGenerator<{ readonly rows: readonly T[]; readonly isOld: boolean }> {
  let old: ReadonlySet<string> | undefined;
  for await (const { rows } of rowsSince(listing, timestampOf(since), onUnreadable)) {
    if (!old) {
      const updated = { updatedSince: timestampOf(since), updatedUntil: timestampOf(since + overlapMs / 2) };
      const half = await listing.ask(updated, WINDOW_LIMIT).catch(serverError);
      const found = half instanceof Error ? [] : half.rows;
      const late = await lateRows(found);
      const explained = found.filter((row) => !late.includes(row));
      if (explained.length > 0) yield { rows: explained, isOld: false };
      if (late.length > 0) yield { rows: late, isOld: true };
      old = new Set(found.map(keyOf));
      // These rows were read before those: they may be older.
      const others = rows.filter((row) => !old?.has(keyOf(row)));
      if (others.length > 0) yield { rows: others, isOld: false };
    } else {
      yield { rows, isOld: false };
    }
  }
}

async function* rowsSince<T extends Listed>(
  listing: Listing<T>,
  since: string,
  onUnreadable: OnUnreadable,
): AsyncGenerator<{ readonly rows: readonly T[] }> {
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
