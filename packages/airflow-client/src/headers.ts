import { AirflowError } from "./errors.ts";

/** Headers; an error about them never repeats a value. @throws AirflowError `INVALID_OPTIONS` */
export function toHeaders(init: HeadersInit | undefined): Headers {
  try {
    return new Headers(init);
  } catch {
    const message = "A header has a name or a value that HTTP does not allow (a line break, perhaps).";
    throw new AirflowError({ code: "INVALID_OPTIONS", message });
  }
}

/** No server takes headers of this length, in characters. */
const LONGEST_TOKEN = 65_536;

/** Why a text cannot be sent as a token, to follow its name; undefined where it can. Nothing of it is repeated. */
export function tokenProblem(text: string): string | undefined {
  if (text === "") return "is empty";
  if (/\s/.test(text)) return "holds a space or a line break";
  if (!/^[\x21-\x7e]+$/.test(text)) return "holds a character that no token has";
  return text.length > LONGEST_TOKEN ? `is longer than ${LONGEST_TOKEN} characters` : undefined;
}
