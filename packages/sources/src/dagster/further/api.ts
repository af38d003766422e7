/** What the further streams request: the only place among them that knows the server's documents. */
import { type DagsterClient, unwrap } from "@org/dagster-client";
import {
  assetCheckExecutionsDocument,
  assetEventsByTimeDocument,
  assetEventsDocument,
  backfillByIdDocument,
  backfillsPageDocument,
  type InstigatorTick,
  instigatorTicksDocument,
  latestAssetEventsDocument,
  type OptionalField,
  type OverviewAnswer,
  overviewDocument,
  type RunsStepsAnswer,
  runsStepsDocument,
  withoutFields,
} from "@org/dagster-client/sync";
import { createAnswerSize, isTooLarge, type SourceContext } from "@org/sync-engine/source";
import type { DagsterApi } from "../api.ts";
import { assetId } from "../tables/assets.ts";
import { furtherAnswers } from "./answers.ts";
import { createAskMany, createReportUnread, isUnanswered, withoutParts } from "./ask-many.ts";

/** An overview shows this many of the newest backfills. */
export const BACKFILLS_PER_PAGE = 50;

/** Runs whose steps are requested at once, at most: the server reads the whole log of each. */
const RUNS_PER_REQUEST = 100;

export type FurtherApi = ReturnType<typeof furtherApi>;

/**
 * @param lacks the fields that the server's version lacks
 */
export function furtherApi(
  client: DagsterClient,
  api: Pick<DagsterApi, "ask">,
  lacks: () => Promise<readonly OptionalField[]>,
  context: Pick<SourceContext, "emit">,
) {
  const { ask } = api;
  const stepsSize = createAnswerSize();
  const report = createReportUnread(context);
  const askMany = createAskMany(client, api, report);

  return {
    /** What these streams need of the server as a whole, in one request. */
    async overview(streams: ReadonlySet<string>): Promise<OverviewAnswer> {
      const has = (...names: string[]) => names.some((name) => streams.has(name));
      const lacking = await lacks();
      const variables = {
        // With the definitions, as of the same moment: which of them are known.
        locations: has("code_locations", "asset_edges"),
        daemons: has("daemons"),
        concurrency: has("concurrency"),
        backfills: has("backfills"),
        edges: has("asset_edges"),
        checks: has("asset_checks"),
        // Older versions do not list them so.
        events: has("materializations") && !lacking.includes("latestEventSortKey"),
        backfillsLimit: BACKFILLS_PER_PAGE,
      };
      return ask(
        "an overview",
        furtherAnswers.overview,
        (limits) => withoutFields(client, lacking).rawRequest(overviewDocument, variables, limits),
        (data) => data,
      );
    },

    /** Ticks of schedules and sensors within bounds of time, in seconds since 1970; the newest first. */
    ticks: <Asked extends TicksQuestion>(all: readonly Asked[]) =>
      askMany(
        {
          ...{ label: "ticks", document: instigatorTicksDocument, shape: furtherAnswers.ticks },
          variables: ({ selector, after, before, limit }: Asked) => ({ selector, after, before, limit }),
          read: (item) => unwrap(item, "InstigationState").ticks,
          rows: {
            heavy: ["skipReason", "cursor", "error"],
            of: (ticks) => ticks,
            thing: ({ selector }) => `${selector.name} (${selector.repositoryLocationName})`,
            time: ({ timestamp }: InstigatorTick) => dateOf(timestamp * 1000),
            isDivisible: true,
          },
        },
        all,
      ),

    /** Events of assets by insertion, the newest first. */
    assetEvents: <Asked extends { readonly path: readonly string[]; readonly cursor?: string; readonly limit: number }>(
      all: readonly Asked[],
    ) =>
      askMany(
        {
          ...{ label: "events of assets", document: assetEventsDocument, shape: furtherAnswers.assetEvents },
          variables: ({ path, cursor, limit }: Asked) => ({ key: { path }, cursor, limit }),
          read: (item) => unwrap(item, "Asset").history,
          rows: { ...eventRows, of: ({ results }) => results, isDivisible: true },
        },
        all,
      ),

    /** The same of versions that cannot list them so: within bounds of time, in ms since 1970. */
    assetEventsByTime: <Asked extends EventsQuestion>(all: readonly Asked[]) =>
      askMany(
        {
          ...{ label: "events of assets", document: assetEventsByTimeDocument },
          shape: furtherAnswers.assetEventsByTime,
          variables: eventsVariables,
          read: (item) => unwrap(item, "Asset"),
          // A page must be longer than the events of one moment.
          rows: { ...eventRows, of: (asset) => [...asset.materializations, ...asset.observations], isDivisible: false },
        },
        all,
      ),

    /** The same of every version, without what may be large: whether there are events. */
    someEvents: <Asked extends EventsQuestion>(all: readonly Asked[]) =>
      askMany(
        {
          label: "whether assets have events",
          document: withoutParts(assetEventsByTimeDocument, eventRows.heavy),
          shape: furtherAnswers.assetEventsByTime,
          variables: eventsVariables,
          read: (item) => {
            const { materializations, observations } = unwrap(item, "Asset");
            return [...materializations, ...observations].map(({ runId }) => runId);
          },
        },
        all,
      ),

    /** When assets last had an event, in ms since 1970, of versions that do not number events. */
    latestEvents(): Promise<readonly LatestEvent[]> {
      return ask(
        "latest events of assets",
        furtherAnswers.latestEvents,
        (limits) => client.rawRequest(latestAssetEventsDocument, {}, limits),
        (data) =>
          unwrap(data.assets, "AssetConnection").nodes.map(({ key, assetMaterializations, assetObservations }) => {
            const times = [...assetMaterializations, ...assetObservations].map(({ timestamp }) => Number(timestamp));
            return { path: key.path, at: times.length === 0 ? undefined : Math.max(...times) };
          }),
      );
    },

    /** Executions of checks, the newest first. */
    async *checkExecutions<Asked extends ExecutionsQuestion>(all: readonly Asked[]) {
      const lacking = (await lacks()).filter((field) => field === "partition");
      yield* askMany(
        {
          ...{ label: "executions of asset checks", document: assetCheckExecutionsDocument, lacking },
          shape: furtherAnswers.checkExecutions,
          variables: ({ path, name, cursor, limit }: Asked) => ({ key: { path }, name, cursor, limit }),
          read: (item) => item,
          rows: {
            heavy: ["description", "metadataEntries"],
            of: (executions) => executions,
            thing: ({ path, name }) => `${name} of ${assetId(path)}`,
            time: ({ timestamp }: { readonly timestamp: number }) => dateOf(timestamp * 1000),
            isDivisible: true,
          },
        },
        all,
      );
    },

    /** The steps of runs; nothing of runs that do not exist. One whose steps cannot be read is reported. */
    async *steps(runIds: readonly string[]) {
      let most = RUNS_PER_REQUEST;
      for (let start = 0; start < runIds.length; ) {
        let asked: readonly string[] = [];
        try {
          const answer = await stepsSize.fit(
            Math.min(most, runIds.length - start),
            (count, options) => {
              asked = runIds.slice(start, start + count);
              return ask(
                "steps of runs",
                furtherAnswers.steps,
                (limits) => client.rawRequest(runsStepsDocument, { runIds: asked, limit: asked.length }, limits),
                (data, bytes) => ({ bytes, runs: unwrap(data.runs, "Runs").results }),
                { ...options, ...(most < RUNS_PER_REQUEST && { retries: 1 }) },
              );
            },
            { weigh: ({ bytes }) => ({ rows: asked.length, bytes }) },
          );
          start += asked.length;
          most = Math.min(RUNS_PER_REQUEST, most * 2);
          yield answer.runs;
        } catch (error) {
          if (!isUnanswered(error) && !isTooLarge(error)) throw error;
          most = Math.max(1, Math.ceil(asked.length / 2));
          if (asked.length > 1) continue;
          report(`the steps of run ${asked[0]}`, error);
          start += 1;
        }
      }
    },

    /** The backfills after this one, the newest first. */
    backfills(cursor: string | undefined) {
      return ask(
        "backfills",
        furtherAnswers.backfillsPage,
        (limits) => client.rawRequest(backfillsPageDocument, { cursor, limit: BACKFILLS_PER_PAGE }, limits),
        (data) => unwrap(data.backfills, "PartitionBackfills").results,
      );
    },

    /** Backfills by their ids; undefined for one that does not exist. */
    backfillsById: (ids: readonly string[]) =>
      askMany(
        {
          ...{ label: "backfills by id", document: backfillByIdDocument, shape: furtherAnswers.backfillsById },
          variables: ({ backfillId }: BackfillQuestion) => ({ backfillId }),
          read: (item) =>
            item?.__typename === "BackfillNotFoundError" ? undefined : unwrap(item, "PartitionBackfill"),
        },
        ids.map((backfillId): BackfillQuestion => ({ backfillId })),
      ),
  };
}

/** The steps of a run. */
export type RunSteps = Extract<RunsStepsAnswer["runs"], { readonly __typename: "Runs" }>["results"][number];

interface BackfillQuestion {
  readonly backfillId: string;
  readonly limit?: number;
}

/** Which ticks. */
export interface TicksQuestion {
  readonly selector: {
    readonly name: string;
    readonly repositoryName: string;
    readonly repositoryLocationName: string;
  };
  readonly after: number | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

/** Which events, in ms since 1970. */
export interface EventsQuestion {
  readonly path: readonly string[];
  readonly after: number | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

/** Which executions of a check: those before the cursor, the id of one. */
export interface ExecutionsQuestion {
  readonly path: readonly string[];
  readonly name: string;
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** When an asset last had an event, in ms since 1970; undefined if it never had one. */
export interface LatestEvent {
  readonly path: readonly string[];
  readonly at: number | undefined;
}

/** How to get past an event of an asset. */
const eventRows = {
  heavy: ["description", "metadataEntries", "tags"],
  thing: ({ path }: { readonly path: readonly string[] }) => assetId(path),
  time: ({ timestamp }: { readonly timestamp: string }) => dateOf(Number(timestamp)),
};

const eventsVariables = ({ path, after, before, limit }: EventsQuestion) => ({
  ...{ key: { path }, after: textOf(after), before: textOf(before), limit },
});

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

function textOf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : String(time);
}
