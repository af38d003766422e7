import { createAirflowClient, dagRuns } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import {
  createAirflowSimulator,
  createDagsterSimulator,
  createDemoAirflowWorld,
  createDemoDagsterWorld,
} from "@org/simulators";
import { afterEach, expect, test, vi } from "vitest";
import { airflowStories } from "./airflow-stories.ts";
import { dagsterStories } from "./dagster-stories.ts";
import { createPortal } from "./portal.ts";

const airflow = createAirflowSimulator({ world: createDemoAirflowWorld() });
const dagster = createDagsterSimulator({ world: createDemoDagsterWorld({ runs: 300 }) });
const origin = "https://portal.test";
const auth = { username: "admin", password: "admin" };

const portal = createPortal({
  airflow: createAirflowClient({ url: airflow.url, fetch: airflow.fetch, auth }),
  dagster: createDagsterClient({ url: dagster.url, fetch: dagster.fetch }),
  fetch: (request) => (request.url.startsWith(airflow.url) ? airflow : dagster).fetch(request),
});
const ask = async (path: string) => {
  const response = await portal(new Request(origin + path));
  const json = await response.json();
  expect(response.status, `${path}: ${JSON.stringify(json)}`).toBe(200);
  return json;
};
afterEach(() => {
  airflow.requests.clear();
  vi.unstubAllGlobals();
});

const failedRuns = airflow.world
  .runs()
  .filter(({ state }) => state === "failed")
  .sort((a, b) => b.runAfter - a.runAfter || b.id - a.id);

test("a table of failed runs is one request, and so is its next page", async () => {
  const first = await ask("/api/airflow/failed-runs");
  expect(airflow.requests.filter(({ path }) => path.endsWith("/dagRuns")).length).toBe(1);
  const second = await ask(`/api/airflow/failed-runs?pageToken=${encodeURIComponent(first.nextPageToken)}`);
  const ids = [...first.runs, ...second.runs].map(({ dag_run_id }) => dag_run_id);
  expect(ids).toEqual(failedRuns.slice(0, 40).map(({ runId }) => runId));
  expect(first.runs[0].url).toBe(`${airflow.url}/dags/${failedRuns[0]!.dag.dagId}/runs/${encodeURIComponent(ids[0])}`);
});

test("the tiles count what is there", async () => {
  expect(await ask("/api/airflow/failed-count")).toBe(failedRuns.length);
  expect(await ask("/api/airflow/failed-count?since=2100-01-01")).toBe(0);
  const failed = [...dagster.world.runs.values()].filter(({ status }) => status === "FAILURE");
  expect(await ask("/api/dagster/failed-count")).toBe(failed.length);
});

test("my team's runs are those of its DAGs", async () => {
  const { tags } = failedRuns[0]!.dag;
  const ofTeam = failedRuns.filter(({ dag }) => dag.tags.includes(tags[0]!)).map(({ runId }) => runId);
  const found: { readonly dag_run_id: string }[] = await ask(`/api/airflow/team-runs?tag=${tags[0]}`);
  expect(found.map(({ dag_run_id }) => dag_run_id)).toEqual(ofTeam.slice(0, 20));
});

test("every story of Dagster and of Airflow is answered", async () => {
  const [run] = airflow.world.runs();
  const [dagsterRun] = dagster.world.runs.values();
  const which: Record<string, string> = {
    "airflow/run": `?dagId=${run!.dag.dagId}&dagRunId=${encodeURIComponent(run!.runId)}`,
    "airflow/calendar": `?dagId=${run!.dag.dagId}&from=2026-11-01`,
    "airflow/team-runs": "?tag=finance",
    "dagster/run": `?runId=${dagsterRun!.runId}`,
  };
  for (const name of Object.keys(airflowStories)) {
    expect(await ask(`/api/airflow/${name}${which[`airflow/${name}`] ?? ""}`), name).toBeDefined();
  }
  for (const name of Object.keys(dagsterStories)) {
    expect(await ask(`/api/dagster/${name}${which[`dagster/${name}`] ?? ""}`), name).toBeDefined();
  }
});

test("errors of the servers keep their messages, and say whether to try again", async () => {
  airflow.faults.push({ status: 503, match: ({ path }) => path.endsWith("/health") });
  const busy = await portal(new Request(`${origin}/api/airflow/health`));
  expect([busy.status, (await busy.json()).retryable]).toEqual([503, true]);
  const missing = await portal(new Request(`${origin}/api/airflow/run?dagId=nope&dagRunId=nope`));
  expect(missing.status).toBe(404);
});

test("a page reaches the servers through the portal, by a path of its own origin", async () => {
  vi.stubGlobal("location", { origin });
  const client = createAirflowClient({
    url: "/airflow",
    auth,
    fetch: (input, init) => portal(new Request(input, init)),
  });
  expect(client.url).toBe(`${origin}/airflow`);
  expect(await dagRuns.count(client, { state: ["failed"] })).toBe(failedRuns.length);
  const other = createDagsterClient({ url: "/dagster", fetch: (input, init) => portal(new Request(input, init)) });
  expect(await other.request("{ version }")).toEqual({ version: "1.13.27" });
});
