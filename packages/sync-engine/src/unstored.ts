/**
 * Rows that the destination cannot hold. They are left out of their batch, so that the others are stored and the
 * position moves, and the stream's state names them, so that the next sync reads them again, until they fit or are
 * gone.
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

/** Rows of a table, by its name: primary keys, and the columns by which the stream reads them again. */
export type Unstored = Readonly<Record<string, readonly StoredValues[]>>;

/** So many a state names, and a sync reports. Beyond these it is a column or a table that does not fit. */
const MOST_ROWS = 1000;
const MOST_BYTES = 256 * 1024;
/** The maximum number of rows to skip in one sync. */
const MOST_HELD = 20_000;
/** A row with a longer key is reported but not remembered. */
const LONGEST_ROW = 16 * 1024;
/** Maximum length of a column that is not part of the key, in characters: longer values do not help to find a row. */
const LONGEST_VALUE = 200;

interface Entry {
  readonly row: StoredValues;
  /** Whether this sync found out about it, or did so again. */
  readonly isTried: boolean;
}

/** The last row that was too much. */
interface TooMany {
  readonly table: Table;
  readonly row: UnfitRow;
  readonly cause: Error;
}

type Entries = ReadonlyMap<string, ReadonlyMap<string, Entry>>;

export interface UnstoredOptions {
  /** What the stream's state named. */
  readonly known: Unstored;
  /** The columns beside the key by which rows of a table are found, by the table's name. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** How a table is called in the destination. */
  readonly nameOf: (table: Table) => string;
  readonly emit: (event: SourceEvent) => void;
  /** What was reported in this sync: one set for all of its streams. */
  readonly reported: Set<string>;
}

/** The rows that one stream could not store. */
export class UnstoredRows {
  readonly #options: UnstoredOptions;
  #entries: Entries;
  /** Rows of other tables, as a stream of an older release wrote them too. No state names them any more. */
  readonly #foreign: Entries;
  /** Why no state can name them any more. */
  #tooMany: TooMany | undefined;
  #told = 0;
  readonly #tables = new Map<string, Table>();

  /** @param table the stream's own @param tables all of the source */
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

  /** Those of a table, as they were when they were read last. */
  of<T extends Table>({ name }: T): readonly (Key<T> & Partial<Row<T>>)[] {
    return [...((this.#entries.get(name) ?? this.#foreign.get(name))?.values() ?? [])].map(
      ({ row }) => row as Key<T> & Partial<Row<T>>,
    );
  }

  /**
   * Stores a batch without the rows that the destination rejects. Each of these is reported once per sync.
   *
   * @param commit stores the rest, with a state that lists the skipped rows; or, if there are too many to list, with
   * the last true state
   * @throws what `commit` throws about anything but single rows; SyncError `TOO_MANY_UNSTORED` if it must stop here
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
   * Reports what this sync did not try again. To be called at a stream's end.
   *
   * @throws SyncError `TOO_MANY_UNSTORED` where the state did not move, since it could not name all of them
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

  /** What is known once a batch is stored: what it brought is not missing, nor what its scopes proved to be gone. */
  #after(batch: Omit<Batch, "state">, left: Omit<Batch, "state">, refused: ReadonlyMap<string, UnfitRow>): Entries {
    const { table, remove = [], replace = [] } = left;
    const known = this.#entries.get(table.name);
    if (!known && refused.size === 0) return this.#entries;
    const named = new Set([...rowsOf(left), ...remove].map((row) => rowId(table, row)));
    // What this sync has seen is there, though a scope that was read in part from the table may lack it.
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

  /** Finds out whether there are too many. */
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
        `${count > MOST_HELD ? "The stream stopped there" : "All others are stored"}, and the next sync reads again ` +
        `what this one read. Fix the cause, or exclude the column. The last of them: ${described(table, row)}.`,
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

/** The rows of a batch that an error says the destination cannot hold. */
function unfitRows(error: unknown, batch: Omit<Batch, "state">): readonly UnfitRow[] {
  if (!(error instanceof DestinationError) || error.code !== "INVALID_ROW" || !error.rows) return [];
  const ids = new Set(rowsOf(batch).map((row) => rowId(batch.table, row)));
  return error.rows.filter(({ key }) => ids.has(rowId(batch.table, key)));
}

/** A batch without some rows, whose older versions stay. */
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

/** Some columns of a row, in forms that every state can hold. */
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

/** Whether a row lies in a scope, as far as it is known. */
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
