/** Rows that say how something was at a time: each sync adds some, and removes those that are too old. */
import type { Json, Key, Row, Scope, Table } from "@org/destination";
import type { ReadContext, StreamBatch } from "./stream.ts";

/** Rows to remove per batch, so that what is held in memory does not grow with the table. */
const REMOVED_AT_ONCE = 10_000;

/** A table of samples. `sampled_at` is part of its primary key. */
export type SampleTable = Table & { readonly columns: { readonly sampled_at: { readonly type: "timestamp" } } };

export interface SamplesOptions<T extends Table, S extends Json> {
  readonly rows: readonly Row<T>[];
  /** When they were taken, by the server's clock, in ms since 1970: the `sampled_at` of each. */
  readonly at: number;
  readonly state: S;
}

/**
 * Adds samples to a table, and removes those older than {@link ReadContext.keepSamplesMs}. The same samples again change
 * nothing: their key contains the time at which they were taken.
 */
export async function* samples<T extends SampleTable, S extends Json>(
  table: T,
  { rows, at, state }: SamplesOptions<T, S>,
  { stored, keepSamplesMs }: Pick<ReadContext, "stored" | "keepSamplesMs">,
): AsyncGenerator<StreamBatch<T, S> & { readonly table: T }> {
  yield { table, upserts: rows, state };
  const end = at - keepSamplesMs;
  if (!(end > 0)) return;
  const between = (from: number, to: number) =>
    ({ sampled_at: { gte: textOf(from), lt: textOf(to) } }) as unknown as Scope<T>;
  // Usually they are few. More, as after the option was changed, are halved by time, and the oldest go first: a time
  // without samples, however long, is one of the halves.
  for (let from = 0, to = end; from < end; [from, to] = [to, end]) {
    let count = await stored.count(table, between(from, to));
    while (count > REMOVED_AT_ONCE && to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      const older = await stored.count(table, between(from, middle));
      if (older === 0) from = middle;
      else [to, count] = [middle, older];
    }
    const old: readonly Key<T>[] = count > 0 ? await stored.keys(table, between(from, to)) : [];
    for (let first = 0; first < old.length; first += REMOVED_AT_ONCE) {
      yield { table, remove: old.slice(first, first + REMOVED_AT_ONCE), state };
    }
  }
}

function textOf(time: number): string {
  return `${new Date(Math.max(0, time)).toISOString().slice(0, -1)}000Z`;
}
