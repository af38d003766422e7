import { type Instant, parseInstant } from "../time.ts";
import { databaseError, detail, invalid } from "./problems.ts";

type Location = readonly (string | number)[];

/** Parses an integer, not negative unless `least` allows it. */
export function readNumber(value: unknown, location: Location, least = 0): number {
  const number = typeof value === "number" ? value : /^[+-]?\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!Number.isInteger(number)) {
    const message = "Input should be a valid integer, unable to parse string as an integer";
    throw invalid(location, "int_parsing", message, value);
  }
  if (number < least) {
    const message = `Input should be greater than or equal to ${least}`;
    throw invalid(location, "greater_than_equal", message, value, { ge: least });
  }
  return number;
}

/**
 * Parses a date as the server does: epoch seconds are accepted, and one without time zone is rejected, in a query by
 * the database with a 500, in a body by the model with a 422.
 */
export function readDate(value: unknown, location: Location): Instant {
  const text = String(value);
  if (typeof value === "number" || /^\d+(\.\d+)?$/.test(text)) return Math.round(Number(value) * 1_000_000);
  const instant = parseInstant(text);
  if (!Number.isNaN(instant)) return instant;
  if (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(text)) {
    if (location[0] === "query") throw databaseError();
    throw invalid(location, "timezone_aware", "Input should have timezone info", value);
  }
  const reason = text.length < 10 ? "input is too short" : "unexpected extra characters at the end of the input";
  const message = `Input should be a valid datetime or date, ${reason}`;
  throw invalid(location, "datetime_from_date_parsing", message, value, { error: reason });
}

/** A test of one date against `_gte`, `_gt`, `_lte` and `_lt`. */
export type DateTest = (value: Instant | null) => boolean;

/**
 * Parses the range of one field, e.g. `run_after`; undefined if the request has none.
 *
 * @param open the current time, for a date that is null until something ends: it matches every lower bound, and an
 * upper one from now on
 */
export function readRange(
  field: string,
  get: (name: string) => unknown,
  place: "query" | "body",
  open?: Instant,
): DateTest | undefined {
  const tests: DateTest[] = [];
  const add = (suffix: string, compare: (value: Instant, bound: Instant) => boolean, lower: boolean) => {
    const raw = get(`${field}_${suffix}`);
    if (raw === undefined || raw === null) return;
    const bound = readDate(raw, [place, `${field}_${suffix}`]);
    const forNull = open !== undefined && (lower || compare(open, bound));
    tests.push((value) => (value === null ? forNull : compare(value, bound)));
  };
  add("gte", (value, bound) => value >= bound, true);
  add("gt", (value, bound) => value > bound, true);
  add("lte", (value, bound) => value <= bound, false);
  add("lt", (value, bound) => value < bound, false);
  return tests.length === 0 ? undefined : (value) => tests.every((test) => test(value));
}

/** Parses a list of states from a query, where `none` stands for null. */
export function readStates(values: readonly string[], allowed: readonly string[]): ReadonlySet<string | null> {
  return new Set(
    values.map((value) => {
      if (value === "none" || value === "no_status") return null;
      if (!allowed.includes(value)) {
        throw detail(422, `Invalid value for state. Valid values are ${allowed.join(", ")}`);
      }
      return value;
    }),
  );
}

/** Parses a list from a body: of texts, or of values from a list of allowed ones and null. */
export function readList(
  value: unknown,
  field: string,
  allowed?: readonly string[],
): ReadonlySet<string | null> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw invalid(["body", field], "list_type", "Input should be a valid list", value);
  return new Set(
    value.map((entry, index) => {
      if (allowed && entry === null) return null;
      if (allowed && !allowed.includes(entry)) {
        const expected = allowed.map((one) => `'${one}'`).join(", ");
        const choices = expected.replace(/, ([^,]*)$/, " or $1");
        throw invalid(["body", field, index], "enum", `Input should be ${choices}`, entry, { expected: choices });
      }
      if (typeof entry !== "string") {
        throw invalid(["body", field, index], "string_type", "Input should be a valid string", entry);
      }
      return entry;
    }),
  );
}

/** `ILIKE %pattern%`: `%` and `_` are wildcards, `|` is "or". */
export function readPattern(pattern: string | null): ((value: string) => boolean) | undefined {
  if (!pattern) return undefined;
  const expressions = pattern.split("|").map((part) => {
    const escaped = part.replace(/[.*+?^${}()[\]\\|]/g, "\\$&");
    return new RegExp(escaped.replaceAll("%", ".*").replaceAll("_", "."), "is");
  });
  return (value) => expressions.some((expression) => expression.test(value));
}
