import type { CallOptions, List, ListOptions, WaitOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { baseOf } from "../fetch-path.ts";
import {
  DeleteRunDocument,
  ReexecuteRunDocument,
  type ReexecutionStrategy,
  RunDocument,
  RunStateDocument,
  type RunStatus,
  RunsCountDocument,
  type RunsFilter,
} from "../generated/operations.ts";
import { paginateRuns } from "../paginate-runs.ts";
import { unwrap } from "../unwrap.ts";
import { type WalkedPage, walkedList } from "./lists.ts";
import { poll } from "./poll.ts";
import { type FinishedRun, type Run, type RunDetails, type RunRef, runIdOf } from "./run.ts";
import { type Tags, tagsOf } from "./tags.ts";
import { secondsOf, type TimeOrNumber } from "./time.ts";
import { tolerant } from "./tolerant.ts";

export { launch } from "./launch.ts";
export { events } from "./run-events.ts";
export { logs } from "./run-logs.ts";
export { steps } from "./run-steps.ts";
export { terminate, terminateMany } from "./terminate.ts";

/** Filters for runs: all given ones must match. An empty list of ids or statuses matches none. */
export interface RunFilters {
  /** The name of its job. @default any */
  readonly job?: string | undefined;
  /** One of these. @default any */
  readonly statuses?: readonly RunStatus[] | undefined;
  /** One of these. @default any */
  readonly runIds?: readonly string[] | undefined;
  /** All of them. Hidden tags (`.dagster/…`), which no run shows, can be asked for too. */
  readonly tags?: Tags | undefined;
  /** Created later than this; a number is seconds since 1970. */
  readonly createdAfter?: TimeOrNumber | undefined;
  /** Created earlier than this; a number is seconds since 1970. */
  readonly createdBefore?: TimeOrNumber | undefined;
  /** Whose status or tags changed later than this; a number is seconds since 1970. */
  readonly updatedAfter?: TimeOrNumber | undefined;
  /** Whose status and tags have not changed since this; a number is seconds since 1970. */
  readonly updatedBefore?: TimeOrNumber | undefined;
  /** Of one version of a job: the id of its snapshot. */
  readonly snapshotId?: string | undefined;
}

/** What to list, and which part of it. */
export interface ListRunsOptions extends RunFilters, ListOptions {}

/** More ids than one make a page token that survives deletions. */
const idsPerToken = 5;
/** A page of this size is short only at the end: no server or proxy has a smaller maximum. */
const trusted = 100;

/**
 * Runs, newest first: the server knows no other order.
 *
 * Its page tokens are ids of runs: new runs do not shift the pages, and deleted ones neither end the list early nor
 * hide another run.
 */
export function list(client: DagsterClient, options: ListRunsOptions = {}, call: CallOptions = {}): List<Run> {
  const { pageSize = trusted, pageToken, first, ...filters } = options;
  const filter = filterOf(filters);
  async function* walk(left: () => number): AsyncGenerator<WalkedPage<Run>, void, void> {
    // The server would treat an empty list as no filter.
    if (filter === undefined) return;
    const from = pageToken?.split(",");
    const walk = {
      filter,
      pageSize,
      limit: () => Math.min(pageSize, left()),
      from,
      trustShortPage: pageSize <= trusted,
    };
    for await (const { rows, isLast } of paginateRuns(tolerant(client), { ...walk, ...call })) {
      const items = rows.slice(0, left());
      const ids = items.slice(-idsPerToken).map(({ runId }) => runId);
      yield { items, nextPageToken: isLast && items.length === rows.length ? null : ids.join(",") };
    }
  }
  return walkedList(walk, () => countOf(client, filter, call), { first, pageToken });
}

/** How many runs match, in one request. */
export function count(client: DagsterClient, filters: RunFilters = {}, call: CallOptions = {}): Promise<number> {
  return countOf(client, filterOf(filters), call);
}

async function countOf(client: DagsterClient, filter: RunsFilter | undefined, call: CallOptions): Promise<number> {
  if (filter === undefined) return 0;
  return unwrap((await client.request(RunsCountDocument, { filter }, call)).runs, "Runs").count ?? 0;
}

/** The filter as the server expects it; undefined if no run can match. */
function filterOf({ job, tags, statuses, runIds, snapshotId, ...times }: RunFilters): RunsFilter | undefined {
  const filter = {
    pipelineName: job,
    tags: tags && tagsOf(tags),
    statuses,
    runIds,
    snapshotId,
    createdAfter: secondsOf(times.createdAfter, "createdAfter"),
    createdBefore: secondsOf(times.createdBefore, "createdBefore"),
    updatedAfter: secondsOf(times.updatedAfter, "updatedAfter"),
    updatedBefore: secondsOf(times.updatedBefore, "updatedBefore"),
  };
  return runIds?.length === 0 || statuses?.length === 0 ? undefined : filter;
}

/** @throws DagsterResultError `RunNotFoundError` */
export async function get(client: DagsterClient, run: RunRef, call: CallOptions = {}): Promise<RunDetails> {
  return unwrap((await tolerant(client).request(RunDocument, { runId: runIdOf(run) }, call)).run, "Run");
}

/**
 * Waits until a run has ended, and returns it, however it ended. Polls after 1 s, then less and less often, up to every
 * 30 s. Continues after retryable errors.
 *
 * @throws DagsterResultError `RunNotFoundError`: it was deleted.
 * @throws DagsterError `DEADLINE_EXCEEDED` after `deadlineMs`; the signal's reason after an abort.
 */
export function wait(
  client: DagsterClient,
  run: RunRef,
  options: WaitOptions = {},
  call: CallOptions = {},
): Promise<FinishedRun> {
  const runId = runIdOf(run);
  return poll(client, `run ${runId} to end`, options, call, async (call) => {
    const run = unwrap((await tolerant(client).request(RunStateDocument, { runId }, call)).run, "Run");
    return isFinished(run) ? run : undefined;
  });
}

/** Whether a run has ended. */
export function isFinished(run: Run): run is FinishedRun {
  return run.status === "SUCCESS" || run.status === "FAILURE" || run.status === "CANCELED";
}

/** How to re-execute a run. */
export interface ReexecuteOptions {
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
  run: RunRef,
  { strategy = "FROM_FAILURE", tags }: ReexecuteOptions = {},
  call: CallOptions = {},
): Promise<Run> {
  const params = { parentRunId: runIdOf(run), strategy, ...(tags && { extraTags: tagsOf(tags) }) };
  const { launched } = await tolerant(client).request(ReexecuteRunDocument, { params }, call);
  return unwrap(launched, "LaunchRunSuccess").run;
}

/**
 * Deletes a run with its events.
 *
 * @throws DagsterResultError `RunNotFoundError`
 */
async function remove(client: DagsterClient, run: RunRef, call: CallOptions = {}): Promise<void> {
  const { deleted } = await client.request(DeleteRunDocument, { runId: runIdOf(run) }, call);
  unwrap(deleted, "DeletePipelineRunSuccess");
}

export { remove as delete };

/** The page of a run in Dagster's UI. */
export function url(client: Pick<DagsterClient, "url">, run: RunRef): string {
  return `${baseOf(client.url)}/runs/${encodeURIComponent(runIdOf(run))}`;
}
