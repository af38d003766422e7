import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import {
  type JobOrPipelineSelector,
  JobPartitionDocument,
  LaunchRunDocument,
  type RepositorySelector,
} from "../generated/operations.ts";
import { unwrap } from "../unwrap.ts";
import { findAssetJob, invalid } from "./asset-job.ts";
import { type AssetRef, keyOf } from "./asset-key.ts";
import { checkConfig, type RunConfig } from "./config.ts";
import { type DefinitionLocation, type DefinitionRef, locate, placeOf } from "./locate.ts";
import type { Run } from "./run.ts";
import { type Tags, tagsOf } from "./tags.ts";
import { tolerant } from "./tolerant.ts";

/** What to run, a job, some assets of a job, or just assets; and how. */
export type LaunchOptions = LaunchSettings &
  (
    | ({ readonly job: DefinitionRef; readonly assets?: readonly AssetRef[] | undefined } & DefinitionLocation)
    | { readonly assets: readonly AssetRef[]; readonly job?: undefined; readonly location?: undefined }
  );

/** How to run it. */
export interface LaunchSettings {
  /** The run's configuration, as in YAML. @default the one that the job derives from its partition, or none */
  readonly config?: RunConfig | undefined;
  /** Beside those that its job and its partition give it. @default none */
  readonly tags?: Tags | undefined;
  /** Some of a job's ops, in Dagster's syntax for selections, e.g. `["load*"]`. @default all */
  readonly ops?: readonly string[] | undefined;
  /** Key of the partition; of two dimensions, in the order of their names, `"2026-11-21|europe"`. @default none */
  readonly partition?: string | undefined;
}

/**
 * Starts a run, and returns it in its first state: queued or starting. See `wait`.
 *
 * ```ts
 * const run = await runs.launch(client, { job: "etl", config: { ops: { load: { config: { day: "monday" } } } } });
 * await runs.launch(client, { assets: ["orders", "reports/summary"], partition: "2026-11-21" });
 * ```
 *
 * @throws DagsterResultError: among others `RunConfigValidationInvalid`, whose `configErrors` list the problems;
 * `PipelineNotFoundError`.
 * @throws DagsterError `INVALID_OPTIONS`: several code locations have such a job, or no single run can materialize all
 * of these assets.
 */
export async function launch(client: DagsterClient, what: LaunchOptions, call: CallOptions = {}): Promise<Run> {
  const { tags = {}, ops } = what;
  const config = checkConfig(what.config);
  const { selector, partitionTags, partitionConfig = {} } = await targetOf(client, what, call);
  const params = {
    selector: { ...selector, ...(ops && { solidSelection: ops }) },
    runConfigData: config ?? partitionConfig,
    executionMetadata: { tags: tagsOf({ ...partitionTags, ...byName(tags) }) },
  };
  const { launched } = await tolerant(client).request(LaunchRunDocument, { params }, call);
  return unwrap(launched, "LaunchRunSuccess").run;
}

interface Target {
  readonly selector: JobOrPipelineSelector;
  readonly partitionTags: Readonly<Record<string, string>>;
  /** YAML. */
  readonly partitionConfig?: string;
}

async function targetOf(client: DagsterClient, options: LaunchOptions, call: CallOptions): Promise<Target> {
  const { job, partition, tags = {} } = options;
  const assetSelection = options.assets?.map(keyOf);
  const partitionTags: Record<string, string> = partition === undefined ? {} : { "dagster/partition": partition };
  if (job !== undefined) {
    const named = placeOf(job, { location: options.location, repository: options.repository });
    const place = await locate(client, "job", named, call);
    const selector = { ...place, jobName: named.name, ...(assetSelection && { assetSelection }) };
    const known = partition === undefined ? undefined : await partitionOf(client, place, named.name, partition, call);
    return { selector, partitionTags, ...known };
  }
  const { selector, dimensions, isPartitioned } = await findAssetJob(client, assetSelection ?? [], call);
  const tagged = Object.keys(byName(tags)).some((name) => /^dagster\/(asset_)?partition/.test(name));
  // Such a run would start, and fail when it needs its partition.
  if (isPartitioned && partition === undefined && !tagged) {
    throw invalid("these assets are partitioned. Pass `partition`, or launch a backfill for several partitions");
  }
  const keys = partition?.split("|") ?? [];
  const several = dimensions.length > 1 && keys.length === dimensions.length;
  const byDimension = several ? dimensions.map((name, index) => [`dagster/partition/${name}`, keys[index]!]) : [];
  return { selector, partitionTags: { ...partitionTags, ...Object.fromEntries(byDimension) } };
}

const byName = (tags: Tags): Record<string, string> =>
  Object.fromEntries(tagsOf(tags).map(({ key, value }) => [key, value]));

/** The configuration that a job derives from a partition; undefined for a job with only its assets' partitions. */
async function partitionOf(
  client: DagsterClient,
  repository: RepositorySelector,
  job: string,
  partition: string,
  call: CallOptions,
): Promise<Omit<Target, "selector"> | undefined> {
  const { sets } = await client.request(JobPartitionDocument, { repository, job, partition }, call);
  const found = unwrap(sets, "PartitionSets").results[0]?.partition;
  if (!found) return undefined;
  const tags = unwrap(found.tagsOrError, "PartitionTags").results.map(({ key, value }) => [key, value]);
  const partitionConfig = unwrap(found.runConfigOrError, "PartitionRunConfig").yaml;
  return { partitionTags: Object.fromEntries(tags), partitionConfig };
}
