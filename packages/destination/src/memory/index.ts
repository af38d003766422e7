/**
 * An in-memory destination for tests: it passes the conformance suite like any other, and is many times as fast. Its
 * content outlives its sessions, not its process.
 */

import type { Batch, Destination, OpenOptions, Session, State, StoredPipeline } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import type { Scope } from "../scope.ts";
import { stateText } from "../state-text.ts";
import type { StoredValues, Table } from "../table.ts";
import { timestampText } from "../timestamp.ts";
import { MemoryTable } from "./memory-table.ts";

export { MemoryTable, type TableDocument } from "./memory-table.ts";

/** What is stored, and who holds it. */
export interface Memory {
  readonly tables: Map<string, MemoryTable>;
  /** By pipeline, then by stream. */
  readonly states: Map<string, Map<string, MemoryState>>;
  holder: string | undefined;
}

export interface MemoryState {
  readonly version: number;
  /** Canonical. */
  readonly json: string;
  /** The tables that the stream wrote to. */
  readonly tables: ReadonlySet<string>;
  /** Microseconds since 1970. */
  readonly committedAt: bigint;
}

export interface MemoryDestination extends Destination {
  /**
   * All rows of a table, deleted ones included, with `_synced_at` and `_deleted_at`; none if there is no such table.
   */
  rows(table: string): readonly StoredValues[];
}

export function createMemory(): Memory {
  return { tables: new Map(), states: new Map(), holder: undefined };
}

/** @param memory to share between destinations, as a file would be */
export function memoryDestination(memory: Memory = createMemory()): MemoryDestination {
  return {
    name: "memory",
    capabilities: { fencing: "lock", maxIdentifierLength: 1000, transfer: true },
    rows: (table) => memory.tables.get(table)?.rows() ?? [],
    async open(options) {
      options.signal?.throwIfAborted();
      if (memory.holder !== undefined) {
        throw new DestinationError("LOCKED", `memory is held by ${memory.holder}, in this process (${process.pid}).`);
      }
      memory.holder = `pipeline ${options.pipeline}`;
      return new MemorySession(memory, options);
    },
    contents: async () => contentsOf(memory),
  };
}

function contentsOf({ tables, states }: Memory): readonly StoredPipeline[] {
  const owned = [...tables].map(([name, table]) => {
    const deleted = table.rows().filter(({ _deleted_at }) => _deleted_at !== null).length;
    const rows = table.rows().length - deleted;
    return { pipeline: table.pipeline, name, columns: table.columns(), rows, deleted };
  });
  const names = [...new Set([...states.keys(), ...owned.map(({ pipeline }) => pipeline)])].sort();
  return names.map((pipeline) => ({
    pipeline,
    tables: owned.filter((table) => table.pipeline === pipeline).map(({ pipeline: _, ...table }) => table),
    streams: [...(states.get(pipeline) ?? [])].map(([stream, { version, json, tables, committedAt }]) => ({
      stream,
      tables: [...tables].sort(),
      state: { version, value: JSON.parse(json) },
      committedAt: timestampText(committedAt),
    })),
  }));
}

/** Every call completes synchronously, so calls need no queue. */
class MemorySession implements Session {
  readonly #memory: Memory;
  readonly #options: OpenOptions;
  readonly #prepared = new Set<string>();
  #closed = false;

  constructor(memory: Memory, options: OpenOptions) {
    this.#memory = memory;
    this.#options = options;
  }

  async states(): Promise<ReadonlyMap<string, State>> {
    this.#check();
    const own = this.#memory.states.get(this.#options.pipeline) ?? new Map();
    return new Map([...own].map(([stream, { version, json }]) => [stream, { version, value: JSON.parse(json) }]));
  }

  async prepare(tables: readonly Table[]): Promise<void> {
    for (const carryOut of this.#plan(tables)) carryOut();
  }

  async rehearse(tables: readonly Table[]): Promise<void> {
    this.#plan(tables);
  }

  async count<T extends Table>(table: T, scope: Scope<T>): Promise<number> {
    return this.#table(table).select(table, scope, []).length;
  }

  async countBy<T extends Table>(table: T, scope: Scope<T>, columns: readonly (keyof T["columns"] & string)[]) {
    return this.#table(table).countBy(table, scope, columns);
  }

  async keys<T extends Table>(table: T, scope: Scope<T>, columns: readonly (keyof T["columns"] & string)[] = []) {
    return this.#table(table).select(table, scope, [...new Set([...table.primaryKey, ...columns])]);
  }

  async commit(stream: string, batch: Batch) {
    const table = this.#table(batch.table);
    const plan = table.planBatch(batch);
    const { states } = this.#memory;
    const { pipeline } = this.#options;
    const json = stateText(pipeline, stream, batch.state);
    const own = states.get(pipeline) ?? new Map<string, MemoryState>();
    const tables = new Set(own.get(stream)?.tables).add(batch.table.name);
    // From here on nothing can fail.
    const committedAt = BigInt(Date.now()) * 1000n;
    states.set(pipeline, own.set(stream, { version: batch.state.version, json, tables, committedAt }));
    return plan();
  }

  async *rows(table: Table): AsyncGenerator<readonly StoredValues[]> {
    const rows = this.#table(table).inOrder();
    for (let start = 0; start < rows.length; start += 1000) yield rows.slice(start, start + 1000);
  }

  async restore(table: Table, rows: readonly StoredValues[]): Promise<void> {
    this.#table(table).planRestore(table, rows)();
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#memory.holder = undefined;
    this.#closed = true;
  }

  /** The changes that make the tables ready. Rejects impossible ones, and changes nothing yet. */
  #plan(tables: readonly Table[]): (() => void)[] {
    this.#check();
    const { pipeline } = this.#options;
    return tables.map((table) => {
      const known = this.#memory.tables.get(table.name) ?? new MemoryTable(table, pipeline);
      const plan = known.planColumns(table, pipeline);
      return () => {
        plan();
        this.#memory.tables.set(table.name, known);
        this.#prepared.add(table.name);
      };
    });
  }

  #check(): void {
    if (this.#closed) throw new DestinationError("FAILED", "The session with memory is closed.");
    this.#options.signal?.throwIfAborted();
  }

  #table(table: Table): MemoryTable {
    this.#check();
    const known = this.#prepared.has(table.name) ? this.#memory.tables.get(table.name) : undefined;
    if (known) return known;
    throw new DestinationError("FAILED", `Table ${table.name} is not prepared in this session: call prepare first.`);
  }
}
