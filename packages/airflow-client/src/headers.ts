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

/** Whether a text can be sent as a token. */
export const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);
