/** The only place in this source that knows the server's documents and filters. */
import { type DagsterAnswer, type DagsterClient, type Run, unwrap } from "@org/dagster-client";
import {
  definitionsDocument,
  eventAssetsQuery,
  type LatestMaterialization,
  lackingRunFields,
  paginateRunIds,
  type RowPage,
  type RunsFilter,
  runChangesDocument,
  runIdsFilter,
  runsPageDocument,
  withoutFields,
} from "@org/dagster-client/sync";
import { SyncError } from "@org/sync-engine";
import {
  type AnswerOptions,
  createAnswerSize,
  createServerClock,
  expectShape,
  isTooLarge,
  type Request,
  type Shape,
  type SourceContext,
  uniqueRows,
} from "@org/sync-engine/source";
import { answers } from "./answers.ts";
import { type Definitions, readDefinitions } from "./definitions.ts";
import type { Filtered } from "./frame.ts";
import { createLargeRuns } from "./large-runs.ts";
import { HEAD_SIZE, type RunChanges } from "./run-changes.ts";
import { type PagesOptions, runPages } from "./run-pages.ts";
import { throwAt } from "./throw-at.ts";

/** This many ids cost about as much as one run. */
const IDS_PER_RUN = 10;

export function dagsterApi(
  client: DagsterClient,
  { request: send, signal, ...context }: Pick<SourceContext, "request" | "signal" | "now" | "emit">,
  pageSize: number,
) {
  const clock = createServerClock(context);
  const runsSize = createAnswerSize();
  const idsSize = createAnswerSize();
  const large = createLargeRuns(context);
  // Requests runs, without the fields that the server's version lacks once the definitions have shown which.
  let runsClient = client;
  const where = (label: string) => `The response to ${label} (${client.url})`;
  const request: Request = (label, ask, options) =>
    send(label, (signal) => ask(signal).catch((error) => throwAt(where(label), error)), options);
  /** The runs of a response, each once. */
  const runsIn = (label: string, runs: readonly Run[]) => {
    uniqueRows(runs, ["runId"], where(label));
    return runs;
  };
  function ask<Data, Result>(
    label: string,
    shape: Shape,
    call: (options: { signal: AbortSignal } & Pick<AnswerOptions, "maxResponseBytes">) => Promise<DagsterAnswer<Data>>,
    read: (data: Data, bytes: number) => Result,
    { maxResponseBytes, ...options }: Parameters<typeof request>[2] & Pick<AnswerOptions, "maxResponseBytes"> = {},
  ): Promise<Result> {
    const limit = maxResponseBytes === undefined ? {} : { maxResponseBytes };
    const asked = async (signal: AbortSignal) => {
      const { data, date, invalidDate, bytes } = await call({ signal, ...limit });
      clock.see(date?.toUTCString() ?? invalidDate);
      expectShape(shape, data, where(label));
      // Within the request, so that an error that arrives as data is retried like any other.
      return read(data, bytes);
    };
    return request(label, asked, options);
  }

  const api = {
    /** Sends a request, and rejects malformed responses. */
    ask,

    /** Runs that are too large to be read. */
    largeRuns: large.ids,

    /** Runs per response: as many as wanted, unless the server was too slow for that, or they are large. */
    get pageSize() {
      return Math.min(pageSize, runsSize.most);
    },

    /** The clocks as of the first response: see {@link createServerClock}. */
    position: () => clock.position(),

    /** All code locations with their definitions, and all asset keys, as of one moment. */
    definitions(): Promise<Definitions> {
      return ask(
        "definitions",
        answers.definitions,
        (limits) => client.rawRequest(definitionsDocument, {}, limits),
        (data) => {
          runsClient = withoutFields(client, lackingRunFields(data.run));
          return readDefinitions(data, where("definitions"));
        },
      );
    },

    /** The latest materializations of assets, in the order of their paths; undefined if there is none. */
    async materializations(paths: readonly (readonly string[])[]): Promise<(LatestMaterialization | undefined)[]> {
      const { document, variables, read } = eventAssetsQuery(paths);
      const call = (limits: object) => client.rawRequest(document, variables, limits);
      try {
        return await ask("assets by key", answers.assetsByKey, call, (data) => read(data));
      } catch (error) {
        if (!isTooLarge(error) || paths.length < 2) throw error;
        const half = Math.ceil(paths.length / 2);
        return [
          ...(await api.materializations(paths.slice(0, half))),
          ...(await api.materializations(paths.slice(half))),
        ];
      }
    },

    /**
     * The beginning of a window, runs by their ids and the newest runs, in one request. If the server is too slow for a
     * whole page, some of the ids are omitted.
     *
     * @param options.withCount also counts all runs
     * @param options.again some of the runs after a given one, or from the newest
     */
    async runChanges(
      window: RunsFilter,
      open: readonly string[],
      {
        withCount,
        again,
      }: {
        readonly withCount: boolean;
        readonly again?: { readonly from: string | undefined; readonly size: number } | undefined;
      },
    ): Promise<RunChanges> {
      const asked = (size: number, options: AnswerOptions) => {
        const asked = { window, pageSize: size, open: runIdsFilter(open.slice(0, size)), headSize: HEAD_SIZE };
        const againSize = Math.min(size, again?.size ?? 0);
        const variables = { ...asked, withCount, withAgain: again !== undefined, againFrom: again?.from, againSize };
        return ask(
          "changed runs",
          answers.runChanges,
          (limits) => runsClient.rawRequest(runChangesDocument, variables, limits),
          (data, bytes) => {
            const rows = (member: typeof data.window) => runsIn("changed runs", unwrap(member, "Runs").results);
            const runs = data.again ? rows(data.again) : [];
            const found = { again: runs, window: rows(data.window), open: rows(data.open), head: rows(data.head) };
            return {
              ...found,
              count: (data.count && unwrap(data.count, "Runs").count) ?? undefined,
              isAgainShort: runs.length < againSize,
              isWindowFull: found.window.length >= size,
              weight: { rows: Object.values(found).flat().length, bytes },
            };
          },
          options,
        );
      };
      try {
        return await runsSize.fit(pageSize, asked, { weigh: ({ weight }) => weight });
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        // One of them is too large: read in parts, it can be skipped. Nothing is concluded about the runs that were not
        // read.
        const rest = { again: [], isAgainShort: false, window: [], isWindowFull: true, open: [] };
        const head: Run[] = [];
        for await (const { rows } of api.runPages({ limit: HEAD_SIZE, trustShortPage: true })) {
          head.push(...rows);
          if (head.length >= HEAD_SIZE) break;
        }
        return { ...rest, head, count: undefined };
      }
    },

    /**
     * Returns which of these runs exist. Only a response without any run proves that the others do not: one with some
     * of them may have been truncated, by a proxy for instance. Runs that are too large, which exist, are among the
     * large runs.
     */
    async runsById(ids: readonly string[]): Promise<readonly Run[]> {
      const found = new Map<string, Run>();
      let rest = ids;
      while (rest.length > 0) {
        const page = (size: number, options: AnswerOptions) => {
          const asked = rest.slice(0, size);
          const variables = { filter: runIdsFilter(asked), limit: asked.length };
          return ask(
            "runs by id",
            answers.runs,
            (limits) => runsClient.rawRequest(runsPageDocument, variables, limits),
            (data, bytes) => ({ asked, rows: runsIn("runs by id", unwrap(data.runs, "Runs").results), bytes }),
            options,
          );
        };
        const answer = await runsSize
          .fit(rest.length, page, { weigh: ({ rows, bytes }) => ({ rows: rows.length, bytes }) })
          .catch((error: unknown) => {
            if (!isTooLarge(error)) throw error;
            return error;
          });
        if (answer instanceof Error) {
          large.add(rest[0]!, answer);
          rest = rest.slice(1);
          continue;
        }
        const { asked, rows } = answer;
        const known = found.size;
        for (const run of rows) found.set(run.runId, run);
        if (rows.length > 0 && found.size === known)
          throw new SyncError(
            "UNEXPECTED_ANSWER",
            `${where("runs by id")} contains runs that were not requested. Is there a cache or a proxy in between?`,
          );
        rest = rows.length === 0 ? rest.slice(asked.length) : rest.filter((id) => !found.has(id));
      }
      return [...found.values()];
    },

    /** Looks for a run by times just before and just after its displayed `updateTime`. */
    filtered(run: Run): Promise<Filtered> {
      const by = (updatedAfter: number) => ({ runIds: [run.runId], updatedAfter });
      const shown = run.updateTime ?? 0;
      const variables = { window: by(shown - 2), open: by(shown + 2), pageSize: 1, headSize: 1 };
      return ask(
        "the time zone of the runs",
        answers.runChanges,
        (limits) => runsClient.rawRequest(runChangesDocument, variables, limits),
        (data) => {
          const [before] = unwrap(data.window, "Runs").results;
          const [after] = unwrap(data.open, "Runs").results;
          return { ...(before && { before }), ...(after && { after }) };
        },
      ).catch((error: unknown) => {
        // The newest run is part of every such response. Not knowing is safe.
        if (!isTooLarge(error)) throw error;
        return {};
      });
    },

    /**
     * Runs by insertion, newest first, page by page, to a proven end.
     *
     * @param options.limit runs per page, if fewer than usual will do
     */
    runPages({ limit = pageSize, ...options }: PagesOptions & { readonly limit?: number }) {
      const check = (rows: readonly (Run | string)[]) => {
        expectShape(answers.runRows, rows, where("runs"));
        // For some it only checks whether they exist.
        runsIn("runs", rows.filter((row) => typeof row !== "string") as readonly Run[]);
      };
      const most = Math.min(pageSize, limit);
      return runPages(runsClient, { ...options, pageSize: most, size: runsSize, request, signal, check, large });
    },

    /** The number of runs; undefined if the server does not return it, or only with a run that is too large. */
    count(filter?: RunsFilter): Promise<number | undefined> {
      const nothing = { window: runIdsFilter([]), open: runIdsFilter([]), pageSize: 1, headSize: 1 };
      return ask(
        "the number of runs",
        answers.runChanges,
        (limits) => runsClient.rawRequest(runChangesDocument, { ...nothing, withCount: true, counted: filter }, limits),
        ({ count }) => (count && unwrap(count, "Runs").count) ?? undefined,
      ).catch((error: unknown) => {
        // The newest run is part of every such response.
        if (!isTooLarge(error)) throw error;
        return undefined;
      });
    },

    /** The ids of runs, page by page, to a proven end. */
    runIdPages(filter?: RunsFilter): AsyncGenerator<RowPage<string>, void, void> {
      const idsPerPage = IDS_PER_RUN * pageSize;
      return paginateRunIds(client, {
        filter,
        pageSize: idsPerPage,
        signal,
        attempt: (page) =>
          idsSize.fit(idsPerPage, (size, { maxResponseBytes, ...options }) =>
            request("ids of runs", (signal) => page(signal, size, maxResponseBytes), options),
          ),
      });
    },
  };
  return api;
}

export type DagsterApi = ReturnType<typeof dagsterApi>;
