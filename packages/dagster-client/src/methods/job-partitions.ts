import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { JobPartitionSetsDocument, type RepositorySelector, type RunStatus } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { Open } from "../open.ts";
import { unwrap } from "../unwrap.ts";
import { type DefinitionRef, locate, placeOf } from "./locate.ts";

/** A partition of a job, with its latest run. */
export interface JobPartition {
  /** Accepted by other methods as `partition` and in `partitions`. */
  readonly key: string;
  /** The status of its latest run; null if it has none. */
  readonly status: Open<RunStatus> | null;
  readonly runId: string | null;
}

/**
 * A job's partitions in order, each with its latest run; empty if it has none.
 *
 * @throws DagsterResultError `PipelineNotFoundError`
 */
export async function partitions(
  client: DagsterClient,
  job: DefinitionRef,
  call: CallOptions = {},
): Promise<readonly JobPartition[]> {
  const place = placeOf(job);
  const set = await partitionSetOf(client, place.name, await locate(client, "job", place, call), call, {
    statuses: true,
  });
  const found = set?.statuses && unwrap(set.statuses, "PartitionStatuses").results;
  return objectsIn(found ?? [], "partitions").map(({ partitionName, runId, runStatus }) => ({
    key: partitionName,
    status: runStatus,
    runId,
  }));
}

/** Dagster has a separate name for a job's partitions; undefined if it has none. */
export async function partitionSetOf(
  client: DagsterClient,
  job: string,
  repository: RepositorySelector,
  call: CallOptions,
  wanted: { readonly keys?: boolean; readonly statuses?: boolean } = {},
) {
  const { sets } = await client.request(JobPartitionSetsDocument, { job, repository, ...wanted }, call);
  return unwrap(sets, "PartitionSets").results[0];
}
