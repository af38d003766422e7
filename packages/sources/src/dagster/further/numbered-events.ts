/** Events of assets by Dagster's own numbers, which grow for all assets together. */
import type { AssetEvent } from "@org/dagster-client/sync";
import type { FurtherApi } from "./api.ts";
import { eventNumber, eventRows } from "./event-rows.ts";

/** Events per asset and request. */
const FEW_EVENTS = 20;
const MANY_EVENTS = 200;

/** An asset that has newer events than the table. */
export interface MovedAsset {
  readonly path: readonly string[];
  /** The table holds its events up to this number. */
  readonly above: number;
}

interface Left extends MovedAsset {
  readonly limit: number;
  readonly cursor?: string;
  /** The last events of the page before: others of their millisecond may follow. */
  readonly carried: readonly AssetEvent[];
}

/** Yields rows, response by response, from each asset's newest event down to what the table holds. */
export async function* numberedEvents(api: FurtherApi, assets: readonly MovedAsset[]) {
  let left: readonly Left[] = assets.map((asset) => ({ ...asset, carried: [], limit: FEW_EVENTS }));
  while (left.length > 0) {
    const next: Left[] = [];
    for await (const answers of api.assetEvents(left)) {
      const rows = answers.flatMap(({ asked, item: { cursor, results } }) => {
        const events = [...asked.carried, ...results];
        if (results.length < asked.limit) return eventRows(asked.path, events);
        const last = events.at(-1)!;
        const carried = events.filter(({ timestamp }) => timestamp === last.timestamp);
        const isDown = (eventNumber(cursor) ?? Number.POSITIVE_INFINITY) <= asked.above;
        // A single one that the table holds needs no others.
        if (!isDown || carried.length > 1) next.push({ ...asked, cursor, carried, limit: MANY_EVENTS });
        return eventRows(
          asked.path,
          events.filter(({ timestamp }) => timestamp !== last.timestamp),
        );
      });
      yield rows;
    }
    left = next;
  }
}
