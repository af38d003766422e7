import type { BackfillDetails } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import { textOfProblem } from "../further/problem.ts";
import { assetId } from "./assets.ts";

export const backfillsTable = defineTable({
  name: "dagster_backfills",
  description: "The backfills of assets and partitioned jobs.",
  primaryKey: ["id"],
  datedBy: ["creation_time"],
  columns: {
    id: { type: "string", description: "Id of the backfill: the value of its runs' tag dagster/backfill." },
    status: { type: "string", description: "E.g. REQUESTED, COMPLETED_SUCCESS, COMPLETED_FAILED, FAILED or CANCELED." },
    is_asset_backfill: { type: "boolean", description: "Whether it materializes assets rather than running a job." },
    partition_set_name: { type: "string", nullable: true, description: "Partition set of the job." },
    asset_ids: { type: "json", nullable: true, description: "Ids of the assets, in order; null for a job." },
    partitions: {
      type: "json",
      nullable: true,
      description: "Keys of the partitions; null if the assets are partitioned differently.",
    },
    partition_count: { type: "int64", nullable: true, description: "Number of the partitions, if it is known." },
    creation_time: { type: "timestamp", description: "When it was requested." },
    end_time: {
      type: "timestamp",
      nullable: true,
      description: "When it ended. Null before, and for all backfills of old versions.",
    },
    title: { type: "string", nullable: true, description: "Title for people." },
    description: { type: "string", nullable: true, description: "Description for people." },
    user: { type: "string", nullable: true, description: "Who requested it, if the deployment knows users." },
    from_failure: { type: "boolean", description: "Whether it only runs what failed before." },
    tags: { type: "json", description: "Tags of its runs, as an object." },
    error: { type: "string", nullable: true, description: "Message of the exception with which it failed." },
  },
});

/** Final statuses; COMPLETED is that of old versions. */
const finalStatuses = ["COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"];

/** Whether a backfill with this status may still change it. */
export function isBackfillOpen(status: string): boolean {
  return !finalStatuses.includes(status);
}

export function backfillRow(backfill: BackfillDetails): Row<typeof backfillsTable> {
  const { endTimestamp: end, assetSelection: assets } = backfill;
  return {
    id: backfill.id,
    status: backfill.status,
    is_asset_backfill: backfill.isAssetBackfill,
    partition_set_name: backfill.partitionSetName,
    asset_ids: assets ? assets.map(({ path }) => assetId(path)).sort() : null,
    partitions: backfill.partitionNames,
    partition_count: backfill.numPartitions,
    creation_time: timestampOfSeconds(backfill.timestamp),
    // 1.7 answers 0.
    end_time: end ? timestampOfSeconds(end) : null,
    title: backfill.title,
    description: backfill.description,
    user: backfill.user,
    from_failure: backfill.fromFailure,
    tags: Object.fromEntries(backfill.tags.map(({ key, value }) => [key, value])),
    error: backfill.error && textOfProblem(backfill.error),
  };
}
