import type { CallOptions, List, ListOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { baseOf } from "../fetch-path.ts";
import { JobDocument, JobsDocument } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";
import { configSchemaOf, type JsonSchema } from "./config-schema.ts";
import { definitionsIn, type Placed } from "./definitions.ts";
import { wholeList } from "./lists.ts";
import { type DefinitionRef, locate, placeOf } from "./locate.ts";
import type { Tag } from "./tags.ts";

export { partitions } from "./job-partitions.ts";

/** A job, and its location. */
export interface Job extends Placed {
  readonly name: string;
  readonly description: string | null;
  /** Whether it materializes assets. `__ASSET_JOB` is that of all assets of its code location. */
  readonly isAssetJob: boolean;
  readonly tags: readonly Tag[];
}

/** A job with what a form to launch it needs. */
export interface JobDetails extends Job {
  /** What `config` may be. */
  readonly configSchema: JsonSchema;
  /** The defaults of its configuration, as YAML: what an editor begins with. `{}` if there are none. */
  readonly defaultConfigYaml: string;
  /** The keys of its partitions, in order; empty if it has none. */
  readonly partitionKeys: readonly string[];
  /** The names of the schedules and sensors that launch it. */
  readonly schedules: readonly string[];
  readonly sensors: readonly string[];
}

/** The jobs of all loaded code locations, in one request. */
export function list(
  client: DagsterClient,
  options: Pick<ListOptions, "first"> = {},
  call: CallOptions = {},
): List<Job> {
  const read = async () => {
    const { workspace } = await client.request(JobsDocument, {}, call);
    return definitionsIn(unwrap(workspace, "Workspace"), ({ jobs }) => jobs);
  };
  return wholeList<Job>(read, options);
}

/**
 * A job, with the schema of its configuration and its partitions.
 *
 * @throws DagsterResultError `PipelineNotFoundError`; DagsterError `INVALID_OPTIONS` if there are several
 */
export async function get(client: DagsterClient, job: DefinitionRef, call: CallOptions = {}): Promise<JobDetails> {
  const named = placeOf(job);
  const repository = await locate(client, "job", named, call);
  const selector = { ...repository, pipelineName: named.name };
  const found = await client.request(JobDocument, { selector, job: named.name, repository }, call);
  const { schedules, sensors, ...rest } = unwrap(found.job, "Pipeline");
  const { rootConfigType, allConfigTypes, rootDefaultYaml } = unwrap(found.config, "RunConfigSchema");
  const [set] = unwrap(found.sets, "PartitionSets").results;
  return {
    name: rest.name,
    description: rest.description,
    isAssetJob: rest.isAssetJob,
    tags: rest.tags,
    location: repository.repositoryLocationName,
    repository: repository.repositoryName,
    configSchema: configSchemaOf(rootConfigType.key, objectsIn(allConfigTypes, "types of configuration")),
    defaultConfigYaml: rootDefaultYaml,
    partitionKeys: set ? unwrap(set.partitions, "Partitions").results.map(({ name }) => name) : [],
    schedules: schedules.map(({ name }) => name),
    sensors: sensors.map(({ name }) => name),
  };
}

/** The page of a job in Dagster's UI, from which it can be launched. */
export function url(
  client: Pick<DagsterClient, "url">,
  { name, location, repository }: Placed & { name: string },
): string {
  // The UI leaves out the name that a repository has if nobody gave it one.
  const place = repository === "__repository__" ? [location] : [repository, location];
  return `${baseOf(client.url)}/locations/${place.map(encodeURIComponent).join("@")}/jobs/${encodeURIComponent(name)}`;
}
