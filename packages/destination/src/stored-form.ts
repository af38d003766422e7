/**
 * The one place that decides what a column may hold. Every adapter passes its rows through here before it touches its
 * database, so all of them reject the same values with the same message, and nothing is truncated, rounded or dropped.
 */
import { canonicalJson } from "./json.ts";
import type { Column, Table } from "./table.ts";
import { isTimestamp, microsecondsOf } from "./timestamp.ts";

/** A checked value: int64 as bigint, timestamp as microseconds since 1970, json as canonical text. */
export type StoredForm = string | number | bigint | boolean | null;

const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;

/**
 * Checks a column's value and converts it to the form that adapters store.
 *
 * @throws TypeError whose message says what was expected; {@link rowForms} adds where.
 */
export function storedForm(column: Column, value: unknown): StoredForm {
  if (value === null) {
    if (column.nullable) return null;
    throw new TypeError("null in a column that is not nullable");
  }
  switch (column.type) {
    case "string":
      if (typeof value !== "string") break;
      if (!value.isWellFormed()) throw new TypeError("half a surrogate pair, which UTF-8 cannot encode");
      return value;
    case "int64":
      if (typeof value === "bigint" && value >= lowest && value <= highest) return value;
      if (typeof value !== "number") break;
      if (Number.isSafeInteger(value)) return BigInt(value);
      if (Number.isInteger(value)) throw new TypeError(`${value} was rounded: use a bigint above 2^53`);
      break;
    case "float64":
      if (Number.isFinite(value)) return value as number;
      break;
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "timestamp": {
      const microseconds = typeof value === "string" ? microsecondsOf(value) : undefined;
      if (microseconds !== undefined) return microseconds;
      break;
    }
    case "json":
      try {
        return canonicalJson(value);
      } catch (error) {
        throw new TypeError(
          `JSON cannot represent ${error instanceof TypeError ? error.message : "a value nested that deeply"}`,
        );
      }
  }
  throw new TypeError(`expected ${expected[column.type]}, got ${shown(value)}`);
}

/**
 * The default of a new column in stored form, for old rows; null if it has none.
 *
 * @throws TypeError if the default is not a value of the column
 */
export function defaultForm(column: Column): StoredForm {
  return column.default === undefined ? null : storedForm({ ...column, nullable: false }, column.default);
}

const expected = {
  string: "a string",
  int64: "a 64-bit integer",
  float64: "a finite number",
  boolean: "true or false",
  timestamp: "UTC text like 2026-11-21T09:30:00.123456Z",
  json: "JSON",
} as const;

/**
 * Whether a value, if it is text, can be stored at all. If not, it equals nothing that is stored.
 *
 * @param lacks says why the database cannot hold a text, for databases that cannot hold all of them
 */
export function isHoldableText(value: unknown, lacks?: (text: string) => string | undefined): boolean {
  return typeof value !== "string" || (value.isWellFormed() && lacks?.(value) === undefined);
}

/** A value that its column cannot hold. */
export class UnfitValue extends TypeError {
  readonly column: string;

  constructor(column: string, reason: string) {
    super(reason);
    this.column = column;
  }
}

type AnyRow = Readonly<Record<string, unknown>>;

/**
 * Returns a function that converts rows: to their values in the order of the table's columns, each in its stored form.
 * It throws UnfitValue.
 *
 * Rows next to each other have much in common, such as the times of their run. A value that equals the one above is not
 * checked and converted again.
 *
 * @param timestamps `text`: they stay as they are once they are checked, for databases that store them so
 */
export function rowForms(
  table: Table,
  timestamps: "microseconds" | "text" = "microseconds",
): (row: AnyRow) => StoredForm[] {
  const names = Object.keys(table.columns);
  const columns = Object.values<Column>(table.columns);
  const keepsText = columns.map(({ type }) => type === "timestamp" && timestamps === "text");
  const lastValues = new Array<unknown>(names.length);
  const lastForms = new Array<StoredForm>(names.length);
  return (row) => {
    const forms = new Array<StoredForm>(names.length);
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string;
      const value = row[name];
      if (value === undefined) throw new UnfitValue(name, "the row does not have it; use null for unknown values");
      // Not with ===, for which 0 is -0. What an object contains may have changed.
      if (typeof value !== "object" && Object.is(value, lastValues[index])) {
        forms[index] = lastForms[index] as StoredForm;
        continue;
      }
      const form = keepsText[index] && isTimestampText(value) ? value : formOf(columns[index] as Column, name, value);
      forms[index] = form;
      lastValues[index] = value;
      lastForms[index] = form;
    }
    checkSurplus(table, row, names.length);
    return forms;
  };
}

const isTimestampText = (value: unknown): value is string => typeof value === "string" && isTimestamp(value);

function formOf(column: Column, name: string, value: unknown): StoredForm {
  try {
    return storedForm(column, value);
  } catch (error) {
    throw new UnfitValue(name, (error as Error).message);
  }
}

function checkSurplus(table: Table, row: AnyRow, columns: number): void {
  let count = 0;
  // Unlike Object.keys, this allocates nothing.
  for (const _ in row) count += 1;
  if (count <= columns) return;
  const extra = Object.keys(row).find((name) => !Object.hasOwn(table.columns, name));
  if (extra !== undefined) throw new UnfitValue(extra, "the table has no such column");
}

/** A value for messages: its type and its beginning, since a value may be a megabyte. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return `${typeof value} ${text.length > 80 ? `${text.slice(0, 80).toWellFormed()}…` : text}`;
}
