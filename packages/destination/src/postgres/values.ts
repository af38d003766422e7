/** Converts between our values and PostgreSQL's, which are all read and written as text. */
import { parseJson } from "../exact-json.ts";
import { canonicalJson } from "../json.ts";
import type { Parameters } from "../sql/parameters.ts";
import type { StoredForm } from "../stored-form.ts";
import type { Column, Value } from "../table.ts";
import { withoutNul } from "../text.ts";
import { timestampText } from "../timestamp.ts";

/** Converts a checked value for PostgreSQL. */
export function postgresText({ type }: Pick<Column, "type">, value: StoredForm): string | null {
  if (value === null) return null;
  if (type === "timestamp") return timestampText(value as bigint);
  if (type === "json") return jsonWithoutNul(value as string);
  return withoutNul(String(value));
}

/** jsonb cannot hold NUL characters either, which its text writes as escapes. */
function jsonWithoutNul(json: string): string {
  // An escaped backslash starts no escape.
  return json.includes("\\u0000")
    ? json.replaceAll(/\\(?:\\|u0000)/g, (found) => (found === "\\\\" ? found : "\ufffd"))
    : json;
}

/**
 * The value that a json column returns: jsonb writes numbers without exponents, and has no negative zero. Every digit
 * stays.
 */
export function jsonbValue(value: Value): Value {
  if (typeof value !== "object" && typeof value !== "number") return value;
  // As text, since a number written without its exponent may be one that no double prints like that.
  return value === null ? null : parseJson(canonicalJson(value).replaceAll(jsonParts, jsonbNumber), jsonbNumber);
}

/** Matches strings, which are skipped, and numbers. */
const jsonParts = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** jsonb rejects larger ones. */
const MOST_DIGITS = 131_072;

function jsonbNumber(part: string): string {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(part) ?? [];
  if (whole === undefined || Math.abs(Number(exponent)) > MOST_DIGITS) return part;
  const digits = whole + fraction;
  const scale = fraction.length - Number(exponent);
  const padded = scale > 0 ? digits.padStart(scale + 1, "0") : digits + "0".repeat(-scale);
  const point = padded.length - Math.max(0, scale);
  const plain = padded.slice(0, point).replace(/^0+(?=\d)/, "") + (scale > 0 ? `.${padded.slice(point)}` : "");
  return /[1-9]/.test(plain) ? sign + plain : plain;
}

/** Converts a statement's parameters for the driver. */
export function postgresParameters(parameters?: Parameters): (string | null | (string | null)[])[] {
  return (parameters?.all ?? []).map(({ column, value }) =>
    Array.isArray(value) ? value.map((item) => postgresText(column, item)) : postgresText(column, value as StoredForm),
  );
}

/** A line in COPY's text format. */
export function copyLine(values: readonly (string | null)[]): string {
  return `${values.map((value) => (value === null ? "\\N" : value.replaceAll(/[\\\n\r\t]/g, escapeCopy))).join("\t")}\n`;
}

function escapeCopy(character: string): string {
  return { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character] ?? "\\\\";
}

/** Parses values to the form in which they were written, by the ids of PostgreSQL's types. */
export const types = {
  getTypeParser: (id: number): ((text: string) => Value) => readers[id] ?? ((text) => text),
};

const readers: Readonly<Record<number, (text: string) => Value>> = {
  16: (text) => text === "t",
  // smallint, integer, bigint
  21: Number,
  23: Number,
  20: integer,
  // real, double precision, numeric
  700: Number,
  701: Number,
  1700: Number,
  // json, jsonb
  114: (text) => parseJson(text, jsonbNumber),
  3802: (text) => parseJson(text, jsonbNumber),
  1184: timestamp,
};

function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** `2026-11-21 09:30:00.12+00`, in the format that every transaction sets: UTC, with as many digits as there are. */
function timestamp(text: string): string {
  const [, date, time, fraction = ""] = /^(\S+) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/.exec(text) ?? [];
  return date === undefined ? text : `${date}T${time}.${fraction.padEnd(6, "0")}Z`;
}
