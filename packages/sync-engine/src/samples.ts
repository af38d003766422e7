/** Rows that say how something was at a time: each sync adds some, and removes those that are too old. */
import type { Json, Key, Row, Scope, Table } from "@org/destination";
import type { ReadContext, StreamBatch } from "./stream.ts";

/** Rows to remove per batch. */
const REMOVED_AT_ONCE = 10_000;
/** Removals look at this much time at once, in ms, so that what they hold in memory does not grow with the table. */
const SLICE_MS = 24 * 60 * 60 * 1000;

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
  // Usually there is less than a slice. A longer time, as after the option was changed, is walked from its end, until
  // nothing is left.
  const before = (time: number) => ({ sampled_at: { lt: textOf(time) } }) as unknown as Scope<T>;
  for (let time = end; (await stored.count(table, before(time))) > 0; time -= SLICE_MS) {
    const scope = { sampled_at: { gte: textOf(time - SLICE_MS), lt: textOf(time) } } as unknown as Scope<T>;
    const old: readonly Key<T>[] = await stored.keys(table, scope);
    for (let from = 0; from < old.length; from += REMOVED_AT_ONCE) {
      yield { table, remove: old.slice(from, from + REMOVED_AT_ONCE), state };
    }
  }
}

function textOf(time: number): string {
  return `${new Date(Math.max(0, time)).toISOString().slice(0, -1)}000Z`;
}
