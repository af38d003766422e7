/** Events of assets by their times, of versions that neither number nor merge them. */
import type { AssetEvent } from "@org/dagster-client/sync";
import type { EventsQuestion, FurtherApi } from "./api.ts";
import { eventRows } from "./event-rows.ts";

/** Events per asset, kind and request. */
const FEW_EVENTS = 50;

/**
 * Yields rows, response by response, of each asset's events since a time.
 *
 * @param since ms since 1970; undefined for all
 */
export async function* datedEvents(api: FurtherApi, paths: readonly (readonly string[])[], since: number | undefined) {
  let left: readonly EventsQuestion[] = paths.map((path) => ({
    path,
    after: since,
    before: undefined,
    limit: FEW_EVENTS,
  }));
  while (left.length > 0) {
    const next: EventsQuestion[] = [];
    for await (const answers of api.assetEventsByTime(left)) {
      const rows = answers.flatMap(({ asked, item: { materializations, observations } }) => {
        const lists: readonly (readonly AssetEvent[])[] = [materializations, observations];
        // A full list may be followed by others: what is older than its last event is incomplete, and so is that moment.
        const floors = lists.filter((list) => list.length >= asked.limit).map((list) => timeOf(list.at(-1)!));
        const events = lists.flat().sort((one, other) => timeOf(other) - timeOf(one));
        if (floors.length === 0) return eventRows(asked.path, events);
        const floor = Math.max(...floors);
        const complete = events.filter((event) => timeOf(event) > floor);
        // The server's bounds are exclusive. If the moment fills a list, only a longer one gets beyond it.
        const limit = complete.length === 0 ? asked.limit * 4 : asked.limit;
        next.push({ ...asked, before: floor + 1, limit });
        return eventRows(asked.path, complete);
      });
      yield rows;
    }
    left = next;
  }
}

function timeOf({ timestamp }: AssetEvent): number {
  return Number(timestamp);
}
