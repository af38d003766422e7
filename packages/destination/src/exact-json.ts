/**
 * JSON whose numbers keep all of their digits. JSON.parse makes doubles of them: integers beyond 2^53 are rounded, 1e400 is
 * infinite, and 1.10 becomes 1.1. What a double does not say in the same words is carried as its own text instead, in the
 * object that `JSON.rawJSON` makes and `JSON.stringify` writes as it is.
 */
import type { Json } from "./table.ts";

/** What engines have that let a reviver see how a number is written; TypeScript does not know it yet. */
interface ExactJson {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): Json;
}
const exact = JSON as unknown as ExactJson;
const isSupported = typeof exact.rawJSON === "function";

/**
 * A number that a double may not say in the same words: with an exponent, zeros at the end of its fraction, more than 15
 * digits, very small, or -0.
 */
const suspicious =
  /(?<=^|[[:,\s])-?(?:0(?<=-0)|\d+(?:\.\d+)?[eE][+-]?\d+|\d+\.\d*0|0\.0{6}\d+|[\d.]{16,})(?=[\],}\s]|$)/g;

/**
 * JSON.parse, but for numbers that would not be written again as they are in the text: these are what `JSON.rawJSON` makes
 * of them. Where there are none, it costs a look at the value and, where that has numbers, at the text. An engine that
 * cannot do it gives plain numbers.
 *
 * @param spelling how whoever wrote the text writes a number, by how JSON.stringify writes it: what is only spelt in another
 * way is a plain number
 * @throws SyntaxError as JSON.parse
 */
export function parseJson(text: string, spelling = (number: string) => number): Json {
  const value: Json = JSON.parse(text);
  return needsExactNumbers(value, text) ? parseExactly(text, value, spelling) : value;
}

/**
 * Whether {@link parseJson} would give something else for a text than JSON.parse did.
 *
 * @param value what came of the text, or the part of it whose numbers matter
 */
export function needsExactNumbers(value: unknown, text: string): boolean {
  if (!isSupported || !holdsNumber(value)) return false;
  // What looks like a number within a text of the JSON only has it read once more.
  for (const [number] of text.matchAll(suspicious)) if (JSON.stringify(Number(number)) !== number) return true;
  return false;
}

/** Without recursion: how deep a value may be is decided elsewhere. */
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
    // Values so deep that only JSON.parse itself can go there: no table takes them.
    if (error instanceof RangeError) return plain;
    throw error;
  }
}

/** The text of a number that is carried as such; undefined for any other value. */
export function exactNumber(value: unknown): string | undefined {
  return isSupported && exact.isRawJSON(value) && /^-?\d/.test(value.rawJSON) ? value.rawJSON : undefined;
}

/** The same value with plain numbers, as JSON.parse would have given it. */
export function plainNumber(value: Json): Json {
  const text = exactNumber(value);
  return text === undefined ? value : Number(text);
}
