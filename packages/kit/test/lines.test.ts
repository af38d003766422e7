import { Readable } from "node:stream";
import { readLines } from "@org/kit";
import { expect, test } from "vitest";

const linesOf = (...chunks: (string | Uint8Array)[]) => Array.fromAsync(readLines(Readable.from(chunks)));
const bytes = (text: string) => new TextEncoder().encode(text);

test("a line ends at LF or CRLF, and at nothing that JSON leaves unescaped in a string", async () => {
  const text = "a\u2028b\u2029c\u0085d\ve\ff\u001cg";
  expect(await linesOf(bytes(`${text}\n${text}\r\nlast`))).toEqual([text, text, "last"]);
});

test("a line may arrive in many chunks, split anywhere, even within a character", async () => {
  const all = bytes("ä€😀\u2028\r\n\n😀");
  expect(await linesOf(...[...all].map((byte) => Uint8Array.of(byte)))).toEqual(["ä€😀\u2028", "", "😀"]);
  expect(await linesOf("one\ntw", "o\n")).toEqual(["one", "two"]);
});

test("skips a byte order mark, and rejects bytes that are not UTF-8", async () => {
  expect(await linesOf(bytes("\ufeffa\ufeff\n"))).toEqual(["a\ufeff"]);
  await expect(linesOf(Uint8Array.of(0x61, 0xff, 0x0a))).rejects.toMatchObject({
    code: "ERR_ENCODING_INVALID_ENCODED_DATA",
  });
  await expect(linesOf(Uint8Array.of(0x61, 0x0a, 0xe2, 0x82))).rejects.toThrow(TypeError);
});
