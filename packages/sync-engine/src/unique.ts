/**
 * I13: two different rows of one response with the same key are an error. The server distinguishes them by something that
 * is not in the table's key, so merging them would silently lose one.
 */

import { shown } from "@org/kit";
import { SyncError } from "./errors.ts";

/**
 * Removes duplicate rows from one response or batch. Identical rows are not a collision: some servers join tables, or list
 * a row twice, and dropping one loses nothing.
 *
 * @param key the fields that identify rows
 * @param where where the rows are from, for the message: `The response to dag runs (http://airflow/api/v2/…)`
 * @throws SyncError `KEY_COLLISION`
 */
export function uniqueRows<R extends object>(rows: readonly R[], key: readonly string[], where: string): readonly R[] {
  const known = new Map<string, R>();
  for (const row of rows) {
    const text = keyText(row, key);
    const other = known.get(text);
    if (other === undefined) {
      known.set(text, row);
      continue;
    }
    const names = differingFields(other, row);
    if (names.length > 0) throw keyCollision(where, key, other, row, names);
  }
  return known.size === rows.length ? rows : [...known.values()];
}

/** A key as text. Prefixing each part with its length keeps keys distinct, and is faster than JSON. */
function keyText(row: object, key: readonly string[]): string {
  let text = "";
  for (const name of key) {
    const part = String(field(row, name));
    text += `${part.length} ${part}`;
  }
  return text;
}

function keyCollision(where: string, key: readonly string[], one: object, other: object, names: string[]): SyncError {
  const keyOf = (row: object) => key.map((name) => `${name} ${shown(field(row, name))}`).join(", ");
  const differences = names
    .slice(0, 10)
    .map((name) => `${name} (${shown(field(one, name))}, ${shown(field(other, name))})`);
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return new SyncError(
    "KEY_COLLISION",
    `${where}: two different rows have the same key: ${keyOf(one)}; and ${keyOf(other)}. They differ in ${differences.join(", ")}${more}. The server has something that this version of dagsync does not know about, and would merge. Nothing of this response was stored: check for a newer version.`,
  );
}

function differingFields(one: object, other: object): string[] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.filter((name) => !isSame(field(one, name), field(other, name)));
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object") return false;
  try {
    return asText(one) === asText(other);
  } catch {
    // Nested too deeply to compare: treat as different.
    return false;
  }
}

function asText(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each));
}

function field(row: object, name: string): unknown {
  return (row as Record<string, unknown>)[name];
}
