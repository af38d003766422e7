/** Changes of primary keys, and the defaults of columns that old rows lack. */
import { DestinationError } from "../errors.ts";
import { defaultForm } from "../stored-form.ts";
import type { Column, Table } from "../table.ts";
import type { Dialect, FoundTable, SqlDatabase } from "./database.ts";
import { literal, quoted } from "./names.ts";

/** The SQL for a new column's value in old rows; undefined if there is none. */
export function defaultSql({ types }: Pick<Dialect, "types">, column: Column): string | undefined {
  if (column.default === undefined) return undefined;
  const form = defaultForm(column);
  // A constant of any other type is parsed from its text, which rounds nothing.
  if (column.type === "boolean") return form ? "TRUE" : "FALSE";
  return `CAST(${literal(String(column.type === "timestamp" ? column.default : form))} AS ${types[column.type]})`;
}

/** The SQL for a column's values, with its default in place of null. */
export function filled(dialect: Pick<Dialect, "types">, values: string, column: Column): string {
  const constant = defaultSql(dialect, column);
  return constant === undefined ? values : `coalesce(${values}, ${constant})`;
}

/**
 * Makes sure that every row will have a unique key under the new definition.
 *
 * @throws DestinationError `SCHEMA_CONFLICT` that names the column, or an example of the rows, that prevents it
 */
export async function checkNewKey(
  database: SqlDatabase,
  table: Table,
  found: FoundTable,
  oldKey: readonly string[],
): Promise<void> {
  const { dialect, names, place } = database;
  const stored = (name: string) => found.columns.get(dialect.foldsCase ? name.toLowerCase() : name);
  const refuse = (reason: string) =>
    new DestinationError(
      "SCHEMA_CONFLICT",
      `Table ${table.name} in ${place} cannot be identified by ${list(table.primaryKey)}, as before by ${list(oldKey)}: ` +
        `${reason} Nothing was changed. Drop the table to have it read again, or use the release that made it.`,
    );
  const target = names.table(table.name);
  const values: string[] = [];
  for (const name of table.primaryKey) {
    const column = table.columns[name] as Column;
    const isStored = stored(name) !== undefined;
    if (isStored) values.push(filled(dialect, quoted(name), column));
    if (column.default !== undefined) continue;
    if (!isStored) throw refuse(`it has no column ${name}, and no default value for old rows.`);
    const empty = await database.read(`SELECT 1 FROM ${target} WHERE ${quoted(name)} IS NULL LIMIT 1`);
    if (empty.length > 0) throw refuse(`column ${name} is null in some of its rows.`);
  }
  if (oldKey.every((name) => table.primaryKey.includes(name))) return;
  const columns = values.map((value, index) => `${value} AS key${index}`);
  const positions = values.map((_, index) => index + 1).join(", ");
  // If no key column is stored yet, all rows would have the same key.
  const [same] = await database.read(
    `SELECT ${[...columns, "count(*) AS rows"].join(", ")} FROM ${target} ${positions && `GROUP BY ${positions}`}
     HAVING count(*) > 1 LIMIT 1`,
  );
  if (!same) return;
  const { rows, ...key } = same;
  throw refuse(
    `${rows} of its rows would become one${positions && `, that of ${list(Object.values(key).map(shown))}`}.`,
  );
}

/** Names what users added to a table that cannot be changed with it. */
export function inTheWay(
  { place }: Pick<SqlDatabase, "place">,
  table: Pick<Table, "name">,
  things: readonly string[],
  cause?: unknown,
): DestinationError {
  return new DestinationError(
    "SCHEMA_CONFLICT",
    `Table ${table.name} in ${place} cannot be changed as this release requires, because something depends on it: ` +
      `${things.join(", ").replace(/[.!?]?$/, ".")} Nothing was changed. Drop it, sync, and create it again.`,
    { cause },
  );
}

function list(names: readonly string[]): string {
  return `(${names.join(", ")})`;
}

function shown(value: unknown): string {
  const text = String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
