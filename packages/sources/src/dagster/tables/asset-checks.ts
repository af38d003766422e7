import { type AssetCheckExecutionsAnswer, metadataOf } from "@org/dagster-client/sync";
import type { Json } from "@org/destination";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import { assetId } from "./assets.ts";

export const assetChecksTable = defineTable({
  name: "dagster_asset_checks",
  description: "The executions of asset checks. They stay when their run is deleted, as on the server.",
  primaryKey: ["asset_id", "check_name", "execution_id"],
  datedBy: ["timestamp"],
  columns: {
    asset_id: { type: "string", description: 'The asset key\'s path as compact JSON, e.g. ["my","asset"].' },
    check_name: { type: "string", description: "Name of the check, unique for its asset." },
    execution_id: { type: "string", description: "Id of the execution; a later one has a higher number." },
    status: {
      type: "string",
      description: "IN_PROGRESS, SUCCEEDED, FAILED, SKIPPED, or EXECUTION_FAILED if the check raised an exception.",
    },
    severity: { type: "string", nullable: true, description: "ERROR or WARN; null if it has no result." },
    timestamp: { type: "timestamp", description: "When the execution was planned." },
    evaluated_at: { type: "timestamp", nullable: true, description: "When it had its result." },
    run_id: { type: "string", nullable: true, description: "Run that executed it; null if there was none." },
    step_key: { type: "string", nullable: true, description: "Step of the run that executed it." },
    partition: {
      type: "string",
      nullable: true,
      description: "Partition that was checked. Null if the server's version does not provide it.",
    },
    description: { type: "string", nullable: true, description: "What the check says of its result." },
    metadata: { type: "json", description: "Metadata by label; kinds without a plain value are left out." },
    materialization_run_id: {
      type: "string",
      nullable: true,
      description: "Run of the materialization that was checked, if it is known.",
    },
    materialization_time: {
      type: "timestamp",
      nullable: true,
      description: "When what was checked was materialized, if it is known.",
    },
  },
});

export type CheckExecution = AssetCheckExecutionsAnswer["item"][number];

export function assetCheckRow(
  path: readonly string[],
  name: string,
  execution: CheckExecution,
): Row<typeof assetChecksTable> {
  const { evaluation } = execution;
  const target = evaluation?.targetMaterialization;
  return {
    asset_id: assetId(path),
    check_name: name,
    execution_id: execution.id,
    status: execution.status,
    severity: evaluation?.severity ?? null,
    timestamp: timestampOfSeconds(execution.timestamp),
    evaluated_at: evaluation ? timestampOfSeconds(evaluation.timestamp) : null,
    run_id: execution.runId || null,
    step_key: execution.stepKey,
    partition: execution.partition ?? null,
    description: evaluation?.description ?? null,
    metadata: metadataOf(evaluation?.metadataEntries) as { readonly [label: string]: Json },
    materialization_run_id: target?.runId || null,
    materialization_time: target ? timestampOfSeconds(target.timestamp) : null,
  };
}
