import { expect } from "vitest";
import { ask, type DagsterTarget } from "./dagster-target.ts";
import type { ContractCase } from "./request.ts";

interface AssetEvent {
  readonly __typename: string;
  readonly timestamp: string;
  readonly runId: string;
}

const history = `query($path:[String!]!,$c:String,$l:Int!){item:assetOrError(assetKey:{path:$path}){__typename ...on Asset{
  assetEventHistory(limit:$l,cursor:$c,eventTypeSelectors:[MATERIALIZATION,OBSERVATION,FAILED_TO_MATERIALIZE]){cursor results{
    __typename ...on MaterializationEvent{timestamp runId} ...on ObservationEvent{timestamp runId}}}}}}`;
const byTime = `query($path:[String!]!,$a:String,$b:String,$l:Int){item:assetOrError(assetKey:{path:$path}){...on Asset{
  assetMaterializations(afterTimestampMillis:$a,beforeTimestampMillis:$b,limit:$l){timestamp runId}}}}`;

/** The paths of assets that have been materialized, each with the number of its last materialization. */
async function materialized(target: DagsterTarget): Promise<{ path: string[]; number: number }[]> {
  const query = "{assets:assetsOrError{...on AssetConnection{nodes{key{path} latestEventSortKey}}}}";
  const { nodes } = (await ask(target, query)).json.data.assets;
  return nodes.flatMap(
    ({ key, latestEventSortKey: number }: { key: { path: string[] }; latestEventSortKey: string | null }) =>
      number === null ? [] : [{ path: key.path, number: Number(number) }],
  );
}

async function eventsOf(target: DagsterTarget, path: string[], limit: number, cursor?: string) {
  const { item } = (await ask(target, history, { path, l: limit, c: cursor })).json.data;
  return item.assetEventHistory as { readonly cursor: string; readonly results: readonly AssetEvent[] };
}

const numberOf = (cursor: string): number => JSON.parse(Buffer.from(cursor, "base64").toString()).value;

/** How what only opt-in streams read is listed. */
export const dagsterFurtherCases: readonly ContractCase<DagsterTarget>[] = [
  {
    name: "an asset's events are listed by falling numbers, and a page's cursor is the number of its last event",
    run: async (target) => {
      const [asset] = await materialized(target);
      const { path, number } = asset!;
      const all = await eventsOf(target, path, 1000);
      expect(all.results.length).toBeGreaterThan(0);
      expect(numberOf(all.cursor)).toBeLessThanOrEqual(number);
      const numbers: number[] = [];
      let cursor: string | undefined;
      for (let index = 0; index < all.results.length; index += 1) {
        const one = await eventsOf(target, path, 1, cursor);
        expect(one.results).toEqual([all.results[index]]);
        cursor = one.cursor;
        numbers.push(numberOf(cursor));
      }
      expect(numbers).toEqual([...numbers].sort((one, other) => other - one));
      expect(numbers).toContain(number);
      expect((await eventsOf(target, path, 1, cursor)).results).toEqual([]);
    },
  },
  {
    name: "an unknown asset has no events, in any list",
    run: async (target) => {
      const path = ["no", "such asset"];
      expect((await eventsOf(target, path, 5)).results).toEqual([]);
      const { item } = (await ask(target, byTime, { path, l: 5 })).json.data;
      expect(item.assetMaterializations).toEqual([]);
      const checks = await ask(target, '{x:assetCheckExecutions(assetKey:{path:["no"]},checkName:"no",limit:5){id}}');
      expect(checks.json.data).toEqual({ x: [] });
    },
  },
  {
    name: "bounds of an asset's events by time: the upper one excludes its own, the lower one earlier ones",
    run: async (target) => {
      const [asset] = await materialized(target);
      const { path } = asset!;
      const of = async (after: number, before: number) => {
        const reply = await ask(target, byTime, { path, a: String(after), b: String(before), l: 1000 });
        return (reply.json.data.item.assetMaterializations as AssetEvent[]).map(({ timestamp }) => Number(timestamp));
      };
      const [latest] = (await ask(target, byTime, { path, l: 1 })).json.data.item.assetMaterializations;
      const at = Number(latest.timestamp);
      expect(new Set(await of(at - 1, at + 1))).toEqual(new Set([at]));
      // What is shown is cut to milliseconds, and what is compared is not.
      expect(await of(at + 1, at + 1000)).not.toContain(at);
      expect(await of(at - 1000, at)).not.toContain(at);
    },
  },
  {
    name: "the ticks of a sensor come newest first, and those of an unknown one are an error as data",
    run: async (target) => {
      const query = `query($name:String!,$repository:String!,$location:String!){item:instigationStateOrError(
        instigationSelector:{name:$name,repositoryName:$repository,repositoryLocationName:$location}){__typename
        ...on InstigationState{ticks(limit:20){tickId status timestamp}}}}`;
      const workspace = `{workspaceOrError{...on Workspace{locationEntries{name locationOrLoadError{
        ...on RepositoryLocation{repositories{name sensors{name}}}}}}}}`;
      const { locationEntries } = (await ask(target, workspace)).json.data.workspaceOrError;
      let known = 0;
      for (const { name: location, locationOrLoadError } of locationEntries) {
        for (const { name: repository, sensors } of locationOrLoadError?.repositories ?? []) {
          for (const name of [...sensors.map((sensor: { name: string }) => sensor.name), "no such sensor"]) {
            const { status, json } = await ask(target, query, { name, repository, location });
            expect(status).toBe(200);
            const { __typename: type, ticks = [] } = json.data.item;
            expect(type).toBe(name === "no such sensor" ? "InstigationStateNotFoundError" : "InstigationState");
            const times = ticks.map(({ timestamp }: { timestamp: number }) => timestamp);
            expect(times).toEqual([...times].sort((one, other) => other - one));
            known += 1;
          }
        }
      }
      expect(known).toBeGreaterThan(1);
    },
  },
  {
    name: "an unknown backfill is an error as data, and lists of them end",
    run: async (target) => {
      const query = `query($c:String,$l:Int){one:partitionBackfillOrError(backfillId:"nope"){__typename}
        all:partitionBackfillsOrError(cursor:$c,limit:$l){__typename ...on PartitionBackfills{results{id status timestamp}}}}`;
      const { one, all } = (await ask(target, query, { l: 1000 })).json.data;
      expect(one).toEqual({ __typename: "BackfillNotFoundError" });
      const ids = all.results.map(({ id }: { id: string }) => id);
      const pages: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const { results } = (await ask(target, query, { l: 2, c: cursor })).json.data.all;
        if (results.length === 0) break;
        pages.push(...results.map(({ id }: { id: string }) => id));
        cursor = pages.at(-1);
      }
      expect(pages).toEqual(ids);
    },
  },
  {
    name: "steps are asked for by run, and an unknown run is left out",
    run: async (target) => {
      const query = `query($ids:[String!]!){runs:runsOrError(filter:{runIds:$ids},limit:10){...on Runs{results{runId
        stepStats{stepKey status startTime endTime attempts{startTime endTime} materializations{__typename}}}}}}`;
      const some = "{runs:runsOrError(filter:{statuses:[SUCCESS]},limit:1){...on Runs{results{runId}}}}";
      const [{ runId }] = (await ask(target, some)).json.data.runs.results;
      const { results } = (await ask(target, query, { ids: [runId, "nope"] })).json.data.runs;
      expect(results).toEqual([{ runId, stepStats: expect.any(Array) }]);
    },
  },
  {
    name: "the parts of the daemon, the queue of runs and the pools are told at once",
    run: async (target) => {
      const query = `{instance{daemonHealth{allDaemonStatuses{daemonType required healthy lastHeartbeatTime}}
        runQueueConfig{maxConcurrentRuns} concurrencyLimits{concurrencyKey slotCount activeSlotCount pendingStepCount}}}`;
      const { status, json } = await ask(target, query);
      expect(status).toBe(200);
      expect(json.data.instance.daemonHealth.allDaemonStatuses).toEqual(expect.any(Array));
      expect(json.data.instance.concurrencyLimits).toEqual(expect.any(Array));
    },
  },
];
