import { defineTable } from "@org/destination";

export const materializationsTable = defineTable({
  name: "dagster_materializations",
  description: "The events of assets: materializations, observations, and materializations that failed.",
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
