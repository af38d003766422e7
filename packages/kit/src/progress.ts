/** Detects endless lists: servers whose page tokens form a cycle, or that repeat themselves forever. */

/**
 * After this many consecutive pages without anything new, the walk gives up. Rows that move during the walk repeat a
 * page or two.
 */
const mostIdlePages = 20;

/**
 * The number of remembered rows, the first ones. A cycle of any length returns to them, and spends more than {@link
 * mostIdlePages} of the largest pages on them. So memory does not grow with the rows.
 */
const mostRemembered = 30_000;

/** Call it for every page, with the keys of its rows and the next page's token, if there is one. */
export type Progress = (keys: Iterable<string>, next?: string | null) => void;

/**
 * Makes sure that a walk through pages makes progress, and so ends.
 *
 * @param stuck the error for a repeated token, or for too many consecutive pages without an unseen row
 */
export function createProgress(stuck: (why: string) => Error): Progress {
  const seen = new Set<string>();
  let idlePages = 0;
  // Remembers a single token, replaced after twice as many pages each time: Brent's algorithm finds a cycle of any
  // length. The first page has the empty token.
  let token = "";
  let pages = 0;
  let moveAt = 1;
  return (keys, next) => {
    let isNew = false;
    for (const key of keys) {
      if (seen.has(key)) continue;
      isNew = true;
      if (seen.size < mostRemembered) seen.add(key);
    }
    idlePages = isNew ? 0 : idlePages + 1;
    if (idlePages >= mostIdlePages) throw stuck(`${idlePages} pages in a row contained nothing new`);
    if (typeof next !== "string") return;
    if (next === token) throw stuck("a page token was repeated");
    pages += 1;
    if (pages < moveAt) return;
    token = next;
    moveAt *= 2;
  };
}
