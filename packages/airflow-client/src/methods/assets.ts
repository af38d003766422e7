import type { AirflowClient } from "../client.ts";
import { rowsIn } from "../expect.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import type { DagRun } from "../types.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

type Schemas = components["schemas"];

export type Asset = Schemas["AssetResponse"];
/** An update of an asset, reported by a task or by a person. */
export type AssetEvent = Schemas["AssetEventResponse"];
/** An event that a DAG waiting for several assets has already received. */
export type QueuedAssetEvent = Schemas["QueuedEventResponse"];

export function list(client: AirflowClient, query: ListQuery<"/api/v2/assets"> = {}): List<Asset> {
  return listOf(client, "/api/v2/assets", query);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, id: number, call: CallOptions = {}): Promise<Asset> {
  return (await client.GET("/api/v2/assets/{asset_id}", { ...call, params: byId(id) })).data;
}

/** The events of assets, oldest first. */
export function events(client: AirflowClient, query: ListQuery<"/api/v2/assets/events"> = {}): List<AssetEvent> {
  return listOf(client, "/api/v2/assets/events", query);
}

/** Reports that an asset changed, which may start DAGs that wait for it. */
export async function createEvent(
  client: AirflowClient,
  options: Schemas["CreateAssetEventsBody"],
  call: CallOptions = {},
): Promise<AssetEvent> {
  return (await client.POST("/api/v2/assets/events", { ...call, body: options })).data;
}

/** Starts a run of the DAG that produces an asset. @throws AirflowError `CONFLICT` if several do */
export async function materialize(client: AirflowClient, id: number, call: CallOptions = {}): Promise<DagRun> {
  // Since 3.4 a body is required; earlier servers accept one, or none.
  return (await client.POST("/api/v2/assets/{asset_id}/materialize", { ...call, params: byId(id), body: {} })).data;
}

/**
 * An asset's events that are queued until the DAGs waiting for them have all they need; an empty list is not an error.
 */
export async function queuedEvents(
  client: AirflowClient,
  id: number,
  call: CallOptions = {},
): Promise<readonly QueuedAssetEvent[]> {
  const { data } = await client.GET("/api/v2/assets/{asset_id}/queuedEvents", { ...call, params: byId(id) });
  return rowsIn("GET /api/v2/assets/{asset_id}/queuedEvents", data.queued_events, "queued_events");
}

/** Removes these events. */
export async function removeQueuedEvents(client: AirflowClient, id: number, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/assets/{asset_id}/queuedEvents", { ...call, params: byId(id) });
}

const byId = (id: number) => ({ path: { asset_id: id } });
