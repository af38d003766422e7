/** Converts between our values and SQLite's. */

import { parseJson } from "../exact-json.ts";
import type { Parameters } from "../sql/parameters.ts";
import type { StoredForm } from "../stored-form.ts";
import type { Column, Value } from "../table.ts";
import { withoutNul } from "../text.ts";
import { timestampText } from "../timestamp.ts";

/** What SQLite stores. Integers are always `bigint`. */
export type SqliteValue = string | number | bigint | null;

/** Converts a checked value for SQLite. */
export function sqliteValue({ type }: Pick<Column, "type">, value: StoredForm): SqliteValue {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (type === "timestamp" && value !== null) return timestampText(value as bigint);
  return typeof value === "string" ? withoutNul(value) : value;
}

/** A statement's parameters by number. Lists are JSON, for `json_each`. */
export function sqliteParameters(parameters?: Parameters): Record<string, SqliteValue> {
  const values = (parameters?.all ?? []).map(({ column, value }, index) => {
    const number = String(index + 1);
    if (!Array.isArray(value)) return [number, sqliteValue(column, value as StoredForm)] as const;
    const items = value.map((item) => sqliteValue(column, item));
    return [
      number,
      `[${items.map((item) => (typeof item === "bigint" ? item : JSON.stringify(item))).join(",")}]`,
    ] as const;
  });
  return Object.fromEntries(values);
}

/** Converts a stored value back to the form in which it was written. */
export function writtenValue(column: Pick<Column, "type"> | undefined, stored: SqliteValue): Value {
  if (stored === null) return null;
  if (column?.type === "json") return parseJson(String(stored));
  if (column?.type === "boolean") return Boolean(stored);
  if (typeof stored !== "bigint") return stored;
  const number = Number(stored);
  return Number.isSafeInteger(number) ? number : stored;
}
