import { defaultForm } from "./stored-form.ts";
import type { Column, Columns, Table } from "./table.ts";

/**
 * Declares a table.
 *
 * @throws TypeError if the primary key names a missing or nullable column, if `datedBy` names a column that is not a
 * timestamp, if a default does not fit its column's type, or if a name starts with `_`, which is reserved for the
 * destination's own columns.
 */
export function defineTable<const C extends Columns, const K extends keyof C & string>(
  table: Table<C, K> & { readonly datedBy?: readonly (keyof C & string)[] },
): Table<C, K> {
  for (const name of Object.keys(table.columns)) {
    if (name.startsWith("_")) throw new TypeError(`Table ${table.name}: column ${name} may not start with "_".`);
  }
  for (const [name, column] of Object.entries<Column>(table.columns)) {
    try {
      defaultForm(column);
    } catch (cause) {
      throw new TypeError(`Table ${table.name}: the default of column ${name}: ${(cause as Error).message}.`, {
        cause,
      });
    }
  }
  for (const name of table.primaryKey) {
    const column = table.columns[name];
    if (!column) throw new TypeError(`Table ${table.name}: primary key names ${name}, which is not a column.`);
    if (column.nullable) throw new TypeError(`Table ${table.name}: primary key column ${name} may not be nullable.`);
  }
  for (const name of table.datedBy ?? []) {
    if (table.columns[name]?.type === "timestamp") continue;
    throw new TypeError(`Table ${table.name}: datedBy names ${name}, which is not one of its timestamp columns.`);
  }
  return table;
}
