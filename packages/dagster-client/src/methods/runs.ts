import type { PollOptions } from "@org/kit";
import { type PagedList as List, listOf } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import {
  DeleteRunDocument,
  ReexecuteRunDocument,
  type ReexecutionStrategy,
  RunDocument,
  RunStateDocument,
  type RunsFilter,
  TerminateRunDocument,
} from "../generated/operations.ts";
import { paginateRuns } from "../paginate-runs.ts";
import { unwrap } from "../unwrap.ts";
import type { Page } from "../walk.ts";
import { poll } from "./poll.ts";
import type { FinishedRun, Run, RunDetails } from "./run.ts";
import { type Tags, tagsOf } from "./tags.ts";
import { tolerant } from "./tolerant.ts";

export { type LaunchOptions, type LaunchSettings, launch } from "./launch.ts";
export type { FinishedRun, Run, RunDetails } from "./run.ts";
export { type EventLog, type EventPage, type EventsOptions, events, type RunEvent } from "./run-events.ts";

/** Filters for runs. All are optional, and all given ones must match. Times are seconds since 1970. */
export interface ListRunsOptions extends Omit<RunsFilter, "pipelineName" | "tags" | "mode"> {
  readonly job?: string | undefined;
  readonly tags?: Tags | undefined;
  /** Runs per request. @default 1000 */
  readonly pageSize?: number | undefined;
  /** The timeout of each request, in ms. @default the client's */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Runs, newest first. An empty list of ids or statuses matches none. */
export function list(client: DagsterClient, options: ListRunsOptions = {}): List<Run, Page<Run>> {
  const { pageSize, signal, timeoutMs, job, tags, ...filter } = options;
  const isEmpty = filter.runIds?.length === 0 || filter.statuses?.length === 0;
  async function* pages(): AsyncGenerator<Page<Run>, void, void> {
    // The server would treat an empty list as no filter.
    if (isEmpty) return;
    yield* paginateRuns(tolerant(client), {
      filter: { ...filter, pipelineName: job, tags: tags && tagsOf(tags) },
      pageSize,
      signal,
      timeoutMs,
    });
  }
  return listOf(pages, ({ rows }) => rows);
}

/** @throws DagsterResultError `RunNotFoundError` */
export async function get(client: DagsterClient, runId: string, call: DagsterRequestOptions = {}): Promise<RunDetails> {
  return unwrap((await tolerant(client).request(RunDocument, { runId }, call)).run, "Run");
}

/**
 * Waits until a run has ended, and returns it, however it ended. Polls after 1 s, then less and less often, up to every
 * 30 s. Continues after retryable errors.
 *
 * @throws DagsterResultError `RunNotFoundError`: it was deleted.
 * @throws DagsterError `DEADLINE_EXCEEDED` after `deadlineMs`; the signal's reason after an abort.
 */
export function wait(client: DagsterClient, runId: string, options: PollOptions = {}): Promise<FinishedRun> {
  return poll(client, `run ${runId} to end`, options, async (call) => {
    const run = unwrap((await tolerant(client).request(RunStateDocument, { runId }, call)).run, "Run");
    return isFinished(run) ? run : undefined;
  });
}

/** Whether a run has ended. */
export function isFinished(run: Run): run is FinishedRun {
  return run.status === "SUCCESS" || run.status === "FAILURE" || run.status === "CANCELED";
}

export interface ReexecuteOptions extends DagsterRequestOptions {
  /** Where to start. `FROM_ASSET_FAILURE` requires a version after 1.7. @default "FROM_FAILURE" */
  readonly strategy?: ReexecutionStrategy | undefined;
  /** Added to the run's tags; not supported by Dagster 1.7. @default none */
  readonly tags?: Tags | undefined;
}

/**
 * Re-executes a run, as a new run whose `parentRunId` is its id: from where it failed, or completely.
 *
 * @throws DagsterResultError: among others `RunNotFoundError`; a `PythonError` if the run has not failed.
 */
export async function reexecute(
  client: DagsterClient,
  runId: string,
  { strategy = "FROM_FAILURE", tags, ...call }: ReexecuteOptions = {},
): Promise<Run> {
  const params = { parentRunId: runId, strategy, ...(tags && { extraTags: tagsOf(tags) }) };
  const { launched } = await tolerant(client).request(ReexecuteRunDocument, { params }, call);
  return unwrap(launched, "LaunchRunSuccess").run;
}

export interface TerminateOptions extends DagsterRequestOptions {
  /** Marks the run as cancelled at once, whatever its processes still do. @default false: they are asked to stop */
  readonly force?: boolean | undefined;
}

/**
 * Terminates a run. It becomes `CANCELED` as soon as its processes have ended (see `wait`).
 *
 * @throws DagsterResultError `RunNotFoundError`; `TerminateRunFailure` if it has already ended.
 */
export async function terminate(
  client: DagsterClient,
  runId: string,
  { force = false, ...call }: TerminateOptions = {},
): Promise<void> {
  const policy = force ? "MARK_AS_CANCELED_IMMEDIATELY" : "SAFE_TERMINATE";
  const { terminated } = await tolerant(client).request(TerminateRunDocument, { runId, policy }, call);
  unwrap(terminated, "TerminateRunSuccess");
}

/**
 * Deletes a run with its events.
 *
 * @throws DagsterResultError `RunNotFoundError`
 */
async function remove(client: DagsterClient, runId: string, call: DagsterRequestOptions = {}): Promise<void> {
  unwrap((await client.request(DeleteRunDocument, { runId }, call)).deleted, "DeletePipelineRunSuccess");
}

export { remove as delete };
