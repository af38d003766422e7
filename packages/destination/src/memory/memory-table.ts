/** A table in memory: rows by primary key, with values in the form in which destinations compare them. */

import type { Batch, CommitResult } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { canonicalJson } from "../json.ts";
import { keyText } from "../key-text.ts";
import type { Scope } from "../scope.ts";
import type { StoredForm } from "../stored-form.ts";
import { type Column, type StoredValues, systemColumns, type Table, type Value } from "../table.ts";
import { timestampText } from "../timestamp.ts";
import { holdableKeys, RowCheck } from "../unfit-rows.ts";
import { WrittenRanges } from "../written-ranges.ts";
import { checkColumn, formsOf, matcher } from "./matcher.ts";
import { changedValues, type Forms, writtenForm } from "./shape.ts";

interface StoredRecord {
  readonly forms: Forms;
  syncedAt: bigint;
  deletedAt: bigint | null;
  /** The same in readable form, created on demand. */
  row?: StoredValues | undefined;
}

/** A table as JSON: integers and timestamps (µs since 1970) are text, since JSON would round them. */
export interface TableDocument {
  readonly pipeline: string;
  readonly primaryKey: readonly string[];
  readonly types: Readonly<Record<string, Column["type"]>>;
  /** Values in the order of the types, then `_synced_at` and `_deleted_at`. */
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
}

export class MemoryTable {
  readonly pipeline: string;
  #primaryKey: readonly string[];
  readonly #types = new Map<string, Column["type"]>();
  readonly #records = new Map<string, StoredRecord>();
  /** Known only of a table that was empty when scopes first selected by a column. */
  readonly #ranges = new WrittenRanges();
  /** Microseconds since 1970 of the last batch. */
  #lastBatch = 0n;

  constructor({ primaryKey }: Pick<Table, "primaryKey">, pipeline: string) {
    this.pipeline = pipeline;
    this.#primaryKey = primaryKey;
  }

  get primaryKey(): readonly string[] {
    return this.#primaryKey;
  }

  /** Restores a table from the result of {@link toJSON}. */
  static from({ pipeline, primaryKey, types, rows }: TableDocument): MemoryTable {
    const table = new MemoryTable({ primaryKey }, pipeline);
    const names = Object.entries(types);
    for (const [name, type] of names) table.#types.set(name, type);
    for (const row of rows) {
      const forms = new Map(
        names.map(([name, type], index) => {
          const value = row[index] ?? null;
          if (value === null) return [name, null];
          return [name, isInteger(type) ? BigInt(value) : type === "float64" ? Number(value) : value];
        }),
      );
      const [syncedAt, deletedAt] = row.slice(names.length) as [string, string | null];
      const record = { forms, syncedAt: BigInt(syncedAt), deletedAt: deletedAt === null ? null : BigInt(deletedAt) };
      table.#records.set(table.#keyOf(forms), record);
      table.#wasWritten(record);
    }
    return table;
  }

  /** Restores a table from its rows in readable form, including `_synced_at` and `_deleted_at`. */
  static fromRows(table: Table, pipeline: string, rows: readonly StoredValues[]): MemoryTable {
    const made = new MemoryTable(table, pipeline);
    made.planColumns(table, pipeline)();
    made.planRestore(table, rows)();
    return made;
  }

  toJSON(): TableDocument {
    const plain = (form: StoredForm) => (typeof form === "bigint" ? String(form) : Object.is(form, -0) ? "-0" : form);
    const rows = [...this.#records.values()].map(({ forms, syncedAt, deletedAt }) => [
      ...[...this.#types.keys()].map((name) => plain(forms.get(name) ?? null)),
      plain(syncedAt),
      plain(deletedAt),
    ]);
    return { pipeline: this.pipeline, primaryKey: this.primaryKey, types: Object.fromEntries(this.#types), rows };
  }

  /**
   * The changes that make the table fit a definition. All checks come first; applying the result cannot fail.
   *
   * @throws DestinationError `OWNED`, `SCHEMA_CONFLICT`
   */
  planColumns(table: Table, pipeline: string): () => void {
    if (this.pipeline !== pipeline) {
      throw new DestinationError("OWNED", `Table ${table.name} belongs to pipeline ${this.pipeline}.`);
    }
    const records = [...this.#records.values()];
    const changed = changedValues(
      table,
      { primaryKey: this.#primaryKey, types: this.#types },
      records.map(({ forms }) => forms),
    );
    return () => {
      this.#ranges.forget(table);
      for (const [name, { type }] of Object.entries(table.columns)) this.#types.set(name, type);
      for (const [index, record] of records.entries()) {
        for (const [name, values] of changed) record.forms.set(name, values[index] as StoredForm);
        if (changed.size > 0) record.row = undefined;
      }
      if (this.#primaryKey.join() === table.primaryKey.join()) return;
      this.#primaryKey = table.primaryKey;
      this.#records.clear();
      for (const record of records) this.#records.set(this.#keyOf(record.forms), record);
    };
  }

  /**
   * A batch's changes to the rows. Everything is checked here; applying the result cannot fail.
   *
   * @throws DestinationError `INVALID_ROW` that names all rows that do not fit
   */
  planBatch({ table, replace = [], upserts = [], remove = [], keep = [] }: Batch): () => CommitResult {
    const names = Object.keys(table.columns);
    const staged = new Map<string, Forms>();
    const check = new RowCheck(table);
    for (const row of [...replace.flatMap(({ rows }) => rows), ...upserts]) {
      const values = check.stored(row);
      if (!values) continue;
      const forms = new Map(names.map((name, index) => [name, values[index] as StoredForm]));
      staged.set(this.#keyOf(forms), forms);
    }
    check.finish();
    const keysOf = (keys: readonly StoredValues[]) =>
      keys.map((key) => this.#keyOf(formsOf(table, key, this.primaryKey)));
    const removed = keysOf(remove);
    const kept = new Set(keysOf(holdableKeys(table, keep)));
    const matches = this.#filledScopes(table, replace).map((scope) => matcher(table, scope));
    return () => {
      this.#ranges.add(table, [...replace.flatMap(({ rows }) => rows), ...upserts]);
      // Later than any batch before, even within one microsecond and if the machine's clock was set back.
      const now = [this.#lastBatch + 1n, BigInt(Date.now()) * 1000n].reduce((a, b) => (a > b ? a : b));
      this.#lastBatch = now;
      const counts = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };
      for (const [key, forms] of staged) counts[this.#put(key, forms, now)] += 1;
      for (const key of removed) counts.removed += this.#records.delete(key) ? 1 : 0;
      if (matches.length === 0) return counts;
      for (const [key, record] of this.#records) {
        if (record.deletedAt !== null || staged.has(key) || kept.has(key)) continue;
        if (!matches.some((match) => match(record.forms))) continue;
        record.deletedAt = now;
        record.row = undefined;
        counts.deleted += 1;
      }
      return counts;
    };
  }

  /** The scopes that may have rows in the table. */
  #filledScopes(table: Table, replace: NonNullable<Batch["replace"]>): readonly Scope[] {
    const scopes = replace.map(({ scope }) => scope);
    if (this.#records.size === 0) {
      for (const column of this.#ranges.unknown(table, scopes)) {
        this.#ranges.learn(table, column, { low: null, high: null });
      }
    }
    return scopes.filter((scope) => !this.#ranges.excludes(table, scope));
  }

  /** The number of rows in a scope that are not deleted, grouped by some columns. */
  countBy<T extends Table>(table: T, scope: Scope<T>, columns: readonly string[]) {
    const groups = Map.groupBy(this.select(table, scope, columns), (row) =>
      canonicalJson(columns.map((column) => String(row[column]))),
    );
    return [...groups.values()].map((group) => ({ values: group[0] as StoredValues, count: group.length }));
  }

  /** Checks rows that another destination held. Applying the result writes them unchanged, and cannot fail. */
  planRestore(table: Table, rows: readonly StoredValues[]): () => void {
    const whole = { ...table, columns: { ...table.columns, ...systemColumns } };
    const names = Object.keys(table.columns);
    const check = new RowCheck(whole);
    const records = rows.flatMap((row) => {
      const values = check.stored(row);
      if (!values) return [];
      const [syncedAt, deletedAt] = values.slice(names.length) as [bigint, bigint | null];
      return { forms: new Map(names.map((name, index) => [name, values[index] as StoredForm])), syncedAt, deletedAt };
    });
    check.finish();
    return () => {
      this.#ranges.forget(table);
      for (const record of records) {
        this.#records.set(this.#keyOf(record.forms), record);
        this.#wasWritten(record);
      }
    };
  }

  /** The columns, without the destination's own. */
  columns(): string[] {
    return [...this.#types.keys()];
  }

  /** All rows, ordered by key. */
  inOrder(): StoredValues[] {
    const compare = (a: Value, b: Value) => (a! < b! ? -1 : a! > b! ? 1 : 0);
    const byKey = (a: StoredValues, b: StoredValues) =>
      this.primaryKey.map((name) => compare(a[name]!, b[name]!)).find((order) => order !== 0) ?? 0;
    return this.rows().sort(byKey);
  }

  /** Some columns of the rows in a scope that are not deleted. */
  select<T extends Table>(table: T, scope: Scope<T>, columns: readonly string[]): StoredValues[] {
    for (const column of columns) checkColumn(table, column);
    const match = matcher(table, scope);
    const found = [...this.#records.values()].filter(({ deletedAt, forms }) => deletedAt === null && match(forms));
    return found.map((record) => {
      const row = this.#rowOf(record);
      return Object.fromEntries(columns.map((name) => [name, row[name] ?? null]));
    });
  }

  /** All rows with all their columns, the destination's own included. */
  rows(): StoredValues[] {
    return [...this.#records.values()].map((record) => this.#rowOf(record));
  }

  /** Makes sure that later writes have later times. */
  #wasWritten({ syncedAt, deletedAt }: StoredRecord): void {
    for (const at of [syncedAt, deletedAt ?? 0n]) if (at > this.#lastBatch) this.#lastBatch = at;
  }

  #put(key: string, forms: Forms, now: bigint): "inserted" | "updated" | "unchanged" {
    const record = this.#records.get(key);
    if (!record) {
      this.#records.set(key, { forms, syncedAt: now, deletedAt: null });
      return "inserted";
    }
    const isSame = [...forms].every(([name, form]) => record.forms.get(name) === form);
    if (isSame && record.deletedAt === null) return "unchanged";
    for (const [name, form] of forms) record.forms.set(name, form);
    record.syncedAt = now;
    record.deletedAt = null;
    record.row = undefined;
    return "updated";
  }

  #keyOf(forms: Forms): string {
    return keyText(this.#primaryKey.map((name) => forms.get(name)));
  }

  #rowOf(record: StoredRecord): StoredValues {
    record.row ??= {
      ...Object.fromEntries(
        [...this.#types].map(([name, type]) => [name, writtenForm(type, record.forms.get(name) ?? null)]),
      ),
      _synced_at: timestampText(record.syncedAt),
      _deleted_at: record.deletedAt === null ? null : timestampText(record.deletedAt),
    };
    return record.row;
  }
}

function isInteger(type: Column["type"]): boolean {
  return type === "int64" || type === "timestamp";
}
