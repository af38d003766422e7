/**
 * The lines of a UTF-8 stream, each ended by LF or CRLF and by nothing else. Node's readline also ends one at U+2028 and
 * U+2029, which JSON leaves unescaped inside its strings. A byte order mark at the beginning is skipped.
 *
 * @throws TypeError `ERR_ENCODING_INVALID_ENCODED_DATA` for bytes that are not UTF-8: nothing is replaced silently
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // An array, so that a line of many chunks is joined once.
  let parts: string[] = [];
  for await (const chunk of chunks) {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      yield lineOf(parts, text.slice(start, end));
      parts = [];
      start = end + 1;
    }
    if (start < text.length) parts.push(text.slice(start));
  }
  const rest = lineOf(parts, decoder.decode());
  if (rest !== "") yield rest;
}

function lineOf(parts: readonly string[], last: string): string {
  const line = parts.length === 0 ? last : parts.join("") + last;
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
