import { defineTable } from "@org/destination";

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
