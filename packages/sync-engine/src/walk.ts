/** Listings that come in pages, from servers that may lead in a circle, or repeat themselves for ever. */
import { SyncError } from "./errors.ts";

/** So many pages in a row without anything new, and there is no more. Rows that move meanwhile repeat a page or two. */
const MOST_IDLE_PAGES = 20;

/**
 * So many rows are remembered, the first ones. A circle of any length comes back to them, and stays with them for more
 * than {@link MOST_IDLE_PAGES} of the largest pages; so memory does not grow with the rows.
 */
const MOST_REMEMBERED = 30_000;

export interface Walk {
  /**
   * To be told of every page.
   *
   * @param keys what tells its rows from others
   * @param next the token of the page after it; null or left out where there is none
   * @throws SyncError `NO_PROGRESS` for a token that came before, or too many pages in a row without an unseen row
   */
  page(keys: Iterable<string>, next?: string | null): void;
}

/** Watches that a walk through pages gets on, so that it ends. @param what is listed, for messages: `changed dag runs` */
export function createWalk(what: string): Walk {
  const seen = new Set<string>();
  let idlePages = 0;
  // Of all tokens one is remembered, and another one after twice as many pages each time: Brent's way finds a circle of
  // any length. The first page is asked for by the empty one.
  let token = "";
  let pages = 0;
  let moveAt = 1;
  return {
    page(keys, next) {
      let isNew = false;
      for (const key of keys) {
        if (seen.has(key)) continue;
        isNew = true;
        if (seen.size < MOST_REMEMBERED) seen.add(key);
      }
      idlePages = isNew ? 0 : idlePages + 1;
      if (idlePages >= MOST_IDLE_PAGES) throw noProgress(what, `${idlePages} pages in a row bring nothing new`);
      if (typeof next !== "string") return;
      if (next === token) throw noProgress(what, "it repeats a page token");
      pages += 1;
      if (pages < moveAt) return;
      token = next;
      moveAt *= 2;
    },
  };
}

function noProgress(what: string, why: string): SyncError {
  return new SyncError(
    "NO_PROGRESS",
    `The server's list of ${what} never ends: ${why}. Is there a cache or a proxy in between that leaves out a part of the address?`,
  );
}
