/** How a live test checks a table of an opt-in stream. Statements may have lines for some versions: see `forVersion`. */
export interface FurtherTable {
  /**
   * A query of the server's own database: the expected rows, without `sampled_at` for a table of samples, of which the
   * latest are compared.
   */
  readonly truth: string;
  /** Statements that add rows of every kind that a sync could get wrong. @default the server has some anyway */
  readonly seed?: readonly string[];
  /** Statements that change, add and remove rows between two syncs. @default none */
  readonly change?: readonly string[];
}
