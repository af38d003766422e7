/**
 * JSON whose numbers keep all their digits. JSON.parse turns them into doubles: it rounds integers beyond 2^53, makes
 * 1e400 infinite, and 1.10 into 1.1. A number that a double would not print identically is carried as its own text
 * instead, in the object that `JSON.rawJSON` creates and `JSON.stringify` writes unchanged.
 */
import type { Json } from "./table.ts";

/** Engine support for a reviver that sees how a number is written. TypeScript's types lack it. */
interface ExactJson {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): Json;
}
const exact = JSON as unknown as ExactJson;
const isSupported = typeof exact.rawJSON === "function";

/**
 * Matches numbers that a double may not print identically: with an exponent, trailing zeros in the fraction, more than
 * 15 digits, very small, or -0.
 */
const suspicious =
  /(?<=^|[[:,\s])-?(?:0(?<=-0)|\d+(?:\.\d+)?[eE][+-]?\d+|\d+\.\d*0|0\.0{6}\d+|[\d.]{16,})(?=[\],}\s]|$)/g;

/**
 * Like JSON.parse, but numbers that would not be printed as they are in the text become `JSON.rawJSON` objects. If
 * there are none, this costs one look at the value and, if it contains numbers, at the text. Engines without support
 * return plain numbers.
 *
 * @param spelling how the text's author would write a number, given how JSON.stringify writes it: a number that differs
 * only in spelling stays plain
 * @throws SyntaxError as JSON.parse
 */
export function parseJson(text: string, spelling = (number: string) => number): Json {
  const value: Json = JSON.parse(text);
  return needsExactNumbers(value, text) ? parseExactly(text, value, spelling) : value;
}

/**
 * Whether {@link parseJson} would return something else than JSON.parse did.
 *
 * @param value the result of parsing the text, or the part of it whose numbers matter
 */
export function needsExactNumbers(value: unknown, text: string): boolean {
  if (!isSupported || !holdsNumber(value)) return false;
  // A match inside a string of the JSON only causes a second parse.
  for (const [number] of text.matchAll(suspicious)) if (JSON.stringify(Number(number)) !== number) return true;
  return false;
}

/** Not recursive: how deep a value may be is decided elsewhere. */
function holdsNumber(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "number") return true;
    if (typeof next === "object" && next !== null) for (const item of Object.values(next)) left.push(item);
  }
  return false;
}

function parseExactly(text: string, plain: Json, spelling: (number: string) => string): Json {
  try {
    return exact.parse(text, (_, value, { source }) =>
      typeof value === "number" && source !== undefined && spelling(JSON.stringify(value)) !== source
        ? exact.rawJSON(source)
        : value,
    );
  } catch (error) {
    // So deep that only JSON.parse itself can handle it. No table accepts it anyway.
    if (error instanceof RangeError) return plain;
    throw error;
  }
}

/** The text of a number that is carried as text; undefined for any other value. */
export function exactNumber(value: unknown): string | undefined {
  return isSupported && exact.isRawJSON(value) && /^-?\d/.test(value.rawJSON) ? value.rawJSON : undefined;
}

/** The same value with plain numbers, as JSON.parse would have returned it. */
export function plainNumber(value: Json): Json {
  const text = exactNumber(value);
  return text === undefined ? value : Number(text);
}
