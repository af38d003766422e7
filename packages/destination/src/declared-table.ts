import type { Destination, StoredTable } from "./destination.ts";
import type { Column, Table } from "./table.ts";

/** A stored table, matched with the declaration that a sync uses. */
export interface DeclaredTable {
  /** The name by which the destination's sessions know it, and its actual columns. */
  readonly stored: Table;
  /** The declared name, without a prefix. */
  readonly name: string;
}

/**
 * Finds the declaration of a stored table: by the name that the destination's wrapper reports, or because its name is
 * the declared one with a prefix. The result has the columns that are both declared and stored, and those with a
 * constant, which its key may need.
 *
 * @param destination the destination that holds it
 * @param tables the declarations, such as `airflowTables`
 * @returns undefined if none matches
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
