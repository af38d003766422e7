/** Rows of an asset's events, and which of those with the same key each is. */
import type { AssetEvent } from "@org/dagster-client/sync";
import { materializationRow } from "../tables/materializations.ts";
import { isSkipped } from "./ask-many.ts";

/**
 * The number that Dagster gave to the last event of a page: its cursor, decoded. Undefined if it is written otherwise;
 * then no page ends a list but the last.
 */
export function eventNumber(cursor: string): number | undefined {
  try {
    const { value } = JSON.parse(Buffer.from(cursor, "base64").toString("utf8")) as { readonly value: unknown };
    return typeof value === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The rows of complete milliseconds: all events of each are among these.
 *
 * @param events of one asset, the newest first
 */
export function eventRows(path: readonly string[], events: readonly AssetEvent[]) {
  const counts = new Map<string, number>();
  return events.toReversed().flatMap((event) => {
    const key = JSON.stringify([event.__typename, event.timestamp, event.runId, event.partition]);
    const number = counts.get(key) ?? 0;
    counts.set(key, number + 1);
    return isSkipped(event) ? [] : [materializationRow(path, event, number)];
  });
}
