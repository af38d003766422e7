/** What the further streams request: the only place among them that knows the server's documents. */
import { type DagsterClient, type TypedDocument, unwrap } from "@org/dagster-client";
import {
  assetCheckExecutionsDocument,
  assetEventsByTimeDocument,
  assetEventsDocument,
  backfillByIdDocument,
  backfillsPageDocument,
  instigatorTicksDocument,
  latestAssetEventsDocument,
  type OptionalField,
  type OverviewAnswer,
  overviewDocument,
  type RunsStepsAnswer,
  repeatedQuery,
  runsStepsDocument,
  withoutFields,
} from "@org/dagster-client/sync";
import { type AnswerSize, createAnswerSize, type Shape } from "@org/sync-engine/source";
import type { DagsterApi } from "../api.ts";
import { furtherAnswers } from "./answers.ts";

/** An overview shows this many of the newest backfills. */
export const BACKFILLS_PER_PAGE = 50;

/** Things that a request asks about, at most. */
const PER_REQUEST = 500;

/** Runs whose steps are requested at once, at most: the server reads the whole log of each. */
const RUNS_PER_REQUEST = 100;

/** A thing that was asked about, and what the server answered. */
export interface Answered<Asked, Item> {
  readonly asked: Asked;
  readonly item: Item;
}

/** A query about one thing, to ask about many. */
interface Question<Item, Variables> {
  readonly label: string;
  readonly document: TypedDocument<{ readonly item: Item }, Variables>;
  readonly shape: Shape;
  /** Selected fields that the server's version lacks. @default none */
  readonly lacking?: readonly OptionalField[];
}

export type FurtherApi = ReturnType<typeof furtherApi>;

/**
 * @param lacks the fields that the server's version lacks
 */
export function furtherApi(
  client: DagsterClient,
  { ask }: Pick<DagsterApi, "ask">,
  lacks: () => Promise<readonly OptionalField[]>,
) {
  const sizes = new Map<string, AnswerSize>();
  const stepsSize = createAnswerSize();
  /** Asks about many things, in as few requests as their responses allow. Yields each response. */
  async function* askMany<Asked, Variables extends object, Item, Result>(
    { label, document, shape, lacking = [] }: Question<Item, Variables>,
    all: readonly Asked[],
    variablesOf: (asked: Asked) => Variables,
    read: (item: Item) => Result,
  ): AsyncGenerator<readonly Answered<Asked, Result>[]> {
    const size = sizes.get(label) ?? createAnswerSize();
    sizes.set(label, size);
    for (let start = 0; start < all.length; ) {
      const answer = await size.fit(
        Math.min(PER_REQUEST, all.length - start),
        (most, options) => {
          const asked = all.slice(start, start + most);
          const query = repeatedQuery(document, asked.map(variablesOf));
          return ask(
            label,
            shape,
            (limits) => withoutFields(client, lacking).rawRequest(query.document, query.variables, limits),
            (data, bytes) => {
              const items = query.read(data);
              return { bytes, found: asked.map((one, index) => ({ asked: one, item: read(items[index]!) })) };
            },
            options,
          );
        },
        { weigh: ({ found, bytes }) => ({ rows: found.length, bytes }) },
      );
      start += answer.found.length;
      yield answer.found;
    }
  }

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
        { label: "ticks", document: instigatorTicksDocument, shape: furtherAnswers.ticks },
        all,
        ({ selector, after, before, limit }) => ({ selector, after, before, limit }),
        (item) => unwrap(item, "InstigationState").ticks,
      ),

    /** Events of assets by insertion, the newest first. */
    assetEvents: <Asked extends { readonly path: readonly string[]; readonly cursor?: string }>(
      all: readonly Asked[],
      limit: number,
    ) =>
      askMany(
        { label: "events of assets", document: assetEventsDocument, shape: furtherAnswers.assetEvents },
        all,
        ({ path, cursor }) => ({ key: { path }, cursor, limit }),
        (item) => unwrap(item, "Asset").history,
      ),

    /** The same of versions that cannot list them so: within bounds of time, in ms since 1970. */
    assetEventsByTime: <Asked extends EventsQuestion>(all: readonly Asked[]) =>
      askMany(
        { label: "events of assets", document: assetEventsByTimeDocument, shape: furtherAnswers.assetEventsByTime },
        all,
        ({ path, after, before, limit }) => ({ key: { path }, after: textOf(after), before: textOf(before), limit }),
        (item) => unwrap(item, "Asset"),
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
      const query = { document: assetCheckExecutionsDocument, shape: furtherAnswers.checkExecutions, lacking };
      yield* askMany(
        { label: "executions of asset checks", ...query },
        all,
        ({ path, name, cursor, limit }) => ({ key: { path }, name, cursor, limit }),
        (item) => item,
      );
    },

    /** The steps of runs; nothing of runs that do not exist. */
    async *steps(runIds: readonly string[]) {
      for (let start = 0; start < runIds.length; ) {
        const answer = await stepsSize.fit(
          Math.min(RUNS_PER_REQUEST, runIds.length - start),
          (most, options) => {
            const asked = runIds.slice(start, start + most);
            return ask(
              "steps of runs",
              furtherAnswers.steps,
              (limits) => client.rawRequest(runsStepsDocument, { runIds: asked, limit: asked.length }, limits),
              (data, bytes) => ({ asked, bytes, runs: unwrap(data.runs, "Runs").results }),
              options,
            );
          },
          { weigh: ({ asked, bytes }) => ({ rows: asked.length, bytes }) },
        );
        start += answer.asked.length;
        yield answer.runs;
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
        { label: "backfills by id", document: backfillByIdDocument, shape: furtherAnswers.backfillsById },
        ids,
        (backfillId) => ({ backfillId }),
        (item) => (item?.__typename === "BackfillNotFoundError" ? undefined : unwrap(item, "PartitionBackfill")),
      ),
  };
}

/** The steps of a run. */
export type RunSteps = Extract<RunsStepsAnswer["runs"], { readonly __typename: "Runs" }>["results"][number];

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

function textOf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : String(time);
}
