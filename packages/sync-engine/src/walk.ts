import { createProgress, type Progress } from "@org/kit";
import { SyncError } from "./errors.ts";

export interface Walk {
  /**
   * Call for every page.
   *
   * @param keys its rows' keys
   * @param next the next page's token; null or omitted if there is none
   * @throws SyncError `NO_PROGRESS` for a repeated token, or too many pages in a row without a new row
   */
  readonly page: Progress;
}

/**
 * Ensures that paging makes progress, so that it ends.
 *
 * @param what the name of the listing, for messages: `changed dag runs`
 */
export function createWalk(what: string): Walk {
  const stuck = (why: string) =>
    new SyncError(
      "NO_PROGRESS",
      `The server's list of ${what} never ends: ${why}. Is there a cache or a proxy in between that leaves out a part of the address?`,
    );
  return { page: createProgress(stuck) };
}
