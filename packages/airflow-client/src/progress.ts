/** Lists that come in pages, from servers that may lead in a circle, or repeat themselves for ever. */
import { AirflowError } from "./errors.ts";

/** So many pages in a row without anything new, and there is no more. */
const mostIdlePages = 20;

/** So many rows are remembered, the first ones: a circle of any length comes back to them. */
const mostRemembered = 30_000;

/** To be told of every page, and of the token of the page after it. */
export type Progress = (rows: readonly object[], next?: string) => void;

/**
 * Watches that a walk through pages gets on.
 *
 * @throws AirflowError `PAGE_TOKEN_REPEATED` for a token that came before, `NO_PROGRESS` for a page that is the one before
 * it again, and for too many in a row without an unseen row
 */
export function createProgress(call: string): Progress {
  const seen = new Set<string>();
  let idlePages = 0;
  let before = "";
  // Of all tokens one is remembered, and another one after twice as many pages each time: Brent's way finds a circle of
  // any length. The first page is asked for by the empty one.
  let token = "";
  let pages = 0;
  let moveAt = 1;
  return (rows, next) => {
    const keys = keysOf(rows);
    const isNew = keys.some((key) => !seen.has(key));
    for (const key of keys) if (seen.size < mostRemembered) seen.add(key);
    idlePages = isNew ? 0 : idlePages + 1;
    const page = keys.join("\n");
    if (idlePages >= mostIdlePages || (!isNew && rows.length > 1 && page === before)) {
      const message = `${call}: the server brings the same rows again and again, so that its list would never end. Is there a cache in between that leaves out a part of the address?`;
      throw new AirflowError({ code: "NO_PROGRESS", message });
    }
    before = page;
    if (next === undefined) return;
    if (next === token) {
      const message = `${call}: the server gave the same page token twice, so that its list would never end.`;
      throw new AirflowError({ code: "PAGE_TOKEN_REPEATED", message });
    }
    pages += 1;
    if (pages < moveAt) return;
    token = next;
    moveAt *= 2;
  };
}

/** What tells rows from others: their ids and names, or all of them where they have none. */
function keysOf(rows: readonly object[]): string[] {
  const names = Object.keys(rows[0] ?? {}).filter((name) => /(^|_)(id|index|key|name|number)$/.test(name));
  return rows.map((row) =>
    JSON.stringify(names.length > 0 ? names.map((name) => (row as Record<string, unknown>)[name]) : row),
  );
}
