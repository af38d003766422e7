/** Opt-in streams that read a short list of the server's. */
import type { ColumnName, Key, Row, StoredValues, Table } from "@org/destination";
import { defineStream, type Position, type Stream, samples, wholeBatch } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { AirflowList } from "./lists.ts";
import type { AirflowSync } from "./shared.ts";

export type ListState = {
  readonly position: Position;
  /** When rows were first seen, by their keys, if the destination cannot tell. */
  readonly firstSeen?: { readonly [key: string]: string };
};

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
  firstSeen,
  ...stream
}: ListStream<T, Item> & {
  /** @param firstSeenAt when a sync first saw it, by the server's clock */
  readonly row: (item: Item, firstSeenAt: string) => Row<T>;
  /** The column for that, if there is one. */
  readonly firstSeen?: ColumnName<T>;
}): Listing<T, Item> {
  const { table } = stream;
  const keyOf = (values: StoredValues) => JSON.stringify(table.primaryKey.map((name) => String(values[name])));
  const defined = defineStream<AirflowSync, T, ListState>({
    ...stream,
    ...(firstSeen !== undefined && { needs: [firstSeen], observed: [firstSeen] }),
    isOptIn: true,
    async *read({ shared: { api }, state, stored, keepsRows, reconcile, expectDeletions }) {
      const whole = await api.wholeList(list);
      if (!whole) return;
      const seen = new Map(Object.entries(state?.firstSeen ?? {}));
      if (firstSeen !== undefined) {
        for (const held of (await stored.keys(table, {}, [firstSeen])) as readonly StoredValues[]) {
          const time = held[firstSeen];
          if (typeof time === "string") seen.set(keyOf(held), time);
        }
      }
      const now = timestampOf(whole.at);
      const times: Record<string, string> = {};
      const rows = whole.items.map((item) => {
        const first = row(item, now);
        const key = keyOf(first as StoredValues);
        times[key] = seen.get(key) ?? now;
        return times[key] === now ? first : row(item, times[key]);
      });
      const missing: readonly Key<T>[] = (await stored.keys(table, {})).filter(
        (key) => times[keyOf(key as StoredValues)] === undefined,
      );
      // More are refused before they are asked for one by one.
      if (missing.length > 0) await expectDeletions(table, missing.length);
      const keep = await api.stillThere(list, missing);
      const remembered = firstSeen !== undefined && !keepsRows && { firstSeen: times };
      yield { ...wholeBatch(table, rows, { state: { position: api.position(), ...remembered }, reconcile }), keep };
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
