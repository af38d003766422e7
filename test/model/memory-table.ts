/** A table in memory: rows by their primary key, their values in the form in which destinations compare them. */

import type { StoredRow, Table, Value } from "@org/destination";
import {
  type Batch,
  type Column,
  type CommitResult,
  DestinationError,
  type Scope,
  systemColumns,
} from "@org/destination";
import { type StoredForm, storedForm, storedRow } from "../../packages/destination/src/stored-form.ts";
import { timestampText } from "../../packages/destination/src/timestamp.ts";

interface StoredRecord {
  /** By column. */
  readonly forms: Map<string, StoredForm>;
  syncedAt: bigint;
  deletedAt: bigint | null;
  /** The same as people read it, made when it is asked for. */
  row?: StoredRow | undefined;
}

type Forms = Map<string, StoredForm>;

export class MemoryTable {
  readonly pipeline: string;
  readonly primaryKey: readonly string[];
  readonly #types = new Map<string, Column["type"]>();
  readonly #records = new Map<string, StoredRecord>();

  constructor(table: Table, pipeline: string) {
    this.pipeline = pipeline;
    this.primaryKey = table.primaryKey;
  }

  /** What must become of the columns so that they fit a definition: first all checks, then `apply`. */
  planColumns(table: Table): () => void {
    const plans = Object.entries(table.columns).map(([name, { type }]) => {
      const from = this.#types.get(name);
      if (from === undefined || from === type) return () => this.#setType(name, type);
      const forms = [...this.#records.values()].map(({ forms }) => forms);
      const values = forms.map((each) => widened(from, type, each.get(name) ?? null));
      if (values.includes(undefined)) {
        const reason = `column ${name} is ${from}, which cannot become ${type} without loss. Nothing was changed.`;
        throw new DestinationError("SCHEMA_CONFLICT", `Table ${table.name} does not fit: ${reason}`);
      }
      return () => {
        this.#setType(name, type);
        for (const [index, each] of forms.entries()) each.set(name, values[index] as StoredForm);
      };
    });
    return () => {
      for (const plan of plans) plan();
    };
  }

  /** Checks a batch's rows and keys. Applying it, which cannot fail, is what is returned. */
  planBatch({ table, replace = [], upserts = [], remove = [] }: Batch, now: bigint): () => CommitResult {
    const names = Object.keys(table.columns);
    const staged = new Map<string, Forms>();
    for (const row of [...replace.flatMap(({ rows }) => rows), ...upserts]) {
      const values = storedRow(table, row);
      const forms = new Map(names.map((name, index) => [name, values[index] as StoredForm]));
      staged.set(this.#keyOf(forms), forms);
    }
    const removed = remove.map((key) => this.#keyOf(formsOf(table, key, this.primaryKey)));
    const matches = replace.map(({ scope }) => matcher(table, scope));
    return () => {
      const counts = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };
      for (const [key, forms] of staged) counts[this.#put(key, forms, now)] += 1;
      for (const key of removed) counts.removed += this.#records.delete(key) ? 1 : 0;
      if (matches.length === 0) return counts;
      for (const [key, record] of this.#records) {
        if (record.deletedAt !== null || staged.has(key) || !matches.some((match) => match(record.forms))) continue;
        record.deletedAt = now;
        record.row = undefined;
        counts.deleted += 1;
      }
      return counts;
    };
  }

  /** Checks rows that another destination held. Writing them as they are, which cannot fail, is what is returned. */
  planRestore(table: Table, rows: readonly StoredRow[]): () => void {
    const whole = { ...table, columns: { ...table.columns, ...systemColumns } };
    const names = Object.keys(table.columns);
    const records = rows.map((row) => {
      const values = storedRow(whole, row);
      const [syncedAt, deletedAt] = values.slice(names.length) as [bigint, bigint | null];
      return { forms: new Map(names.map((name, index) => [name, values[index] as StoredForm])), syncedAt, deletedAt };
    });
    return () => {
      for (const record of records) this.#records.set(this.#keyOf(record.forms), record);
    };
  }

  /** The columns, without the destination's own. */
  columns(): string[] {
    return [...this.#types.keys()];
  }

  /** All rows in the order of their keys. */
  inOrder(): StoredRow[] {
    const compare = (a: Value, b: Value) => (a! < b! ? -1 : a! > b! ? 1 : 0);
    const byKey = (a: StoredRow, b: StoredRow) =>
      this.primaryKey.map((name) => compare(a[name]!, b[name]!)).find((order) => order !== 0) ?? 0;
    return this.rows().sort(byKey);
  }

  /** Some columns of the rows in a scope that are not deleted. */
  select<T extends Table>(table: T, scope: Scope<T>, columns: readonly string[]): StoredRow[] {
    for (const column of columns) checkColumn(table, column);
    const match = matcher(table, scope);
    const found = [...this.#records.values()].filter(({ deletedAt, forms }) => deletedAt === null && match(forms));
    return found.map((record) => {
      const row = this.#rowOf(record);
      return Object.fromEntries(columns.map((name) => [name, row[name] ?? null]));
    });
  }

  /** All rows with all their columns, the destination's own among them. */
  rows(): StoredRow[] {
    return [...this.#records.values()].map((record) => this.#rowOf(record));
  }

  #setType(name: string, type: Column["type"]): void {
    if (this.#types.get(name) === type) return;
    this.#types.set(name, type);
    for (const record of this.#records.values()) record.row = undefined;
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
    return JSON.stringify(this.primaryKey.map((name) => String(forms.get(name))));
  }

  #rowOf(record: StoredRecord): StoredRow {
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

function writtenForm(type: Column["type"] | undefined, form: StoredForm): Value {
  if (form === null) return null;
  if (type === "timestamp") return timestampText(form as bigint);
  if (type === "json") return JSON.parse(form as string);
  return typeof form === "bigint" && Number.isSafeInteger(Number(form)) ? Number(form) : form;
}

/** A value in a wider type; undefined where it does not fit. */
function widened(from: Column["type"], to: Column["type"], form: StoredForm): StoredForm | undefined {
  if (to === "string") return form === null ? null : from === "json" ? form : String(writtenForm(from, form));
  if (from !== "int64" || to !== "float64") return undefined;
  if (form === null) return null;
  return Number.isSafeInteger(Number(form)) ? Number(form) : undefined;
}

/** Whether a row lies in a scope. */
function matcher(table: Table, scope: Scope): (forms: Forms) => boolean {
  const tests = Object.entries(scope).flatMap(([name, condition]) => {
    if (condition === undefined) return [];
    checkColumn(table, name);
    const form = (value: Value | null) =>
      value === null ? null : formsOf(table, { [name]: value }, [name]).get(name)!;
    if ("in" in condition) {
      const wanted = new Set(condition.in.map(form));
      return [(forms: Forms) => wanted.has(forms.get(name) ?? null)];
    }
    const [low, high] = [condition.gte, condition.lt].map((bound) => (bound === undefined ? undefined : form(bound)!));
    return [
      (forms: Forms) => {
        const value = forms.get(name) ?? null;
        return value !== null && (low === undefined || value >= low!) && (high === undefined || value < high!);
      },
    ];
  });
  return (forms) => tests.every((test) => test(forms));
}

function formsOf(table: Table, row: StoredRow, columns: readonly string[]): Forms {
  return new Map(
    columns.map((name) => [name, storedForm({ ...(table.columns[name] as Column), nullable: false }, row[name])]),
  );
}

function checkColumn(table: Table, column: string): void {
  if (Object.hasOwn(table.columns, column)) return;
  throw new DestinationError("FAILED", `Table ${table.name} has no column ${column}.`);
}
