/** The only place of this source that knows the server's documents and filters. */
import {
  type DagsterAnswer,
  type DagsterClient,
  type DagsterMaterialization,
  type DagsterPage,
  type DagsterRun,
  type DagsterRunsFilter,
  definitionsDocument,
  eventAssetsQuery,
  lackingRunFields,
  type PaginateRunsOptions,
  paginateRunIds,
  paginateRuns,
  runChangesDocument,
  runIdsFilter,
  runsPageDocument,
  unwrap,
  withoutFields,
} from "@org/dagster-client";
import {
  createAnswerSize,
  createServerClock,
  expectShape,
  type Shape,
  type SourceContext,
  SyncError,
  uniqueRows,
} from "@org/sync-engine";
import { answers } from "./answers.ts";
import { type Definitions, readDefinitions } from "./definitions.ts";
import type { Filtered } from "./frame.ts";

/** How many of the newest runs every sync looks at, however old the times in them are. */
export const HEAD_SIZE = 50;

/** So many ids cost about as much as one run. */
const IDS_PER_RUN = 10;

/** The answer to what a sync asks each time. The parts are read one after the other. */
export interface RunChanges {
  /** How many runs there are; undefined where it was not asked, or not answered. */
  readonly count: number | undefined;
  /** The runs that were asked for again; none where none were. */
  readonly again: readonly DagsterRun[];
  /** Whether these are all that there are after the run that they were to come after, provided that it still exists. */
  readonly isAgainShort: boolean;
  /** The newest page of the runs that the window holds. */
  readonly window: readonly DagsterRun[];
  /** Those of the runs asked for by id that exist. */
  readonly open: readonly DagsterRun[];
  /** The newest runs by insertion, {@link HEAD_SIZE} of them or all there are. */
  readonly head: readonly DagsterRun[];
}

export function dagsterApi(
  client: DagsterClient,
  { request, signal, ...context }: Pick<SourceContext, "request" | "signal" | "now" | "emit">,
  pageSize: number,
) {
  const clock = createServerClock(context);
  const runsSize = createAnswerSize();
  const idsSize = createAnswerSize();
  // Asks for runs: without the fields that the server's version lacks, once the definitions have told which.
  let runsClient = client;
  const where = (label: string) => `The answer to ${label} (${client.url})`;
  /** The runs of an answer, each of which is there once. */
  const runsIn = (label: string, runs: readonly DagsterRun[]) => {
    uniqueRows(runs, ["runId"], where(label));
    return runs;
  };
  /** Asks, and believes no answer of another shape. */
  function ask<Data, Result>(
    label: string,
    shape: Shape,
    call: (signal: AbortSignal) => Promise<DagsterAnswer<Data>>,
    read: (data: Data) => Result,
    options?: Parameters<typeof request>[2],
  ): Promise<Result> {
    const asked = async (signal: AbortSignal) => {
      const { data, date, invalidDate } = await call(signal);
      clock.see(date?.toUTCString() ?? invalidDate);
      expectShape(shape, data, where(label));
      // Here, so that an error which comes as data is repeated like any other.
      return read(data);
    };
    return request(label, asked, options);
  }

  return {
    /** Runs in an answer: as many as were wanted, unless the server was too slow for that. */
    get pageSize() {
      return Math.min(pageSize, runsSize.most);
    },

    /** The clocks as of the first answer: see {@link createServerClock}. */
    position: () => clock.position(),

    /** All code locations with what they define, and all asset keys, as of one moment. */
    definitions(): Promise<Definitions> {
      return ask(
        "definitions",
        answers.definitions,
        (signal) => client.rawRequest(definitionsDocument, {}, { signal }),
        (data) => {
          runsClient = withoutFields(client, lackingRunFields(data.run));
          return readDefinitions(data);
        },
      );
    },

    /** The latest materializations of assets, in the order of their paths; undefined where there is none. */
    materializations(paths: readonly (readonly string[])[]): Promise<(DagsterMaterialization | undefined)[]> {
      const { document, variables, read } = eventAssetsQuery(paths);
      return ask(
        "assets by key",
        answers.assetsByKey,
        (signal) => client.rawRequest(document, variables, { signal }),
        read,
      );
    },

    /**
     * The beginning of a window, runs by their ids and the newest runs, in one request. Where the server is too slow for
     * a whole page, some of the ids are not asked for.
     *
     * @param options.withCount has all runs counted, too
     * @param options.again some of the runs after one of them, or of all
     */
    runChanges(
      window: DagsterRunsFilter,
      open: readonly string[],
      {
        withCount,
        again,
      }: {
        readonly withCount: boolean;
        readonly again?: { readonly from: string | undefined; readonly size: number } | undefined;
      },
    ): Promise<RunChanges> {
      return runsSize.fit(pageSize, (size, options) => {
        const asked = { window, pageSize: size, open: runIdsFilter(open.slice(0, size)), headSize: HEAD_SIZE };
        const againSize = Math.min(size, again?.size ?? 0);
        const variables = { ...asked, withCount, withAgain: again !== undefined, againFrom: again?.from, againSize };
        return ask(
          "changed runs",
          answers.runChanges,
          (signal) => runsClient.rawRequest(runChangesDocument, variables, { signal }),
          (data) => {
            const rows = (member: typeof data.window) => runsIn("changed runs", unwrap(member, "Runs").results);
            const runs = data.again ? rows(data.again) : [];
            return {
              count: (data.count && unwrap(data.count, "Runs").count) ?? undefined,
              again: runs,
              isAgainShort: runs.length < againSize,
              window: rows(data.window),
              open: rows(data.open),
              head: rows(data.head),
            };
          },
          options,
        );
      });
    },

    /**
     * Those of these runs that exist. That the others do not is proven by an answer without any run: one with some of
     * them may have been cut, by a proxy for instance.
     */
    async runsById(ids: readonly string[]): Promise<readonly DagsterRun[]> {
      const found = new Map<string, DagsterRun>();
      let rest = ids;
      while (rest.length > 0) {
        const { asked, rows } = await runsSize.fit(rest.length, (size, options) => {
          const asked = rest.slice(0, size);
          const variables = { filter: runIdsFilter(asked), limit: asked.length };
          return ask(
            "runs by id",
            answers.runs,
            (signal) => runsClient.rawRequest(runsPageDocument, variables, { signal }),
            (data) => ({ asked, rows: runsIn("runs by id", unwrap(data.runs, "Runs").results) }),
            options,
          );
        });
        const known = found.size;
        for (const run of rows) found.set(run.runId, run);
        if (rows.length > 0 && found.size === known)
          throw new SyncError(
            "UNEXPECTED_ANSWER",
            `${where("runs by id")} has other runs than were asked for. Is there a cache or a proxy in between?`,
          );
        rest = rows.length === 0 ? rest.slice(asked.length) : rest.filter((id) => !found.has(id));
      }
      return [...found.values()];
    },

    /** Looks for a run by times just before and just after the `updateTime` that it shows. */
    filtered(run: DagsterRun): Promise<Filtered> {
      const by = (updatedAfter: number) => ({ runIds: [run.runId], updatedAfter });
      const shown = run.updateTime ?? 0;
      const variables = { window: by(shown - 2), open: by(shown + 2), pageSize: 1, headSize: 1 };
      return ask(
        "the time zone of the runs",
        answers.runChanges,
        (signal) => runsClient.rawRequest(runChangesDocument, variables, { signal }),
        (data) => {
          const [before] = unwrap(data.window, "Runs").results;
          const [after] = unwrap(data.open, "Runs").results;
          return { ...(before && { before }), ...(after && { after }) };
        },
      );
    },

    /**
     * Runs from the newest by insertion, page by page, to an end that is proven.
     *
     * @param options.limit runs of a page, where fewer than usual will do
     */
    runPages({
      limit = pageSize,
      ...options
    }: Pick<PaginateRunsOptions, "filter" | "from" | "trustShortPage"> & { readonly limit?: number }): AsyncGenerator<
      DagsterPage<DagsterRun>,
      void,
      void
    > {
      const most = Math.min(pageSize, limit);
      return paginateRuns(runsClient, {
        ...options,
        pageSize: most,
        signal,
        attempt: (page) =>
          runsSize.fit(most, (size, options) =>
            request(
              "runs",
              async (signal) => {
                const answer = await page(signal, size);
                expectShape(answers.runRows, answer.rows, where("runs"));
                // Of some it only wants to know whether they exist.
                runsIn("runs", answer.rows.filter((row) => typeof row !== "string") as readonly DagsterRun[]);
                return answer;
              },
              options,
            ),
          ),
      });
    },

    /** The ids of all runs there are, page by page, to an end that is proven. */
    runIdPages(): AsyncGenerator<DagsterPage<string>, void, void> {
      const idsPerPage = IDS_PER_RUN * pageSize;
      return paginateRunIds(client, {
        pageSize: idsPerPage,
        signal,
        attempt: (page) =>
          idsSize.fit(idsPerPage, (size, options) => request("ids of runs", (signal) => page(signal, size), options)),
      });
    },
  };
}

export type DagsterApi = ReturnType<typeof dagsterApi>;
