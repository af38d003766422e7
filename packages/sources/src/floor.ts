import { timestampOf } from "./timestamp.ts";

/**
 * The floor of a history that a limit asks for: what is older is not requested. Undefined: everything is.
 *
 * @param fromMs the present, or when the first sync started, in ms since 1970
 * @param historyMs the limit of the history
 */
export function floorAt(fromMs: number, historyMs: number): string | undefined {
  // No server has older runs than that.
  return historyMs >= fromMs ? undefined : timestampOf(Math.floor(fromMs - historyMs));
}
