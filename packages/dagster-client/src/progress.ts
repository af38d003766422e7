/** Listings that come in pages, from servers that may lead in a circle, or repeat themselves for ever. */
import { DagsterError } from "./errors.ts";

/** So many pages in a row without anything new, and there is no more. */
const mostIdlePages = 20;

/** So many rows are remembered, the first ones: a circle of any length comes back to them. */
const mostRemembered = 30_000;

/** To be told of every page: what tells its rows from others, and the token of the page after it. */
export type Progress = (ids: Iterable<string>, next?: string) => void;

/**
 * Watches that a walk through pages gets on.
 *
 * @param what is listed, for messages: `Dagster's runs`
 * @throws DagsterError `PAGING` for a token that came before, or too many pages in a row without an unseen row
 */
export function createProgress(what: string): Progress {
  const seen = new Set<string>();
  let idlePages = 0;
  // Of all tokens one is remembered, and another one after twice as many pages each time: Brent's way finds a circle of
  // any length.
  let earlier: string | undefined;
  let pages = 0;
  let moveAt = 1;
  return (ids, next) => {
    let isNew = false;
    for (const id of ids) {
      if (seen.has(id)) continue;
      isNew = true;
      if (seen.size < mostRemembered) seen.add(id);
    }
    idlePages = isNew ? 0 : idlePages + 1;
    if (idlePages >= mostIdlePages) throw pagingError(what, `${idlePages} pages in a row bring nothing new`, false);
    if (next === undefined) return;
    if (next === earlier) throw pagingError(what, `the page after ${next} comes round to what came before`, false);
    if (++pages < moveAt) return;
    earlier = next;
    moveAt *= 2;
  };
}

export function pagingError(what: string, reason: string, retryable: boolean): DagsterError {
  return new DagsterError(`${what} cannot be listed to their end: ${reason}.`, { code: "PAGING", retryable });
}
