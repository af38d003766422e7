/** The destination that verify reads a server into. It stores values as the verified destination does, and counts shared keys. */
import {
  type Batch,
  type Condition,
  type Destination,
  DestinationError,
  type Scope,
  type StoredValues,
  type Table,
  type Value,
} from "@org/destination";
import { wrapSession } from "@org/destination/adapter";

type HeldAs = NonNullable<Destination["heldAs"]>;

/** Rows of one table that arrived under another row's key, so that the table holds fewer rows than the server sent. */
export interface SharedKeys {
  readonly rows: number;
  /** The first few keys that occurred more than once in a batch. */
  readonly keys: readonly StoredValues[];
}

/** Maximum number of keys shown. */
const SHOWN = 10;

/**
 * Wraps a destination to store values in the form in which `like` would return them. Otherwise, differences between the
 * two destinations would look like differences from the server.
 */
export function holdingAs(destination: Destination, like: Destination): Destination {
  if (!like.heldAs) return destination;
  const heldAs = heldAsOf(like);
  return wrapSession(destination, (session) => ({
    count: async (table, scope) => session.count(table, heldScope(heldAs, table, scope)),
    countBy: async (table, scope, columns) => session.countBy(table, heldScope(heldAs, table, scope), columns),
    keys: async (table, scope, columns) => session.keys(table, heldScope(heldAs, table, scope), columns),
    commit: (stream, batch) =>
      session.commit(stream, heldBatch(heldAs, batch)).catch((error: unknown) => {
        throw withOwnKeys(error, heldAs, batch);
      }),
  }));
}

/** Rows, or their keys, in the form in which a destination would return them. */
export function heldRows(like: Destination, table: Table, rows: readonly StoredValues[]): readonly StoredValues[] {
  return rows.map((row) => heldRow(heldAsOf(like), table, row));
}

function heldAsOf({ heldAs }: Destination): HeldAs {
  return (column, value) => (value === null || !heldAs ? value : heldAs(column, value));
}

/**
 * Wraps an empty destination to count rows that arrive under another row's key: within a batch, or across replaced scopes,
 * which are disjoint, so that each row should arrive only once.
 *
 * @returns `sharedKeys` by table name, complete once the sync has ended
 */
export function countingSharedKeys(destination: Destination): {
  readonly destination: Destination;
  readonly sharedKeys: ReadonlyMap<string, SharedKeys>;
} {
  const sharedKeys = new Map<string, SharedKeys>();
  // A stream's first batches are its history. Once it upserts changes, a row may arrive again.
  const pastHistory = new Set<string>();
  const counted = wrapSession(destination, (session) => ({
    async commit(stream, batch) {
      const { table, replace = [], upserts = [] } = batch;
      const within = twice(table, [...replace.flatMap(({ rows }) => rows), ...upserts] as StoredValues[]);
      if (replace.length === 0 || upserts.length > 0) pastHistory.add(stream);
      const result = await session.commit(stream, batch);
      const rows = within.length + (pastHistory.has(stream) ? 0 : result.updated);
      const before = sharedKeys.get(table.name) ?? { rows: 0, keys: [] };
      const keys = [...before.keys, ...within].slice(0, SHOWN);
      if (rows > 0) sharedKeys.set(table.name, { rows: before.rows + rows, keys });
      return result;
    },
  }));
  return { destination: counted, sharedKeys };
}

/** Translates the rows in an error back to the keys that they were sent with. */
function withOwnKeys(error: unknown, heldAs: HeldAs, { table, replace = [], upserts = [] }: Batch): unknown {
  if (!(error instanceof DestinationError) || !error.rows) return error;
  const rows = [...replace.flatMap((each) => each.rows), ...upserts] as StoredValues[];
  const own = new Map(rows.map((row) => [keyText(table, heldRow(heldAs, table, row)), keyOf(table, row)]));
  const named = error.rows.map((row) => ({ ...row, key: own.get(keyText(table, row.key as StoredValues)) ?? row.key }));
  return new DestinationError(error.code, error.message, { cause: error, rows: named });
}

function twice(table: Table, rows: readonly StoredValues[]): StoredValues[] {
  const seen = new Set<string>();
  return rows.flatMap((row) => {
    const text = keyText(table, row);
    if (seen.has(text)) return [keyOf(table, row)];
    seen.add(text);
    return [];
  });
}

function keyOf(table: Table, row: StoredValues): StoredValues {
  return Object.fromEntries(table.primaryKey.map((name) => [name, row[name]!]));
}

function keyText(table: Table, row: StoredValues): string {
  return JSON.stringify(table.primaryKey.map((name) => String(row[name])));
}

function heldScope<T extends Table>(heldAs: HeldAs, table: T, scope: Scope<T>): Scope<T> {
  const held = (name: string, condition: Condition): Condition => {
    const value = (given: Value) => heldAs(table.columns[name]!, given);
    if ("in" in condition) return { in: condition.in.map(value) };
    const { gte, lt } = condition;
    return { ...(gte !== undefined && { gte: value(gte) }), ...(lt !== undefined && { lt: value(lt) }) };
  };
  const conditions = Object.entries<Condition | undefined>(scope);
  return Object.fromEntries(conditions.map(([name, condition]) => [name, held(name, condition!)])) as Scope<T>;
}

function heldBatch(heldAs: HeldAs, batch: Batch): Batch {
  const { table, replace, upserts, remove } = batch;
  const held = <R extends StoredValues>(rows: readonly R[]) => rows.map((row) => heldRow(heldAs, table, row));
  return {
    ...batch,
    ...(replace && {
      replace: replace.map(({ scope, rows }) => ({ scope: heldScope(heldAs, table, scope), rows: held(rows) })),
    }),
    ...(upserts && { upserts: held(upserts) }),
    ...(remove && { remove: held(remove) }),
  };
}

function heldRow<R extends StoredValues>(heldAs: HeldAs, table: Table, row: R): R {
  const entries = Object.entries(row).map(([name, value]) => {
    const column = table.columns[name];
    return [name, column && value !== undefined ? heldAs(column, value) : value];
  });
  return Object.fromEntries(entries) as R;
}
