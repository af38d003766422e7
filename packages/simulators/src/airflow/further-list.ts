/** A row as the server says it, or of a table. */
export type FurtherRow = { readonly [field: string]: unknown };

/** How the server lists a kind of rows, and what a sync makes of them. */
export interface FurtherList {
  readonly template: string;
  /** Fields that it can be ordered by, besides `id`: the order of the rows in the world. */
  readonly orders: readonly string[];
  /** The address of one row, whose last part is this field of it. @default none */
  readonly one?: string;
  /** Query parameters besides those of pages. @default none */
  readonly understands?: readonly string[];
  /** Query parameters that must be there. @default none */
  readonly requires?: readonly string[];
  /** @default every row */
  readonly filter?: (row: FurtherRow, query: URLSearchParams) => boolean;
  /** Tables by name, and the row of each that a listed one becomes. */
  readonly tables: { readonly [table: string]: (row: FurtherRow) => FurtherRow };
  /** What an empty world has. @default none */
  readonly initial?: readonly FurtherRow[];
}
