import type { Invalid } from "./options.ts";

/** The maximum length of a string in JavaScript engines, in UTF-16 units (V8's, the smallest). */
const longestText = 2 ** 29 - 24;

/** The default maximum size of a response, in bytes. */
export const defaultMaxResponseBytes = 128 * 1024 * 1024;

/** Checks a response limit, in bytes, that a string can hold. */
export function checkResponseLimit(maxResponseBytes: number, invalid: Invalid): number {
  if (maxResponseBytes >= 1 && maxResponseBytes <= longestText) return maxResponseBytes;
  throw invalid(`\`maxResponseBytes\` must be a number of bytes from 1 to ${longestText}, not ${maxResponseBytes}`);
}

/** A body, read to its end. */
export interface Body {
  readonly text: string;
  /** Its length after decompression. */
  readonly bytes: number;
  /** Whether all of it was UTF-8, as JSON has to be. Invalid bytes are U+FFFD in the text. */
  readonly isUtf8: boolean;
}

/**
 * Reads a body as text; undefined if it is longer than the limit. Then nothing more of it is received or decompressed,
 * and its connection is closed: the rest may never end.
 */
export async function readBody(response: Response, limit: number): Promise<Body | undefined> {
  const reader = response.body?.getReader?.();
  if (!reader) {
    // There is no body, or a custom fetch has another kind of stream.
    const text = await response.text();
    return text.length > limit ? undefined : { text, bytes: text.length, isUtf8: true };
  }
  let decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (part?: Uint8Array, options = { stream: part !== undefined }): string => {
    try {
      return decoder.decode(part, options);
    } catch {
      // An error page may be in any encoding, and is still read.
      decoder = new TextDecoder();
      return decoder.decode(part, options) || "\ufffd";
    }
  };
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decode(), bytes, isUtf8: decoder.fatal };
    bytes += value.byteLength;
    if (bytes > limit) {
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    text += decode(value);
  }
}
