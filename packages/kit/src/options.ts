import { shown } from "./shown.ts";

/** Creates the error for an invalid option. @param reason in lower case, without a full stop */
export type Invalid = (reason: string) => Error;

/** A longer timer fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** No server accepts a longer header, in characters. */
export const longestHeader = 65_536;

/** Checks a timeout that a timer can keep. */
export function checkTimeout(timeoutMs: number, invalid: Invalid): number {
  if (timeoutMs > 0 && timeoutMs <= longestTimerMs) return timeoutMs;
  throw invalid(`\`timeoutMs\` must be a number of milliseconds from 1 to ${longestTimerMs}, not ${timeoutMs}`);
}

/** Checks an option that is a whole number. @param least the smallest one that is allowed */
export function checkWhole(name: string, value: number, least: number, invalid: Invalid): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw invalid(`\`${name}\` must be a whole number from ${least}, and is ${shown(value)}`);
}

/** Any fetch sets these itself, and rejects or drops them if set by others. */
const ofTheConnection = /^(connection|content-length|expect|keep-alive|transfer-encoding|upgrade)$/;

/** Headers, in any form of fetch's own. A type of its own, because only browsers' libraries name fetch's. */
export type HeaderEntries =
  | Headers
  | Readonly<Record<string, string>>
  | readonly (readonly [name: string, value: string])[];

/** Headers that fetch can send. An error about them never repeats a value. */
export function checkHeaders(init: HeaderEntries | undefined, invalid: Invalid): Headers {
  let headers: Headers;
  try {
    headers = new Headers(init as Record<string, string> | undefined);
  } catch {
    // Its message would repeat the value.
    throw invalid(unsendable);
  }
  for (const [name, value] of headers) {
    if (ofTheConnection.test(name)) throw invalid(`the header ${name} is managed by the connection: leave it out`);
    // A Headers object may contain other control characters, at which a request only fails once it is sent.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw invalid(unsendable);
    if (value.length > longestHeader) throw invalid(`a header has a value of more than ${longestHeader} characters`);
  }
  return headers;
}

const unsendable = "a header has a name or a value that HTTP does not allow (a line break, perhaps)";
