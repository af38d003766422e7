import type { PollOptions } from "@org/kit";
import { type PagedList as List, listOf } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import { DagsterError } from "../errors.ts";
import {
  BackfillDocument,
  type BackfillFragment,
  BackfillsDocument,
  type BulkActionStatus,
  CancelBackfillDocument,
  JobPartitionSetsDocument,
  LaunchBackfillDocument,
  type PartitionSetSelector,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { createProgress } from "../progress.ts";
import { unwrap } from "../unwrap.ts";
import { type AssetPath, keyOf } from "./asset-key.ts";
import { type DefinitionLocation, locate } from "./locate.ts";
import { poll } from "./poll.ts";
import { type Tags, tagsOf } from "./tags.ts";

/** A backfill. Times are seconds since 1970. */
export type Backfill = BackfillFragment;

/** A backfill that has ended. Dagster 1.7 reports `COMPLETED` whether its runs succeeded or not. */
export type FinishedBackfill = Backfill & {
  readonly status: "COMPLETED" | "COMPLETED_SUCCESS" | "COMPLETED_FAILED" | "FAILED" | "CANCELED";
};

const ends: ReadonlySet<string> = new Set<FinishedBackfill["status"]>([
  "COMPLETED",
  "COMPLETED_SUCCESS",
  "COMPLETED_FAILED",
  "FAILED",
  "CANCELED",
]);

export interface ListBackfillsOptions extends DagsterRequestOptions {
  /** @default all */
  readonly status?: BulkActionStatus | undefined;
  /** Backfills per request. @default 100 */
  readonly pageSize?: number | undefined;
}

/** Backfills, newest first. */
export function list(
  client: DagsterClient,
  { status, pageSize: limit = 100, ...call }: ListBackfillsOptions = {},
): List<Backfill, readonly Backfill[]> {
  async function* pages(): AsyncGenerator<readonly Backfill[], void, void> {
    const progress = createProgress("Dagster's backfills");
    for (let pageToken: string | undefined; ; ) {
      const { backfills } = await client.request(BackfillsDocument, { status, limit, pageToken }, call);
      const page = objectsIn(unwrap(backfills, "PartitionBackfills").results, "backfills");
      if (page.length === 0) return;
      pageToken = page.at(-1)?.id;
      progress(
        page.map(({ id }) => id),
        pageToken,
      );
      yield page;
    }
  }
  return listOf(pages, (page) => page);
}

/** @throws DagsterResultError `BackfillNotFoundError` */
export async function get(
  client: DagsterClient,
  backfillId: string,
  call: DagsterRequestOptions = {},
): Promise<Backfill> {
  return unwrap((await client.request(BackfillDocument, { backfillId }, call)).backfill, "PartitionBackfill");
}

/** The partitions of assets, or of a partitioned job. */
export type LaunchBackfillOptions = LaunchBackfillSettings &
  (
    | { readonly assets: readonly AssetPath[]; readonly job?: undefined }
    | ({ readonly job: string; readonly assets?: undefined } & DefinitionLocation)
  );

/** The partitions, and how to run them. */
export interface LaunchBackfillSettings extends DagsterRequestOptions {
  /** Keys of the partitions; `"all"` for all existing ones. */
  readonly partitions: readonly string[] | "all";
  readonly tags?: Tags | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Only the failures of these partitions' last backfill. @default false */
  readonly fromFailure?: boolean | undefined;
  /** Configuration of its runs, supported by 1.13 but not by 1.10. @default none */
  readonly config?: object | undefined;
}

/**
 * Makes the daemon start runs for partitions, and returns the backfill's id. See `wait`.
 *
 * @throws DagsterResultError: among others `PartitionKeysNotFoundError`, `PipelineNotFoundError`.
 * @throws DagsterError `INVALID_OPTIONS`: the job has no partitions, or several code locations have such a job.
 */
export async function launch(client: DagsterClient, options: LaunchBackfillOptions): Promise<string> {
  const { partitions, tags, title, description, fromFailure, config, signal, timeoutMs, maxResponseBytes } = options;
  const call = { signal, timeoutMs, maxResponseBytes };
  const target =
    options.job === undefined
      ? { assetSelection: options.assets.map(keyOf) }
      : { selector: await partitionSetOf(client, options.job, options, call) };
  const params = {
    ...target,
    ...(partitions === "all" ? { allPartitions: true } : { partitionNames: partitions }),
    tags: tags && tagsOf(tags),
    title,
    description,
    fromFailure,
    ...(config && { runConfigData: config }),
  };
  const { launched } = await client.request(LaunchBackfillDocument, { params }, call);
  return unwrap(launched, "LaunchBackfillSuccess").backfillId;
}

/**
 * Waits until a backfill has ended, and returns it, however it ended. Polls after 1 s, then less and less often, up to
 * every 30 s. Continues after retryable errors.
 *
 * @throws DagsterError `DEADLINE_EXCEEDED` after `deadlineMs`; the signal's reason after an abort.
 */
export function wait(client: DagsterClient, backfillId: string, options: PollOptions = {}): Promise<FinishedBackfill> {
  return poll(client, `backfill ${backfillId} to end`, options, async (call) => {
    const backfill = await get(client, backfillId, call);
    return ends.has(backfill.status) ? (backfill as FinishedBackfill) : undefined;
  });
}

/** Cancels a backfill: no more runs are started, and running ones are asked to stop (see `wait`). */
export async function cancel(
  client: DagsterClient,
  backfillId: string,
  call: DagsterRequestOptions = {},
): Promise<void> {
  const { cancelled } = await client.request(CancelBackfillDocument, { backfillId }, call);
  unwrap(cancelled, "CancelBackfillSuccess");
}

/** Dagster has a separate name for a job's partitions. */
async function partitionSetOf(
  client: DagsterClient,
  job: string,
  place: DefinitionLocation,
  call: DagsterRequestOptions,
): Promise<PartitionSetSelector> {
  const repositorySelector = await locate(client, "job", job, place, call);
  const variables = { job, repository: repositorySelector };
  const { sets } = await client.request(JobPartitionSetsDocument, variables, call);
  const [set] = unwrap(sets, "PartitionSets").results;
  if (set !== undefined) return { partitionSetName: set.name, repositorySelector };
  throw new DagsterError(`Cannot launch the Dagster backfill: the job ${job} has no partitions.`, {
    code: "INVALID_OPTIONS",
  });
}
