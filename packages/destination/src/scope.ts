import type { Table, Value } from "./table.ts";

/** One of these values (`null` matches null), or a half-open range. */
export type Condition = { readonly in: readonly (Value | null)[] } | { readonly gte?: Value; readonly lt?: Value };

/**
 * Selects rows of a table: those for which every named column meets its condition. `{}` is the whole table. A scope
 * with an empty `in` contains no row.
 */
export type Scope<T extends Table = Table> = { readonly [K in keyof T["columns"] & string]?: Condition };
