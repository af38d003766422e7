/**
 * A sync's destination that hands rows and states to a host, such as Airbyte, which stores both. With a store, a
 * destination of ours beside it, the sync also knows what it handed over before.
 */
import {
  type Batch,
  type CommitResult,
  type Destination,
  DestinationError,
  type OpenOptions,
  rowId,
  type Session,
  type State,
  type StoredValues,
  type Table,
} from "@org/destination";
import { RowCheck, type StoredForm, stateText, timestampText } from "@org/destination/adapter";
import { Deletions, heldRows } from "./deletions.ts";
import { engineState, type HostState, isUnfinished } from "./host-state.ts";
import type { RecordRow } from "./rows.ts";
import { WrittenRows } from "./written-rows.ts";

/** What takes records and states. Each call returns once the host's side of the pipe has room for more. */
export interface Host {
  readonly name: string;
  records(table: Table, rows: Iterable<RecordRow>): Promise<void>;
  /** The state that is true once the host has stored all records before it. */
  state(table: Table, state: HostState): Promise<void>;
}

export interface HostDestinationOptions {
  readonly host: Host;
  /** What the host kept, by stream. */
  readonly states: ReadonlyMap<string, HostState>;
  /** The server, for the states. */
  readonly source: string;
  /** Where the rows are kept besides. @default nowhere */
  readonly store?: Destination | undefined;
  /** Told that a stream begins anew, since the store lacks it. */
  readonly onLostStore: (stream: string) => void;
}

/**
 * Rows are written before the state that counts on them, always. So whatever stops the process, and wherever, the next
 * run repeats what the host may not have, and the host gets every row at least once.
 */
export function hostDestination(options: HostDestinationOptions): Destination {
  const { host, store } = options;
  return {
    name: host.name,
    capabilities: {
      fencing: store?.capabilities.fencing ?? "lock",
      ...(store?.capabilities.leaseMs !== undefined && { leaseMs: store.capabilities.leaseMs }),
      maxIdentifierLength: store?.capabilities.maxIdentifierLength ?? 1000,
      keepsRows: store !== undefined,
    },
    async open(given) {
      const inner = store ? await store.open(given) : undefined;
      try {
        return await hostSession(options, given, inner);
      } catch (error) {
        await inner?.close();
        throw error;
      }
    },
  };
}

async function hostSession(
  { host, states, source, store, onLostStore }: HostDestinationOptions,
  { signal }: OpenOptions,
  inner: Session | undefined,
): Promise<Session> {
  const stored = await inner?.states();
  const known = withRows(states, stored, onLostStore);
  const deletions = new Map<string, Deletions>();
  const clock = new Stamps([...states.values()].map(({ synced_at }) => BigInt(synced_at)));
  const written = new WrittenRows();
  const write = async (table: Table, rows: readonly (readonly StoredForm[])[], isDeleted: boolean) => {
    if (rows.length === 0) return;
    await host.records(table, recordsOf(written, table, rows, { syncedAt: clock.next(), isDeleted }));
  };
  /** The deletions of a stream. At its first batch, what the host may have lost is written again. */
  const deletionsOf = async (session: Session, stream: string, table: Table): Promise<Deletions> => {
    const begun = deletions.get(stream);
    if (begun) return begun;
    const state = known.get(stream);
    const own = new Deletions(session, stream, state?.deletions ?? undefined);
    await write(table, formsOf(table, await own.lost(table)), true);
    if (store && state && !isInStep(stream, state, stored?.get(stream))) {
      for await (const rows of changedSince(store, table, BigInt(state.synced_at) - MARGIN)) {
        await write(table, formsOf(table, rows), false);
      }
    }
    deletions.set(stream, own);
    return own;
  };
  return {
    states: async () => new Map([...known].map(([stream, state]) => [stream, engineState(state)])),
    prepare: async (tables) => inner?.prepare([...tables, Deletions.table]),
    count: async (table, scope) => inner?.count(table, scope) ?? 0,
    countBy: async (table, scope, columns) => inner?.countBy(table, scope, columns) ?? [],
    keys: async (table, scope, columns) => inner?.keys(table, scope, columns) ?? [],
    async commit(stream, batch) {
      signal?.throwIfAborted();
      const rows = formsOf(batch.table, rowsOf(batch));
      const own = inner && (await deletionsOf(inner, stream, batch.table));
      const gone = inner ? await goneRows(inner, batch) : [];
      // Before they go from the store: after that, nothing else knows of them.
      await own?.add(batch.table, gone);
      await write(batch.table, formsOf(batch.table, gone), true);
      await write(batch.table, rows, false);
      const result = inner ? await inner.commit(stream, batch) : { ...nothing, inserted: rows.length };
      const stamps = { synced_at: String(clock.last), deletions: own?.last ?? null };
      await host.state(batch.table, { source, ...stateOf(batch.state), ...stamps });
      return result;
    },
    close: async () => inner?.close(),
  };
}

const nothing: CommitResult = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };

/** The host's states, without those of streams that the store, if there is one, has no rows of: these begin anew. */
function withRows(
  states: ReadonlyMap<string, HostState>,
  stored: ReadonlyMap<string, State> | undefined,
  onLostStore: (stream: string) => void,
): ReadonlyMap<string, HostState> {
  if (!stored) return states;
  const held = [...states].filter(([stream, { deletions }]) => {
    const isKnown = stored.has(stream) && deletions !== null;
    if (!isKnown) onLostStore(stream);
    return isKnown;
  });
  return new Map(held);
}

/**
 * How far the store's times are trusted, in microseconds. More than a clock is set back is enough: what is written twice
 * does no harm.
 */
const MARGIN = 3_600_000_000n;

/**
 * Whether the store holds nothing that the host may lack. After a kill it may: rows were stored that the host did not
 * keep, and which a comparison with the table would not find again. A first sync reads on from its place anyway.
 */
function isInStep(stream: string, state: HostState, stored: State | undefined): boolean {
  const host = engineState(state);
  if (isUnfinished(state)) return true;
  return stored !== undefined && stateText("", stream, host) === stateText("", stream, stored);
}

/** Rows of the store that changed, deleted ones aside. @param since microseconds since 1970 */
async function* changedSince(store: Destination, table: Table, since: bigint): AsyncGenerator<readonly StoredValues[]> {
  const reader = await store.read?.();
  if (!reader) return;
  try {
    const columns = Object.keys(table.columns).map((name) => `"${name}"`);
    const sql = `SELECT ${columns.join(", ")} FROM ${reader.table(table)} WHERE _synced_at >= $1 AND _deleted_at IS NULL`;
    yield* reader.pages(sql, [{ type: "timestamp", value: timestampText(since < 0n ? 0n : since) }], table);
  } finally {
    await reader.close();
  }
}

function stateOf({ version, value }: State): Pick<HostState, "version" | "value"> {
  return { version, value };
}

function rowsOf({ replace = [], upserts = [] }: Batch): readonly StoredValues[] {
  return [...replace.flatMap(({ rows }) => rows), ...upserts];
}

/** @throws DestinationError `INVALID_ROW` that names all rows that no host could hold */
function formsOf(table: Table, rows: readonly StoredValues[]): readonly (readonly StoredForm[])[] {
  const check = new RowCheck(table);
  const forms = rows.flatMap((row) => {
    const stored = check.stored(row);
    return stored ? [stored] : [];
  });
  check.finish();
  return forms;
}

/** The stored rows that a batch is about to mark as deleted, or to remove. */
async function goneRows(session: Session, batch: Batch): Promise<readonly StoredValues[]> {
  const { table, replace = [], remove = [], keep = [] } = batch;
  const named = new Set([...rowsOf(batch), ...remove, ...keep].map((row) => rowId(table, row)));
  const missing = new Map<string, StoredValues>();
  for (const { scope } of replace) {
    for (const key of await session.keys(table, scope)) {
      if (!named.has(rowId(table, key))) missing.set(rowId(table, key), key);
    }
  }
  return heldRows(session, table, [...missing.values(), ...remove]);
}

/** Those of the rows that were not written in just this version before. */
function* recordsOf(
  written: WrittenRows,
  { name, columns, primaryKey }: Table,
  rows: readonly (readonly StoredForm[])[],
  record: Pick<RecordRow, "syncedAt" | "isDeleted">,
): Generator<RecordRow> {
  const names = Object.keys(columns);
  const keys = primaryKey.map((column) => names.indexOf(column));
  for (const forms of rows) {
    const id = JSON.stringify(keys.map((index) => String(forms[index])));
    if (written.add(name, id, record.isDeleted ? "deleted" : forms)) yield { forms, ...record };
  }
}

/** Times that only grow: a host that keeps the newest of a row's versions compares them. */
class Stamps {
  #last: bigint;

  constructor(before: readonly bigint[]) {
    this.#last = [0n, ...before].sort((a, b) => (a < b ? -1 : 1)).at(-1)!;
  }

  get last(): bigint {
    return this.#last;
  }

  next(): bigint {
    const now = BigInt(Date.now()) * 1000n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }
}

/** The host reads no further, so that nothing can be handed over. */
export function hostIsGone(): DestinationError {
  return new DestinationError("FAILED", "The host no longer reads stdout, so the run ends. The next one goes on.");
}
