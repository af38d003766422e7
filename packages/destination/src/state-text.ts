import type { State } from "./destination.ts";
import { DestinationError } from "./errors.ts";
import { canonicalJson } from "./json.ts";

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * A state's value as JSON with sorted keys. Plain ASCII, so that a database in any encoding can hold it.
 *
 * @throws DestinationError `INVALID_STATE` for what JSON cannot carry, instead of leaving it out
 */
export function stateText(pipeline: string, stream: string, { version, value }: State): string {
  try {
    if (!Number.isSafeInteger(version)) throw new TypeError(`the version ${version}`);
    return canonicalJson(value).replaceAll(/[\u007f-\uffff]/g, escaped);
  } catch (cause) {
    const reason = cause instanceof TypeError ? cause.message : "a value nested that deeply";
    throw new DestinationError(
      "INVALID_STATE",
      `The state of stream ${stream} of pipeline ${pipeline} cannot be saved: JSON cannot represent ${reason}.`,
      { cause },
    );
  }
}
