import { type CallOptions, eitherSignal } from "@org/kit";
import type { DagsterClient } from "./client.ts";
import { DagsterError } from "./errors.ts";
import {
  type RunFragment,
  RunIdsPageDocument,
  type RunIdsPageQueryVariables,
  type RunsFilter,
  RunsPageDocument,
} from "./generated/operations.ts";
import { objectsIn, textsIn } from "./objects-in.ts";
import { unwrap } from "./unwrap.ts";
import { type Listing, type Page, walk } from "./walk.ts";

/** What to list, and how. */
export interface PaginateRunsOptions extends CallOptions {
  /** Filters for runs. @default all */
  readonly filter?: RunsFilter | undefined;
  /** Rows of a page; Dagster has no maximum, and is fastest from 500 to 2,000. @default 1000 */
  readonly pageSize?: number | undefined;
  /**
   * A page's `pageToken`, to continue after that page; or the ids of several runs in the order of the listing, to
   * continue after the last one that still exists.
   *
   * @default the newest run
   */
  readonly from?: string | readonly string[] | undefined;
  /**
   * `true`: a page with fewer rows than `pageSize` is the end. By default only after a full page, because the server or
   * a proxy may have a lower maximum.
   *
   * @default false
   */
  readonly trustShortPage?: boolean | undefined;
  /** How many rows the next page needs, if fewer than `pageSize`. @default pageSize */
  readonly limit?: (() => number) | undefined;
  /**
   * Called with each request of the listing, to send it: the place for retries, which the client does not do. A signal
   * passed to the request aborts only that attempt; a limit lower than the page size makes that page smaller, for a
   * server that is too slow or whose responses are too large.
   *
   * @default (request) => request()
   */
  readonly attempt?: (<Result extends PageAnswer>(request: PageRequest<Result>) => Promise<Result>) | undefined;
}

/** The result of one request of a listing. */
export interface PageAnswer {
  readonly rows: readonly unknown[];
  /** The length of the response. */
  readonly bytes: number;
}

/** Sends one request of a listing. */
export type PageRequest<Result extends PageAnswer = PageAnswer> = (
  signal?: AbortSignal,
  limit?: number,
  maxResponseBytes?: number,
) => Promise<Result>;

const defaults = { pageSize: 1000 };

/** The limits of a listing's requests, and how they are sent. */
type Limits = Pick<PaginateRunsOptions, "attempt"> & CallOptions;

/** What a listing needs from a client. */
type Requester = Pick<DagsterClient, "rawRequest">;

/**
 * Lists runs, newest first, page by page, until the end is proven: a run deleted during the listing never ends it
 * early. If complete pages are deleted, it restarts from the top, so a run may be returned twice.
 *
 * @throws DagsterError `PAGING`: the pages form a cycle.
 */
export function paginateRuns(
  client: Requester,
  options: PaginateRunsOptions = {},
): AsyncGenerator<Page<RunFragment>, void, void> {
  const { filter, signal, timeoutMs, maxResponseBytes, retries, attempt = direct } = options;
  const pageSize = checkPageSize(options.pageSize);
  const { limit: wanted = () => pageSize } = options;
  return list<RunFragment>(client, options, {
    id: (run) => run.runId,
    read: (pageToken) =>
      attempt(async (attemptSignal, limit = wanted(), maxBytes = maxResponseBytes) => {
        const variables = { filter, pageToken, limit };
        const options = { signal: eitherSignal(signal, attemptSignal), timeoutMs, maxResponseBytes: maxBytes, retries };
        const { data, date, bytes } = await client.rawRequest(RunsPageDocument, variables, options);
        return { rows: runsIn(unwrap(data.runs, "Runs").results), date, limit, bytes };
      }),
  });
}

/** The same listing, ids only: 50,000 of them take the server about a second. */
export function paginateRunIds(
  client: Requester,
  options: PaginateRunsOptions = {},
): AsyncGenerator<Page<string>, void, void> {
  return list<string>(client, options, {
    id: (runId) => runId,
    read: (pageToken) =>
      readRunIds(client, options, (limit = checkPageSize(options.pageSize)) => ({
        filter: options.filter,
        pageToken,
        limit,
      })),
  });
}

/** Returns which of these runs exist. Any number: 40,000 ids in one request were accepted. */
export async function existingRunIds(
  client: Requester,
  runIds: readonly string[],
  options: Limits = {},
): Promise<ReadonlySet<string>> {
  // An empty list is no filter: the server would return every run.
  if (runIds.length === 0) return new Set();
  // All of them, whatever limit is requested: from a part one could not conclude that the others are gone.
  const { rows } = await readRunIds(client, options, () => ({ filter: { runIds }, limit: runIds.length }));
  return new Set(rows);
}

/**
 * The filter for exactly these runs. Dagster treats an empty `runIds` as no filter and would return every run; this one
 * then returns none.
 */
export function runIdsFilter(runIds: readonly string[]): RunsFilter {
  return { runIds: runIds.length > 0 ? runIds : ["-"] };
}

function list<Row>(client: Requester, options: PaginateRunsOptions, how: Pick<Listing<Row>, "id" | "read">) {
  const { trustShortPage = false, from } = options;
  const pageSize = checkPageSize(options.pageSize);
  return walk<Row>({ ...how, pageSize, trustShortPage, existing: (ids) => existingRunIds(client, ids, options) }, from);
}

async function readRunIds(
  client: Requester,
  { signal, timeoutMs, maxResponseBytes, retries, attempt = direct }: Limits,
  variablesFor: (limit: number | undefined) => RunIdsPageQueryVariables,
): Promise<{ rows: readonly string[]; date: Date | undefined; limit: number; bytes: number }> {
  return attempt(async (attemptSignal, lowerLimit, maxBytes = maxResponseBytes) => {
    const variables = variablesFor(lowerLimit);
    const options = { signal: eitherSignal(signal, attemptSignal), timeoutMs, maxResponseBytes: maxBytes, retries };
    const { data, date, bytes } = await client.rawRequest(RunIdsPageDocument, variables, options);
    return { rows: textsIn(unwrap(data.runIds, "RunIds").results, "ids of runs"), date, limit: variables.limit, bytes };
  });
}

/** Checks that runs have an id, by which to request the next page. */
function runsIn(runs: readonly RunFragment[]): readonly RunFragment[] {
  textsIn(
    objectsIn(runs, "runs").map(({ runId }) => runId),
    "ids of runs",
  );
  return runs;
}

function direct<Result extends PageAnswer>(request: PageRequest<Result>): Promise<Result> {
  return request();
}

function checkPageSize(pageSize: number = defaults.pageSize): number {
  // To Dagster, limit 0 and below means no limit.
  if (Number.isInteger(pageSize) && pageSize >= 1 && pageSize < 2 ** 31) return pageSize;
  const message = `Cannot list Dagster's runs: \`pageSize\` must be a whole number from 1, not ${pageSize}.`;
  throw new DagsterError({ code: "INVALID_OPTIONS", message });
}
