import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Asset, AssetEvent, AssetEventOptions, DagRun, QueuedAssetEvent } from "../types.ts";
import { type ListQuery, listAtOnce, list as listOf } from "./list.ts";

export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/assets"> = {},
  call: AirflowCallOptions = {},
): List<Asset> {
  return listOf(client, "/api/v2/assets", options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, asset: AssetRef, call: AirflowCallOptions = {}): Promise<Asset> {
  return (await client.GET("/api/v2/assets/{asset_id}", { ...call, params: byId(asset) })).data;
}

/** The events of assets, oldest first unless `orderBy` says otherwise. */
export function events(
  client: AirflowClient,
  options: ListQuery<"/api/v2/assets/events"> = {},
  call: AirflowCallOptions = {},
): List<AssetEvent> {
  return listOf(client, "/api/v2/assets/events", options, call);
}

/** Reports that an asset changed, which may start DAGs that wait for it. */
export async function createEvent(
  client: AirflowClient,
  options: AssetEventOptions,
  call: AirflowCallOptions = {},
): Promise<AssetEvent> {
  return (await client.POST("/api/v2/assets/events", { ...call, body: options })).data;
}

/** Starts a run of the DAG that produces an asset. @throws AirflowError `CONFLICT` if several do */
export async function materialize(
  client: AirflowClient,
  asset: AssetRef,
  call: AirflowCallOptions = {},
): Promise<DagRun> {
  // Since 3.4 a body is required; earlier servers accept one, or none.
  return (await client.POST("/api/v2/assets/{asset_id}/materialize", { ...call, params: byId(asset), body: {} })).data;
}

/**
 * An asset's events that are queued until the DAGs waiting for them have all they need; an empty list is not an error.
 */
export function queuedEvents(
  client: AirflowClient,
  asset: AssetRef,
  call: AirflowCallOptions = {},
): List<QueuedAssetEvent> {
  return listAtOnce("GET /api/v2/assets/{asset_id}/queuedEvents", "queued_events", async () => {
    const { data } = await client.GET("/api/v2/assets/{asset_id}/queuedEvents", { ...call, params: byId(asset) });
    return data.queued_events;
  });
}

/** Removes these events. */
export async function removeQueuedEvents(
  client: AirflowClient,
  asset: AssetRef,
  call: AirflowCallOptions = {},
): Promise<void> {
  await client.DELETE("/api/v2/assets/{asset_id}/queuedEvents", { ...call, params: byId(asset) });
}

/** An asset: its id, or any row that has one. */
export type AssetRef = number | { readonly id: number; readonly uri: string };

const byId = (asset: AssetRef) => ({ path: { asset_id: typeof asset === "number" ? asset : asset.id } });
