/** Converts a table's rows when its definition changes. */

import { DestinationError } from "../errors.ts";
import { parseJson } from "../exact-json.ts";
import { keyText } from "../key-text.ts";
import { defaultForm, type StoredForm } from "../stored-form.ts";
import type { Column, Table, Value } from "../table.ts";
import { timestampText } from "../timestamp.ts";

/** A row's values by column, in the form in which destinations compare them. */
export type Forms = Map<string, StoredForm>;

/** A table as it is stored. */
export interface Shape {
  readonly primaryKey: readonly string[];
  readonly types: ReadonlyMap<string, Column["type"]>;
}

/**
 * The new values of the changed columns, for each row.
 *
 * @throws DestinationError `SCHEMA_CONFLICT` if a value does not fit, or two rows would share a key
 */
export function changedValues(table: Table, stored: Shape, rows: readonly Forms[]): Map<string, StoredForm[]> {
  const refuse = (reason: string) =>
    new DestinationError("SCHEMA_CONFLICT", `Table ${table.name} does not fit: ${reason} Nothing was changed.`);
  const hasOtherKey = stored.primaryKey.join() !== table.primaryKey.join();
  const changed = new Map<string, StoredForm[]>();
  for (const [name, column] of Object.entries<Column>(table.columns)) {
    const from = stored.types.get(name);
    const fallback = hasOtherKey && table.primaryKey.includes(name) ? defaultForm(column) : null;
    if (from === column.type && fallback === null) continue;
    const values = rows.map((row) => {
      if (from === undefined) return defaultForm(column);
      const form = row.get(name) ?? null;
      const value = from === column.type ? form : widened(from, column.type, form);
      if (value !== undefined) return value ?? fallback;
      throw refuse(`column ${name} is ${from}, which cannot become ${column.type} without loss.`);
    });
    changed.set(name, values);
  }
  if (!hasOtherKey) return changed;
  for (const name of table.primaryKey) {
    if (stored.types.has(name) || table.columns[name]?.default !== undefined) continue;
    throw refuse(`it has no column ${name}, which is now part of its primary key.`);
  }
  const seen = new Set<string>();
  for (const [index, row] of rows.entries()) {
    const key = table.primaryKey.map((name) => changed.get(name)?.[index] ?? row.get(name) ?? null);
    if (key.includes(null)) throw refuse(`a column of its new primary key (${table.primaryKey.join(", ")}) is null.`);
    const text = keyText(key);
    if (seen.has(text)) throw refuse(`several rows would have the primary key (${key.join(", ")}).`);
    seen.add(text);
  }
  return changed;
}

/** A value in readable form. */
export function writtenForm(type: Column["type"] | undefined, form: StoredForm): Value {
  if (form === null) return null;
  if (type === "timestamp") return timestampText(form as bigint);
  if (type === "json") return parseJson(form as string);
  return typeof form === "bigint" && Number.isSafeInteger(Number(form)) ? Number(form) : form;
}

/** A value in a wider type; undefined if it does not fit. */
function widened(from: Column["type"], to: Column["type"], form: StoredForm): StoredForm | undefined {
  if (to === "string") return form === null ? null : from === "json" ? form : String(writtenForm(from, form));
  if (from !== "int64" || to !== "float64") return undefined;
  if (form === null) return null;
  return Number.isSafeInteger(Number(form)) ? Number(form) : undefined;
}
