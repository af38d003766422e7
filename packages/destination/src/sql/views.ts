/** A view that combines the tables of several pipelines. */
import type { UniteTablesOptions } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { type Column, type Columns, systemColumns } from "../table.ts";
import type { SqlDatabase } from "./database.ts";
import { literal, type Names, quoted } from "./names.ts";

/**
 * The view's query: a first column `pipeline`, then those of the first part, for all rows that are not deleted.
 *
 * @param namesOf the names in a part's schema
 * @throws DestinationError `SCHEMA_CONFLICT` if the parts do not fit together
 */
export function unionSql(
  { dialect, place }: SqlDatabase,
  { view, parts }: UniteTablesOptions,
  namesOf: (schema: string | undefined) => Names,
): string {
  const refuse = (reason: string) =>
    new DestinationError("SCHEMA_CONFLICT", `View ${view} in ${place} cannot be made: ${reason}`);
  const [first] = parts;
  if (!first) throw refuse("it has no parts.");
  const columns: Columns = { ...first.table.columns, ...systemColumns };
  if (Object.hasOwn(columns, "pipeline")) throw refuse(`table ${first.table.name} has a column pipeline itself.`);
  const selects = parts.map(({ pipeline, table, schema }) => {
    const own: Columns = { ...table.columns, ...systemColumns };
    const selected = Object.entries(columns).map(([name, { type }]: [string, Column]) => {
      const column = Object.hasOwn(own, name) ? own[name] : undefined;
      if (!column) return `CAST(NULL AS ${dialect.types[type]}) AS ${quoted(name)}`;
      if (column.type === type) return quoted(name);
      throw refuse(`column ${name} is ${type} in ${first.table.name} and ${column.type} in ${table.name}.`);
    });
    const text = `CAST(${literal(pipeline)} AS ${dialect.types.string})`;
    return `SELECT ${text} AS pipeline, ${selected.join(", ")} FROM ${namesOf(schema).table(table.name)} WHERE _deleted_at IS NULL`;
  });
  return selects.join(" UNION ALL ");
}

/** Rejects a name that something other than a view has. Part of the transaction that creates the view. */
export async function checkViewName({ catalog, dialect, place }: SqlDatabase, view: string): Promise<void> {
  const refuse = (reason: string) =>
    new DestinationError("SCHEMA_CONFLICT", `View ${view} in ${place} cannot be made: ${reason} Choose another name.`);
  if (/^_sync_/i.test(view)) throw refuse("names that begin with _sync_ are the destination's own.");
  if (Buffer.byteLength(view) > (dialect.maxNameBytes ?? Number.POSITIVE_INFINITY)) {
    throw refuse(`its name is longer than ${dialect.maxNameBytes} bytes.`);
  }
  if ((await catalog.kind(view)) === "table") throw refuse("a table has that name.");
}
