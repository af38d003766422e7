import { type AssetEvent, metadataOf } from "@org/dagster-client/sync";
import type { Json } from "@org/destination";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import { assetId } from "./assets.ts";

export const materializationsTable = defineTable({
  name: "dagster_materializations",
  description:
    "The events of assets: materializations, observations, and materializations that failed. Those of a deleted run or a wiped asset are marked with _deleted_at.",
  primaryKey: ["asset_id", "event_type", "timestamp", "run_id", "partition", "number"],
  datedBy: ["timestamp"],
  columns: {
    asset_id: { type: "string", description: 'The asset key\'s path as compact JSON, e.g. ["my","asset"].' },
    event_type: {
      type: "string",
      description: "MATERIALIZATION, OBSERVATION, or FAILED for a materialization that failed or was skipped.",
    },
    timestamp: { type: "timestamp", description: "When it happened, to the millisecond." },
    run_id: { type: "string", description: "Run that reported it; empty if it did not come from a run." },
    partition: { type: "string", description: "Partition of the asset; empty if there is none." },
    number: {
      type: "int64",
      description: "From 0: tells events apart that have all other columns of the key in common.",
    },
    step_key: { type: "string", nullable: true, description: "Step of the run that reported it." },
    description: { type: "string", nullable: true, description: "Description in the event." },
    metadata: { type: "json", description: "Metadata by label; kinds without a plain value are left out." },
    tags: { type: "json", description: "Tags as an object, such as the data version." },
    failure_type: { type: "string", nullable: true, description: "Of a FAILED one: FAILED or SKIPPED." },
    failure_reason: {
      type: "string",
      nullable: true,
      description: "Of a FAILED one, why, e.g. UPSTREAM_FAILED_TO_MATERIALIZE.",
    },
  },
});

const typeOf = {
  MaterializationEvent: "MATERIALIZATION",
  ObservationEvent: "OBSERVATION",
  FailedToMaterializeEvent: "FAILED",
} as const;

/** @param number tells it apart from events of the same asset, type, time, run and partition */
export function materializationRow(
  path: readonly string[],
  event: AssetEvent,
  number: number,
): Row<typeof materializationsTable> {
  const failed = event.__typename === "FailedToMaterializeEvent" ? event : undefined;
  return {
    asset_id: assetId(path),
    event_type: typeOf[event.__typename],
    timestamp: timestampOfSeconds(Number(event.timestamp) / 1000),
    run_id: event.runId,
    partition: event.partition ?? "",
    number,
    step_key: event.stepKey,
    description: event.description,
    metadata: metadataOf(event.metadataEntries) as { readonly [label: string]: Json },
    tags: Object.fromEntries(event.tags.map(({ key, value }) => [key, value])),
    failure_type: failed?.materializationFailureType ?? null,
    failure_reason: failed?.materializationFailureReason ?? null,
  };
}
