import { expect } from "vitest";
import { dagsterFurtherCases } from "./dagster-further.ts";
import { ask, type DagsterTarget } from "./dagster-target.ts";
import { type ContractCase, request } from "./request.ts";

const runFields =
  "runId jobName mode status startTime endTime updateTime creationTime tags{key value} " +
  "repositoryOrigin{repositoryName repositoryLocationName} rootRunId parentRunId";
const list = `query($f:RunsFilter,$c:String,$l:Int){list:runsOrError(filter:$f,cursor:$c,limit:$l){__typename
  ...on Runs{results{${runFields}} count}}}`;

interface Run {
  runId: string;
  jobName: string;
  mode: string;
  status: string;
  updateTime: number;
  creationTime: number;
  tags: { key: string; value: string }[];
}

async function runsOf(target: DagsterTarget, variables: object = {}): Promise<Run[]> {
  const reply = await ask(target, list, variables);
  expect(reply.status).toBe(200);
  return reply.json.data.list.results;
}

const idsOf = (runs: Run[]) => runs.map((run) => run.runId);

const lists: readonly ContractCase<DagsterTarget>[] = [
  {
    name: "runs are sorted by insertion, newest first, and the last id of a page is the cursor of the next",
    run: async (target) => {
      const all = idsOf(await runsOf(target));
      const seen: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = idsOf(await runsOf(target, { c: cursor, l: 7 }));
        if (page.length === 0) break;
        seen.push(...page);
        cursor = page.at(-1);
      }
      expect(seen).toEqual(all);
      expect(all.length).toBeGreaterThan(20);
    },
  },
  {
    name: "an unknown cursor returns an empty page without an error, an empty one the first page",
    run: async (target) => {
      expect(await runsOf(target, { c: "no-such-run", l: 5 })).toEqual([]);
      expect(idsOf(await runsOf(target, { c: "", l: 5 }))).toEqual(idsOf(await runsOf(target, { l: 5 })));
    },
  },
  {
    name: "a limit of 0 or less means no limit",
    run: async (target) => {
      const all = idsOf(await runsOf(target));
      expect(idsOf(await runsOf(target, { l: 0 }))).toEqual(all);
      expect(idsOf(await runsOf(target, { l: -1 }))).toEqual(all);
      expect(idsOf(await runsOf(target, { l: 100_000 }))).toEqual(all);
    },
  },
  {
    name: "empty lists and a zero filter nothing",
    run: async (target) => {
      const all = idsOf(await runsOf(target));
      for (const f of [{}, { runIds: [] }, { statuses: [] }, { updatedAfter: 0 }, { updatedAfter: -5 }]) {
        expect(idsOf(await runsOf(target, { f }))).toEqual(all);
      }
    },
  },
  {
    name: "runs are found by id, job, status and tag, and unknown ids are omitted",
    run: async (target) => {
      const all = await runsOf(target);
      const [first, second] = all as [Run, Run];
      const byId = await runsOf(target, { f: { runIds: [second.runId, "-", first.runId] } });
      expect(byId).toEqual([first, second]);
      const pipelineName = first.jobName;
      expect(await runsOf(target, { f: { pipelineName } })).toEqual(all.filter((run) => run.jobName === pipelineName));
      const statuses = [first.status];
      expect(await runsOf(target, { f: { statuses } })).toEqual(all.filter((run) => run.status === first.status));
      const tagged = all.find((run) => run.tags.length > 0)!;
      const [tag] = tagged.tags;
      const byTag = await runsOf(target, { f: { tags: [tag] } });
      const hasTag = (run: Run) => run.tags.some((one) => one.key === tag!.key && one.value === tag!.value);
      expect(byTag).toEqual(all.filter(hasTag));
    },
  },
  {
    name: "updatedAfter excludes its own time, and combines with a cursor",
    run: async (target) => {
      const all = await runsOf(target);
      const sorted = all.map((run) => run.updateTime).sort((a, b) => a - b);
      const updatedAfter = sorted[Math.floor(sorted.length / 2)]!;
      const expected = all.filter((run) => run.updateTime > updatedAfter);
      expect(idsOf(await runsOf(target, { f: { updatedAfter } }))).toEqual(idsOf(expected));
      const justBefore = await runsOf(target, { f: { updatedAfter: updatedAfter - 0.001 } });
      expect(justBefore.length).toBeGreaterThan(expected.length);
      const rest = await runsOf(target, { f: { updatedAfter }, c: expected[0]!.runId });
      expect(idsOf(rest)).toEqual(idsOf(expected.slice(1)));
    },
  },
  {
    name: "the count is of all runs that match the filter, not of the page",
    run: async (target) => {
      const all = await runsOf(target);
      const reply = await ask(target, list, { l: 2 });
      expect(reply.json.data.list.count).toBe(all.length);
    },
  },
  {
    name: "the list of ids and the old name of the list return the same runs",
    run: async (target) => {
      const query = `{ids:runIdsOrError(limit:5){...on RunIds{results}} old:pipelineRunsOrError(limit:5){...on Runs{results{runId}}}}`;
      const { data } = (await ask(target, query)).json;
      const five = idsOf(await runsOf(target, { l: 5 }));
      expect(data.ids.results).toEqual(five);
      expect(idsOf(data.old.results)).toEqual(five);
    },
  },
  {
    name: "a run has the mode `default`, times in seconds, and no hidden tags",
    run: async (target) => {
      for (const run of await runsOf(target, { l: 20 })) {
        expect(run.mode).toBe("default");
        expect(run.creationTime).toBeGreaterThan(1_000_000_000);
        expect(run.creationTime).toBeLessThan(10_000_000_000);
        expect(run.tags.every((tag) => !tag.key.startsWith(".dagster/"))).toBe(true);
      }
    },
  },
];

const definitions: readonly ContractCase<DagsterTarget>[] = [
  {
    name: "the workspace lists locations, schedules and sensors in one request, and load errors as data with 200",
    run: async (target) => {
      const query = `{workspaceOrError{__typename ...on Workspace{locationEntries{name loadStatus updatedTimestamp versionKey
        locationOrLoadError{__typename ...on PythonError{message} ...on RepositoryLocation{repositories{name
          schedules{id name cronSchedule pipelineName executionTimezone description scheduleState{selectorId status runningCount}}
          sensors{id name sensorType description targets{pipelineName} sensorState{selectorId status}}}}}}}}}`;
      const reply = await ask(target, query);
      expect(reply.status).toBe(200);
      for (const entry of reply.json.data.workspaceOrError.locationEntries) {
        expect(["LOADED", "LOADING"]).toContain(entry.loadStatus);
        for (const { schedules, sensors } of entry.locationOrLoadError?.repositories ?? []) {
          for (const { scheduleState } of schedules) {
            expect(scheduleState.selectorId).toMatch(/^[0-9a-f]{40}$/);
            expect(scheduleState.runningCount).toBe(scheduleState.status === "RUNNING" ? 1 : 0);
          }
          for (const { sensorState } of sensors) expect(["RUNNING", "STOPPED"]).toContain(sensorState.status);
        }
      }
    },
  },
  {
    name: "assets are the union of definitions and events, and can be requested by any key",
    run: async (target) => {
      const query = `{version statuses:__type(name:"RunStatus"){enumValues{name}}
        nodes:assetNodes{assetKey{path} groupName description repository{name location{name}} assetMaterializations(limit:1){runId timestamp}}
        keys:assetsOrError{__typename ...on AssetConnection{nodes{id key{path}} cursor}}
        none:assetOrError(assetKey:{path:["no","such asset"]}){__typename ...on Asset{id hasDefinitionOrRecord assetMaterializations(limit:1){runId}}}}`;
      const reply = await ask(target, query);
      expect(reply.status).toBe(200);
      const { version, statuses, nodes, keys, none } = reply.json.data;
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
      expect(statuses.enumValues.map((value: { name: string }) => value.name)).toContain("SUSPENDED");
      const paths = keys.nodes.map((node: { key: { path: string[] } }) => JSON.stringify(node.key.path));
      for (const node of nodes) expect(paths).toContain(JSON.stringify(node.assetKey.path));
      expect(keys.cursor).toBe(keys.nodes.at(-1).id);
      expect(none).toEqual({
        __typename: "Asset",
        id: '["no", "such asset"]',
        hasDefinitionOrRecord: false,
        assetMaterializations: [],
      });
    },
  },
  {
    name: "an empty list of asset keys returns no assets",
    run: async (target) => {
      const query =
        "{nodes:assetNodes(assetKeys:[]){id} keys:assetsOrError(assetKeys:[]){...on AssetConnection{nodes{id}}}}";
      expect((await ask(target, query)).json.data).toEqual({ nodes: [], keys: { nodes: [] } });
    },
  },
];

const failures: readonly ContractCase<DagsterTarget>[] = [
  {
    name: "a run that does not exist is data with 200",
    run: async (target) => {
      const reply = await ask(target, '{runOrError(runId:"nope"){__typename ...on RunNotFoundError{runId message}}}');
      expect([reply.status, reply.json.data.runOrError]).toEqual([
        200,
        { __typename: "RunNotFoundError", runId: "nope", message: "Pipeline run nope could not be found." },
      ]);
    },
  },
  {
    name: "a PythonError is a 500 with all other data intact",
    run: async (target) => {
      for (const field of ["runTagsOrError", 'assetsOrError(prefix:["a"],assetKeys:[])']) {
        const reply = await ask(target, `{version bad:${field}{__typename ...on PythonError{message className}}}`);
        expect(reply.status).toBe(500);
        expect(reply.json.errors).toBeUndefined();
        expect(reply.json.data.version).toMatch(/^\d/);
        expect(reply.json.data.bad.__typename).toBe("PythonError");
      }
    },
  },
  {
    name: "an invalid query is a 400 without data",
    run: async (target) => {
      const wrong = ["{", "{nope}", "", "query($x:Nope){version}", "query A{version} query B{version}"];
      for (const query of [...wrong, "query($l:Int!){runsOrError(limit:$l){__typename}}"]) {
        const reply = await ask(target, query);
        expect([reply.status, reply.json.data], query).toEqual([400, null]);
        expect(reply.json.errors[0].message).toEqual(expect.any(String));
      }
    },
  },
  {
    name: "an invalid variable is a 500 whose message starts with its name",
    run: async (target) => {
      for (const variables of [{ l: "x" }, { l: 2 ** 31 }, { f: { nope: 1 } }, { f: { statuses: ["NOPE"] } }]) {
        const reply = await ask(target, list, variables);
        expect([reply.status, reply.json.data]).toEqual([500, null]);
        expect(reply.json.errors[0].message).toMatch(/^Variable '\$[fl]' got invalid value /);
      }
    },
  },
  {
    name: "an impossible time fails where it is used, without data",
    run: async (target) => {
      const reply = await ask(target, list, { f: { updatedAfter: 1e18 } });
      expect([reply.status, reply.json.data]).toEqual([500, null]);
      expect(reply.json.errors[0].path).toEqual(["list"]);
    },
  },
  {
    name: "a request that is not GraphQL is a plain 400 or 500",
    run: async (target) => {
      const headers = { "content-type": "application/json" };
      const send = (body: string) => request(target.url, { method: "POST", headers, body });
      expect((await send("x")).status).toBe(400);
      expect((await send("{}")).status).toBe(400);
      const batch = await send('[{"query":"{version}"}]');
      expect([batch.status, batch.text]).toEqual([500, "Internal Server Error"]);
      expect((await request(`${target.url}/`, { method: "POST", headers, body: "{}" })).status).toBe(405);
    },
  },
  {
    name: "a query can be sent by GET, and server_info returns the version",
    run: async (target) => {
      const version = (await ask(target, "{version}")).json.data.version;
      const got = await request(`${target.url}?query=${encodeURIComponent("{version}")}`);
      expect(got.json).toEqual({ data: { version } });
      const info = await request(target.url.replace(/graphql$/, "server_info"));
      expect(info.json).toMatchObject({ dagster_version: version, dagster_webserver_version: expect.any(String) });
    },
  },
];

/** The Dagster behavior that the sync relies on. */
export const dagsterContract: readonly ContractCase<DagsterTarget>[] = [
  ...lists,
  ...definitions,
  ...failures,
  ...dagsterFurtherCases,
];
