/**
 * Walks a listing of Dagster's runs to a proven end.
 *
 * The listing is ordered by insertion, newest first, and a page is requested by the id of the run that it comes after.
 * The API says neither whether there is more nor whether that run still exists: after a deleted run, it returns an
 * empty page, which looks exactly like the end. So an empty page is accepted only if the run before it still exists. If
 * it does not, the walk continues after the last surviving run of the last pages, or, if none survived, starts again
 * from the top, which is harmless if rows are stored by key.
 */
import { createProgress, pagingError } from "./progress.ts";

/** One page of a listing. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins: pass it as `from` to continue after this page. */
  readonly pageToken: string;
  /** The server's clock as of the page. */
  readonly date: Date | undefined;
  /** Whether nothing follows for certain. */
  readonly isLast: boolean;
}

/** A walk's requests to the server. */
export interface Listing<Row> {
  readonly pageSize: number;
  readonly trustShortPage: boolean;
  /** `limit`: how many rows it asked for, at most `pageSize`. */
  read(pageToken: string | undefined): Promise<{ rows: readonly Row[]; date: Date | undefined; limit: number }>;
  id(row: Row): string;
  /** Those of these runs that still exist. */
  existing(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

const maximumRestarts = 10;
const what = "Dagster's runs";

export async function* walk<Row>(
  listing: Listing<Row>,
  from: string | readonly string[] | undefined,
): AsyncGenerator<Page<Row>, void, void> {
  // The ids of the last two pages: where to resume if the run of the page token is deleted.
  let recent: string[] = from === undefined ? [] : [from].flat();
  let pageToken = recent.at(-1);
  let progress = createProgress(what);
  let sawFullPage = false;
  let restarts = 0;
  for (;;) {
    const { rows, date, limit } = await listing.read(pageToken);
    const last = rows.at(-1);
    if (last === undefined) progress([]);
    if (last !== undefined) {
      const ids = rows.map(listing.id);
      const next = listing.id(last);
      if (pageToken !== undefined && ids.includes(pageToken)) {
        throw pagingError(what, `the page after run ${pageToken} returns to earlier runs`);
      }
      progress(ids, next);
      // That it is not empty proves that its run existed; that it is short ends it, if the server has no smaller
      // maximum.
      sawFullPage ||= rows.length >= limit;
      const isLast = rows.length < limit && (sawFullPage || listing.trustShortPage);
      yield { rows, pageToken: next, date, isLast };
      if (isLast) return;
      recent = [...recent, ...ids].slice(-2 * listing.pageSize);
      pageToken = next;
      continue;
    }
    if (pageToken === undefined || (await listing.existing([pageToken])).has(pageToken)) return;
    const survivors = await listing.existing(recent.filter((id) => id !== pageToken));
    const survivor = recent.findLastIndex((id) => survivors.has(id));
    if (survivor < 0 && ++restarts > maximumRestarts) {
      throw pagingError(what, `the last pages were deleted ${restarts} times while they were read`, true);
    }
    pageToken = recent[survivor];
    recent = recent.slice(0, survivor + 1);
    if (survivor < 0) progress = createProgress(what);
  }
}
