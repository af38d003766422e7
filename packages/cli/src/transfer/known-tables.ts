import type { Column, StoredTable, Table } from "@org/destination";
import { airflowTables } from "@org/sources/airflow";
import { dagsterTables } from "@org/sources/dagster";
import { UsageError } from "../errors.ts";

/** All tables that this release writes. */
export const knownTables: readonly Table[] = [...airflowTables, ...dagsterTables];

/** A stored table: as it is in the destination, and by the name that it has without a prefix. */
export interface KnownTable {
  readonly stored: Table;
  readonly name: string;
}

/**
 * What is known of a stored table: of its columns those that it has, and that this release knows; and those for which
 * there is a constant, since its key may need them.
 *
 * @throws UsageError for a table that no source of this release has
 */
export function knownTable({ name, columns }: StoredTable): KnownTable {
  const table = knownTables.find((each) => name.endsWith(each.name));
  if (!table) throw new UsageError(`This release knows no table like ${name}, so it cannot move it.`);
  const own = Object.entries<Column>(table.columns).filter(
    ([column, { default: constant }]) => columns.includes(column) || constant !== undefined,
  );
  return { stored: { ...table, name, columns: Object.fromEntries(own) }, name: table.name };
}
