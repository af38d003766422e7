import type { Destination, StoredTable } from "./destination.ts";
import type { Column, Table } from "./table.ts";

/** A stored table, told by the tables that a sync declares. */
export interface DeclaredTable {
  /** By the name under which sessions of the destination know it, with the columns that it has. */
  readonly stored: Table;
  /** By the name that it was declared with: without a prefix. */
  readonly name: string;
}

/**
 * Finds the declaration of a stored table: the destination's wrapper says its name, or its name is the declared one with a
 * prefix. Its columns are those that are declared and stored, and those with a constant, since its key may need them.
 *
 * @param destination where it is
 * @param tables the declarations, such as `airflowTables`
 * @returns undefined where none of them fits
 */
export function declaredTable(
  { realTable }: Pick<Destination, "realTable">,
  { name, columns }: Pick<StoredTable, "name" | "columns">,
  tables: readonly Table[],
): DeclaredTable | undefined {
  const wrapped = tables.find((table) => realTable?.(table).name === name);
  const [longest] = tables.filter((table) => name.endsWith(table.name)).sort((a, b) => b.name.length - a.name.length);
  const table = wrapped ?? longest;
  if (!table) return undefined;
  const own = Object.entries<Column>(table.columns).filter(
    ([column, { default: constant }]) => columns.includes(column) || constant !== undefined,
  );
  const stored = { ...table, name: wrapped ? table.name : name, columns: Object.fromEntries(own) };
  return { stored, name: table.name };
}
