/**
 * Rows that the destination cannot hold. They are dropped from their batch, so that the others are stored and the position
 * advances. The stream's state lists them, so that each sync reads them again until they fit or are gone.
 */
import {
  type Batch,
  type CommitResult,
  DestinationError,
  type Key,
  type Row,
  rowId,
  type Scope,
  type StoredValues,
  type Table,
  type UnfitRow,
  type Value,
} from "@org/destination";
import { shown } from "@org/kit";
import { SyncError } from "./errors.ts";
import type { SourceEvent } from "./events.ts";

/** Unstored rows by table name: their primary keys, and the columns that the stream needs to read them again. */
export type Unstored = Readonly<Record<string, readonly StoredValues[]>>;

/** Maximum rows that a state lists and a sync reports. Beyond these, a column or a table must be wrong, not single rows. */
const MOST_ROWS = 1000;
const MOST_BYTES = 256 * 1024;
/** The maximum number of rows to skip in one sync. */
const MOST_HELD = 20_000;
/** A row with a longer key is reported but not remembered. */
const LONGEST_ROW = 16 * 1024;
/** Maximum length of a non-key column's value, in characters. Longer values do not help to find a row. */
const LONGEST_VALUE = 200;

interface Entry {
  readonly row: StoredValues;
  /** Whether this sync tried to store it. */
  readonly isTried: boolean;
}

/** The last row beyond the limit. */
interface TooMany {
  readonly table: Table;
  readonly row: UnfitRow;
  readonly cause: Error;
}

type Entries = ReadonlyMap<string, ReadonlyMap<string, Entry>>;

export interface UnstoredOptions {
  /** The rows listed in the stream's state. */
  readonly known: Unstored;
  /** The columns besides the key that identify a row to the source, by table name. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** A table's name in the destination. */
  readonly nameOf: (table: Table) => string;
  readonly emit: (event: SourceEvent) => void;
  /** Rows already reported in this sync, shared by all of its streams. */
  readonly reported: Set<string>;
}

/** Tracks the rows that one stream could not store. */
export class UnstoredRows {
  readonly #options: UnstoredOptions;
  #entries: Entries;
  /** Rows of other tables, which streams of older releases also wrote. They are dropped from the state. */
  readonly #foreign: Entries;
  /** Set once there are too many to list in the state. */
  #tooMany: TooMany | undefined;
  #told = 0;
  readonly #tables = new Map<string, Table>();

  /** @param table the stream's table @param tables all tables of the source */
  constructor(options: UnstoredOptions, { name: own }: Table, tables: readonly Table[]) {
    this.#options = options;
    for (const table of tables) this.#tables.set(table.name, table);
    const entries = tables.flatMap(({ name, ...table }) => {
      const rows = options.known[name] ?? [];
      const entries = rows.map((row) => [rowId(table, row), { row, isTried: false }] as const);
      return entries.length > 0 ? [[name, new Map(entries)] as const] : [];
    });
    this.#entries = new Map(entries.filter(([name]) => name === own));
    this.#foreign = new Map(entries.filter(([name]) => name !== own));
  }

  /** The unstored rows of a table, as last read. */
  of<T extends Table>({ name }: T): readonly (Key<T> & Partial<Row<T>>)[] {
    return [...((this.#entries.get(name) ?? this.#foreign.get(name))?.values() ?? [])].map(
      ({ row }) => row as Key<T> & Partial<Row<T>>,
    );
  }

  /**
   * Commits a batch without the rows that the destination rejects, and reports each of these once per sync.
   *
   * @param commit commits the rest, with a state that lists the skipped rows. If there are too many to list, `unstored` is
   * undefined, and the state must not advance.
   * @throws any error of `commit` that is not about single rows; SyncError `TOO_MANY_UNSTORED` if the stream must stop
   */
  async commit(
    batch: Omit<Batch, "state">,
    commit: (batch: Omit<Batch, "state">, unstored: Unstored | undefined) => Promise<CommitResult>,
  ): Promise<CommitResult> {
    const { table } = batch;
    const refused = new Map<string, UnfitRow>();
    for (;;) {
      const left = refused.size === 0 ? batch : without(batch, refused);
      const entries = this.#after(batch, left, refused);
      let result: CommitResult;
      try {
        result = await commit(left, this.#tooMany ? undefined : plain(entries));
      } catch (error) {
        const before = refused.size;
        for (const row of unfitRows(error, batch)) refused.set(rowId(table, row.key), row);
        if (refused.size === before) throw error;
        this.#weigh(batch, refused, error as Error);
        continue;
      }
      this.#entries = entries;
      for (const [id, row] of refused) this.#report(table, id, row);
      return result;
    }
  }

  /**
   * Reports rows that this sync did not try again. Call at the end of a stream.
   *
   * @throws SyncError `TOO_MANY_UNSTORED` if the state did not advance because there were too many to list
   */
  finish(): void {
    if (this.#tooMany) throw this.#error(this.#tooMany, countOf(this.#entries));
    for (const [name, entries] of this.#entries) {
      const table = this.#tables.get(name) as Table;
      for (const [id, { row, isTried }] of entries) {
        const reason = "an earlier sync could not store it, and this one did not read it again";
        if (!isTried) this.#report(table, id, { key: row, reason });
      }
    }
  }

  /** The unstored rows after a batch: without those that it stored, and those that its scopes prove to be gone. */
  #after(batch: Omit<Batch, "state">, left: Omit<Batch, "state">, refused: ReadonlyMap<string, UnfitRow>): Entries {
    const { table, remove = [], replace = [] } = left;
    const known = this.#entries.get(table.name);
    if (!known && refused.size === 0) return this.#entries;
    const named = new Set([...rowsOf(left), ...remove].map((row) => rowId(table, row)));
    // A row that this sync has seen exists, even if a scope lacks it because it was partly filled from the table.
    const isGone = ({ row, isTried }: Entry) => !isTried && replace.some(({ scope }) => liesIn(row, scope));
    const entries = new Map([...(known ?? [])].filter(([id, entry]) => !named.has(id) && !isGone(entry)));
    if (refused.size > 0) {
      const columns = [...table.primaryKey, ...(this.#options.needs.get(table.name) ?? [])];
      for (const row of rowsOf(batch)) {
        const id = rowId(table, row);
        if (refused.has(id)) entries.set(id, { row: outline(table, row, columns), isTried: true });
      }
      for (const [id, { row }] of entries) if (JSON.stringify(row).length > LONGEST_ROW) entries.delete(id);
    }
    return new Map(this.#entries).set(table.name, entries);
  }

  /** Checks the limits. */
  #weigh(batch: Omit<Batch, "state">, refused: ReadonlyMap<string, UnfitRow>, cause: Error): void {
    const entries = this.#after(batch, without(batch, refused), refused);
    const count = countOf(entries);
    const bytes = () => JSON.stringify(plain(entries)).length;
    const [row] = [...refused.values()].slice(-1);
    if (row && (this.#tooMany || count > MOST_ROWS || bytes() > MOST_BYTES)) {
      this.#tooMany = { table: batch.table, row, cause };
    }
    if (this.#tooMany && count > MOST_HELD) throw this.#error(this.#tooMany, count);
  }

  #error({ table, row, cause }: TooMany, count: number): SyncError {
    return new SyncError(
      "TOO_MANY_UNSTORED",
      `${this.#options.nameOf(table)}: ${count} rows cannot be stored, which is too many to remember. ` +
        `${count > MOST_HELD ? "The stream stopped there" : "All others are stored"}, and the next sync reads the ` +
        `same rows again. Fix the cause, or exclude the column. The last of them: ${described(table, row)}.`,
      { cause },
    );
  }

  #report(table: Table, id: string, row: UnfitRow): void {
    const { reported, nameOf, emit } = this.#options;
    const mark = `${table.name} ${id}`;
    if (reported.has(mark) || this.#told >= MOST_ROWS) return;
    reported.add(mark);
    this.#told += 1;
    const message = `${nameOf(table)}: ${described(table, row)}. The next sync retries it.`;
    emit({ type: "problem", code: "UNSTORED_ROW", message });
  }
}

function described(table: Table, { key, column, reason }: UnfitRow): string {
  const which = table.primaryKey.map((name) => `${name} ${shown(key[name])}`).join(", ");
  const where = column === undefined ? "" : `column ${column}: `;
  return `the row with ${which} is not stored: ${where}${reason}`;
}

function countOf(entries: Entries): number {
  return [...entries.values()].reduce((sum, { size }) => sum + size, 0);
}

function rowsOf({ replace = [], upserts = [] }: Omit<Batch, "state">): readonly StoredValues[] {
  return [...replace.flatMap(({ rows }) => rows), ...upserts];
}

/** The rows of a batch that the destination rejected with this error. */
function unfitRows(error: unknown, batch: Omit<Batch, "state">): readonly UnfitRow[] {
  if (!(error instanceof DestinationError) || error.code !== "INVALID_ROW" || !error.rows) return [];
  const ids = new Set(rowsOf(batch).map((row) => rowId(batch.table, row)));
  return error.rows.filter(({ key }) => ids.has(rowId(batch.table, key)));
}

/** A batch without the refused rows. Their older versions stay in the table. */
function without(batch: Omit<Batch, "state">, refused: ReadonlyMap<string, UnfitRow>): Omit<Batch, "state"> {
  const { table, replace = [], upserts = [] } = batch;
  const isLeft = (row: StoredValues) => !refused.has(rowId(table, row));
  const keep = [...refused.values()].map(({ key }) => key as StoredValues);
  return {
    ...batch,
    replace: replace.map(({ scope, rows }) => ({ scope, rows: rows.filter(isLeft) })),
    upserts: upserts.filter(isLeft),
    keep: [...(batch.keep ?? []), ...keep],
  };
}

/** Some columns of a row, as values that every state can hold. */
function outline({ primaryKey }: Table, row: StoredValues, columns: readonly string[]): StoredValues {
  const isShort = (value: unknown) => typeof value !== "object" && String(value).length <= LONGEST_VALUE;
  const entries = columns.flatMap((name): [string, Value][] => {
    const value = row[name] ?? null;
    if (value !== null && !primaryKey.includes(name) && !isShort(value)) return [];
    const isPlain = value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
    return [[name, isPlain ? value : String(value)]];
  });
  return Object.fromEntries(entries);
}

function plain(entries: Entries): Unstored {
  const tables = [...entries].filter(([, rows]) => rows.size > 0);
  return Object.fromEntries(tables.map(([name, rows]) => [name, [...rows.values()].map(({ row }) => row)]));
}

/** Whether a row's known columns lie in a scope. */
function liesIn(row: StoredValues, scope: Scope): boolean {
  return Object.entries(scope).every(([column, condition]) => {
    if (condition === undefined) return true;
    const value = row[column];
    if (value === undefined) return false;
    if ("in" in condition) return condition.in.some((each) => isSame(each, value));
    const { gte, lt } = condition;
    return value !== null && !isLess(value, gte) && (lt === undefined || isLess(value, lt));
  });
}

function isSame(one: Value, other: Value): boolean {
  return one === null || other === null ? one === other : String(one) === String(other);
}

function isLess(value: Value, bound: Value | undefined): boolean {
  if (bound === undefined || bound === null || value === null) return false;
  return typeof bound === "string" ? String(value) < bound : Number(value) < Number(bound);
}
