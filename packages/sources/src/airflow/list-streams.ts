/** Opt-in streams that read a short list of the server's. */
import type { Row, StoredValues, Table } from "@org/destination";
import { defineStream, type Position, type Stream, samples, wholeBatch } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { AirflowList } from "./lists.ts";
import type { AirflowSync } from "./shared.ts";

export type ListState = { readonly position: Position };

interface ListStream<T extends Table, Item> {
  readonly name: string;
  readonly table: T;
  readonly revision: number;
  readonly list: AirflowList<Item>;
}

/** A stream, and the list that it reads. */
type Listing<T extends Table, Item> = Stream<AirflowSync, T, ListState> & { readonly list: AirflowList<Item> };

/** An opt-in stream that reads a short list whole: what it lacks is marked as deleted. */
export function wholeListStream<const T extends Table, Item>({
  list,
  row,
  ...stream
}: ListStream<T, Item> & { readonly row: (item: Item) => Row<T> }): Listing<T, Item> {
  const defined = defineStream<AirflowSync, T, ListState>({
    ...stream,
    isOptIn: true,
    async *read({ shared: { api }, stored, reconcile, expectDeletions }) {
      const whole = await api.wholeList(list);
      if (!whole) return;
      const { table } = stream;
      const rows = whole.items.map(row);
      const keyOf = (values: StoredValues) => JSON.stringify(table.primaryKey.map((name) => String(values[name])));
      const listed = new Set(rows.map((each) => keyOf(each as StoredValues)));
      const missing = (await stored.keys(table, {})).filter((key) => !listed.has(keyOf(key as StoredValues)));
      // More are refused before they are asked for one by one.
      if (missing.length > 0) await expectDeletions(table, missing.length);
      const keep = await api.stillThere(list, missing);
      yield { ...wholeBatch(table, rows, { state: { position: api.position() }, reconcile }), keep };
    },
  });
  return { ...defined, list };
}

/** An opt-in stream that takes samples of a short list. */
export function sampleStream<
  const T extends Table & { readonly columns: { readonly sampled_at: { readonly type: "timestamp" } } },
  Item,
>({
  list,
  row,
  ...stream
}: ListStream<T, Item> & {
  /** @param sampledAt the time of the sample, as a timestamp */
  readonly row: (item: Item, sampledAt: string) => Row<T>;
}): Listing<T, Item> {
  const defined = defineStream<AirflowSync, T, ListState>({
    ...stream,
    isOptIn: true,
    isSampled: true,
    async *read({ shared: { api }, ...context }) {
      const whole = await api.wholeList(list);
      if (!whole) return;
      const { items, at } = whole;
      const rows = items.map((item) => row(item, timestampOf(at)));
      yield* samples(stream.table, { rows, at, state: { position: api.position() } }, context);
    },
  });
  return { ...defined, list };
}
