/**
 * Between which values a table's rows lie, in columns by whose range scopes select rows. A first sync replaces one slice
 * of time after the other: each is beyond all rows so far, and without this, finding that out would cost a look at all of
 * them, every time.
 */
import type { Condition, Scope } from "./scope.ts";
import type { Column, StoredValues, Table, Value } from "./table.ts";
import { isTimestamp } from "./timestamp.ts";

type Bound = string | number | bigint;

/** Both inclusive; null if there are no values. */
export interface WrittenRange {
  readonly low: Value;
  readonly high: Value;
}

export class WrittenRanges {
  readonly #tables = new Map<string, Map<string, WrittenRange>>();

  /** Whether it is known that no row of a table is in a scope. */
  excludes({ name, columns }: Table, scope: Scope): boolean {
    const ranges = this.#tables.get(name);
    return (
      ranges !== undefined &&
      Object.entries(scope).some(([column, condition]) => {
        const range = ranges.get(column);
        return range !== undefined && isBeyond(columns[column], condition, range);
      })
    );
  }

  /** The columns by whose range these scopes select rows, and whose values are not known yet. */
  unknown({ name, columns }: Table, scopes: readonly Scope[]): readonly string[] {
    const ranges = this.#tables.get(name);
    const selecting = scopes.flatMap((scope) =>
      Object.entries(scope).flatMap(([column, condition]) =>
        boundsOf(columns[column], condition).some((bound) => bound !== undefined) ? [column] : [],
      ),
    );
    return [...new Set(selecting)].filter((column) => !ranges?.has(column));
  }

  /** Takes what a column of the table holds now. */
  learn({ name }: Table, column: string, range: WrittenRange): void {
    const ranges = this.#tables.get(name) ?? new Map<string, WrittenRange>();
    this.#tables.set(name, ranges.set(column, range));
  }

  /** Takes rows that may be written. */
  add({ name }: Table, rows: readonly StoredValues[]): void {
    for (const [column, range] of this.#tables.get(name) ?? []) {
      let { low, high } = range;
      for (const row of rows) {
        const value = row[column];
        if (!isBound(value)) continue;
        if (low === null || value < (low as Bound)) low = value;
        if (high === null || value > (high as Bound)) high = value;
      }
      this.learn({ name } as Table, column, { low, high });
    }
  }

  /** Call it if a table's rows change in any other way. */
  forget({ name }: Table): void {
    this.#tables.delete(name);
  }
}

const isBound = (value: unknown): value is Bound =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint";

/** A condition's bounds, if they can be compared here as databases do: texts cannot, since each has its own order. */
function boundsOf(column: Column | undefined, condition: Condition | undefined): readonly (Bound | undefined)[] {
  if (!column || !condition || "in" in condition) return [];
  const isComparable = (bound: unknown): bound is Bound =>
    column.type === "timestamp"
      ? typeof bound === "string" && isTimestamp(bound)
      : (column.type === "int64" || column.type === "float64") &&
        (typeof bound === "number" || typeof bound === "bigint");
  const { gte, lt } = condition;
  return [isComparable(gte) ? gte : undefined, isComparable(lt) ? lt : undefined];
}

function isBeyond(column: Column | undefined, condition: Condition | undefined, { low, high }: WrittenRange): boolean {
  const [gte, lt] = boundsOf(column, condition);
  if (gte === undefined && lt === undefined) return false;
  // No value at all, or nulls only: no range contains a null.
  if (low === null || high === null) return true;
  return (gte !== undefined && (high as Bound) < gte) || (lt !== undefined && (low as Bound) >= lt);
}
