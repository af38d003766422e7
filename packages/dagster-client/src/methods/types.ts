/** What the methods take and return, each by one name. */
export type {
  Asset,
  AssetDefinition,
  AssetDetails,
  AssetOwner,
  Materialization,
} from "./asset.ts";
export type { AssetCheck, AssetCheckExecution } from "./asset-checks.ts";
export type { AssetKey, AssetRef } from "./asset-key.ts";
export type { AssetLineage, LineageOptions } from "./asset-lineage.ts";
export type { AssetPartition, PartitionState } from "./asset-partitions.ts";
export type { ListAssetsOptions, MaterializationsOptions, WipeOptions } from "./assets.ts";
export type { Backfill, BackfillRef, FinishedBackfill } from "./backfill.ts";
export type { PartitionRange, PartitionSelection } from "./backfill-partitions.ts";
export type { LaunchBackfillOptions, LaunchBackfillSettings, ListBackfillsOptions } from "./backfills.ts";
export type { CodeLocation, CodeLocationRef } from "./code-locations.ts";
export type { RunConfig } from "./config.ts";
export type { JsonSchema } from "./config-schema.ts";
export type { Placed } from "./definitions.ts";
export type { ConcurrencyLimit, Daemon, Health } from "./instance.ts";
export type { JobPartition } from "./job-partitions.ts";
export type { Job, JobDetails } from "./jobs.ts";
export type { LaunchOptions, LaunchSettings } from "./launch.ts";
export type { DefinitionLocation, DefinitionRef } from "./locate.ts";
export type { ColumnLineageValue, MetadataEntry, TableColumn, TableSchemaValue, TableValue } from "./metadata.ts";
export type { FinishedRun, Run, RunDetails, RunRef } from "./run.ts";
export type { EventsOptions, RunEvent } from "./run-events.ts";
export type { RunLog, RunLogsOptions } from "./run-logs.ts";
export type { RunStep } from "./run-steps.ts";
export type { ListRunsOptions, ReexecuteOptions, RunFilters } from "./runs.ts";
export type { Schedule } from "./schedules.ts";
export type { Sensor } from "./sensors.ts";
export type { Tag, Tags } from "./tags.ts";
export type { Terminated, TerminateOptions } from "./terminate.ts";
export type { Tick, TicksOptions } from "./ticks.ts";
export type { TimeOrNumber } from "./time.ts";
export type { UpcomingOptions, UpcomingTick } from "./upcoming.ts";
