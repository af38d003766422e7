/** Builds deliberately broken destinations from a correct one and a mistake. */
import type { Batch, CommitResult, Destination, Session, UniteTablesOptions } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";

/** Replaces some methods of a correct session. */
export type Mistake = (right: Session, pipeline: string) => Partial<Session>;

export const inSession =
  (mistake: Mistake) =>
  (right: Destination): Destination =>
    wrapSession(right, (session, { pipeline }) => mistake(session, pipeline));

/** A mistake in the views. */
export const inViews =
  (change: (options: UniteTablesOptions) => UniteTablesOptions) =>
  (right: Destination): Destination => ({
    ...right,
    uniteTables: async (options) => right.uniteTables?.(change(options)),
  });

/** A mistake in the written rows. */
export const inBatch = (change: (batch: Batch) => Batch) =>
  inSession((right) => ({ commit: (stream, batch) => right.commit(stream, change(batch as Batch)) }));

/** A mistake in the order of two writes, or in one too many. */
export const inSteps = (
  steps: (commit: (batch: Batch) => Promise<CommitResult>, batch: Batch) => Promise<CommitResult>,
) =>
  inSession((right) => ({
    commit: (stream, batch) => steps((each) => right.commit(stream, each), batch as Batch),
  }));

export const onlyState = ({ table, state }: Batch): Batch => ({ table, state });

export function mapRows(batch: Batch, change: (row: Record<string, unknown>) => Record<string, unknown>): Batch {
  const changed = (rows: Batch["upserts"]) => (rows ?? []).map(change) as NonNullable<Batch["upserts"]>;
  const replace = (batch.replace ?? []).map(({ scope, rows }) => ({ scope, rows: changed(rows) }));
  return { ...batch, replace, upserts: changed(batch.upserts) };
}

export const mapValues = (change: (value: unknown) => unknown) =>
  inBatch((batch) =>
    mapRows(batch, (row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]))),
  );

/** The first of several rows with the same key. */
export function firstOfEach(batch: Batch): Batch {
  const seen = new Set<string>();
  const isFirst = (row: Record<string, unknown>) => {
    const key = String(batch.table.primaryKey.map((name) => row[name]));
    return !seen.has(key) && Boolean(seen.add(key));
  };
  return { ...batch, upserts: (batch.upserts ?? []).filter(isFirst) };
}

/** One session shared by everyone, so that no writer is rejected. */
export function lettingEverybodyIn(right: Destination): Destination {
  let shared: Promise<Session> | undefined;
  return {
    ...right,
    open(options) {
      shared ??= right.open(options);
      return shared;
    },
  };
}
