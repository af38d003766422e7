import type { Batch, Destination } from "./destination.ts";
import { DestinationError } from "./errors.ts";
import { reshaped } from "./reshaped.ts";
import type { Scope } from "./scope.ts";
import type { Row, StoredValues, Table } from "./table.ts";

/**
 * Excludes columns from a destination's tables: it does not create them, drops their values, and returns null for them
 * to readers of a session. Values stored in such a column earlier stay unchanged.
 *
 * @param columns their names by table: `{ airflow_dag_runs: ["conf"] }`
 *
 * Its sessions throw DestinationError `SCHEMA_CONFLICT` for a column that is part of the primary key, or that rows are
 * looked up by.
 */
export function withoutColumns(
  destination: Destination,
  columns: { readonly [table: string]: readonly string[] },
): Destination {
  const absent = (table: Table): readonly string[] => (Object.hasOwn(columns, table.name) ? columns[table.name]! : []);

  const reduced = <T extends Table>(table: T): T => {
    const names = absent(table);
    if (names.length === 0) return table;
    for (const name of names) {
      if (table.primaryKey.includes(name)) throw refused(table, name, "it is part of the primary key");
    }
    return { ...table, columns: without(table.columns, names) };
  };

  const check = (table: Table, asked: readonly string[]): void => {
    const used = asked.find((name) => absent(table).includes(name));
    if (used !== undefined) throw refused(table, used, "the sync needs it");
  };

  const reducedBatch = (batch: Batch): Batch => {
    const names = absent(batch.table);
    const rows = (some: readonly Row[]) => some.map((row) => without(row, names));
    for (const { scope } of batch.replace ?? []) check(batch.table, Object.keys(scope));
    return {
      ...batch,
      ...(batch.replace && { replace: batch.replace.map((each) => ({ ...each, rows: rows(each.rows) })) }),
      ...(batch.upserts && { upserts: rows(batch.upserts) }),
    };
  };

  return reshaped(destination, reduced, ({ count, countBy, keys, commit, restore }) => ({
    async count(table, scope) {
      check(table, Object.keys(scope));
      return count(table, scope);
    },
    async countBy(table, scope, by) {
      check(table, [...Object.keys(scope), ...by]);
      return countBy(table, scope, by);
    },
    async keys<T extends Table>(table: T, scope: Scope<T>, further: readonly (keyof T["columns"] & string)[] = []) {
      check(table, Object.keys(scope));
      const lost = further.filter((name) => absent(table).includes(name));
      if (lost.length === 0) return keys(table, scope, further);
      const stored = further.filter((name) => !lost.includes(name));
      const nothing = Object.fromEntries(lost.map((name) => [name, null]));
      return (await keys(table, scope, stored)).map((row) => ({ ...row, ...nothing }));
    },
    commit: async (stream, batch) => commit(stream, absent(batch.table).length > 0 ? reducedBatch(batch) : batch),
    ...(restore && {
      restore: (table, rows: readonly StoredValues[]) =>
        restore(
          table,
          rows.map((row) => without(row, absent(table))),
        ),
    }),
  }));
}

function without<T extends object>(record: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name))) as T;
}

function refused(table: Table, column: string, reason: string): DestinationError {
  return new DestinationError(
    "SCHEMA_CONFLICT",
    `Column ${column} of table ${table.name} cannot be excluded: ${reason}. Remove it from the excluded columns.`,
  );
}
