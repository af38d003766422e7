import type { PollOptions } from "@org/kit";
import { type List, listOf } from "@org/kit";
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

/** Which runs; all of it may be left out, and everything given has to hold. Times are seconds since 1970. */
export interface ListRunsOptions extends Omit<RunsFilter, "pipelineName" | "tags" | "mode"> {
  readonly job?: string | undefined;
  readonly tags?: Tags | undefined;
  /** Runs per request. @default 1000 */
  readonly pageSize?: number | undefined;
  /** Limit of each request, in ms. @default the client's */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Runs, the newest first. An empty list of ids or statuses gives none. */
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
 * Waits until a run has ended, and returns it, however it ended. Asks after 1 s, and then ever less often, every 30 s
 * at last. An error that may pass does not end it.
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
  /** From which step on. `FROM_ASSET_FAILURE` came after 1.7. @default "FROM_FAILURE" */
  readonly strategy?: ReexecutionStrategy | undefined;
  /** Besides those of the run; Dagster 1.7 takes none. @default none */
  readonly tags?: Tags | undefined;
}

/**
 * Re-executes a run, as a new run whose `parentRunId` is its id: from where it failed, or completely.
 *
 * @throws DagsterResultError: among others `RunNotFoundError`; a `PythonError` where the run has not failed.
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
 * Ends a run. It is `CANCELED` as soon as its processes have ended (see `wait`).
 *
 * @throws DagsterResultError `RunNotFoundError`; `TerminateRunFailure` where it has ended already.
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
