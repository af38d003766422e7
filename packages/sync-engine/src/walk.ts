import { createProgress, type Progress } from "@org/kit";
import { SyncError } from "./errors.ts";

export interface Walk {
  /**
   * To be told of every page.
   *
   * @param keys what tells its rows from others
   * @param next the token of the page after it; null or left out where there is none
   * @throws SyncError `NO_PROGRESS` for a token that came before, or too many pages in a row without an unseen row
   */
  readonly page: Progress;
}

/**
 * Makes sure that a walk through pages makes progress, so that it ends. @param what is listed, for messages: `changed
 * dag runs`
 */
export function createWalk(what: string): Walk {
  const stuck = (_code: string, why: string) =>
    new SyncError(
      "NO_PROGRESS",
      `The server's list of ${what} never ends: ${why}. Is there a cache or a proxy in between that leaves out a part of the address?`,
    );
  return { page: createProgress(stuck) };
}
