/** The Airflow client's examples, run as their READMEs say. */
import {
  type AirflowClient,
  connections,
  createAirflowClient,
  dagRuns,
  taskInstances,
  variables,
} from "@org/airflow-client";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { startDagster } from "@org/testkit/servers/dagster";
import { beforeAll, expect, test } from "vitest";
import { airflowStories } from "../../examples/portal/airflow-stories.ts";
import { runExample } from "../support/run-example.ts";
import { log } from "./live.ts";

const timeout = 240_000;

export function testExamples(server: () => AirflowServer): void {
  let airflow: AirflowClient;
  let env: { readonly AIRFLOW_URL: string };

  beforeAll(() => {
    const { url: baseUrl, username, password } = server();
    airflow = createAirflowClient({ url: baseUrl, auth: { username, password } });
    env = { AIRFLOW_URL: baseUrl };
  });

  test("examples/airflow-trigger-and-wait waits, and shows a failed task's last lines", { timeout }, async () => {
    const conf = { AIRFLOW_CONF: '{ "lines": 1 }' };
    const said = await runExample("airflow-trigger-and-wait", { ...env, ...conf }, "speaks");
    expect(said.at(-1)).toBe("It ended: success");
    await expect(runExample("airflow-trigger-and-wait", env, "fails_first")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /It ended: failed\nonce, try 1:\n {2}Task failed with exception\n {2}RuntimeError: the first time it fails/,
      ),
    });
  });

  test("examples/portal gets an answer to every story", async () => {
    const [run] = await dagRuns.list(airflow, { dagId: "speaks", first: 1 }).toArray();
    const query = { dagId: "speaks", dagRunId: run!.dag_run_id, from: "2026-01-01", tag: "methods" };
    for (const [name, story] of Object.entries(airflowStories)) {
      expect(await story(airflow, query, {}), name).toBeDefined();
    }
  });

  test("examples/airflow-clear-failed-today reruns what failed, and nothing else", { timeout }, async () => {
    const failed = await Array.fromAsync(dagRuns.list(airflow, { state: ["failed"], dagId: "fails_first" }));
    const ofTasks = await Array.fromAsync(taskInstances.list(airflow, { state: ["failed"] }));
    const runs = new Set(ofTasks.map(({ dag_id, dag_run_id }) => `${dag_id} ${dag_run_id}`));
    expect(failed.length).toBeGreaterThan(0);
    const said = await runExample("airflow-clear-failed-today", env);
    expect(said.at(-1)).toBe(`${runs.size} runs continue`);
    for (const { dag_run_id: dagRunId } of failed) {
      expect(said).toContain(`fails_first ${dagRunId}: once`);
      const { state } = await dagRuns.wait(airflow, { dagId: "fails_first", dagRunId }, { intervalMs: 200 });
      expect(state).toBe("success");
    }
    const again = await runExample("airflow-clear-failed-today", env);
    expect(again.filter((each) => each.startsWith("fails_first"))).toEqual([]);
  });

  test("examples/airflow-backfill-week runs a DAG for seven dates, and the second time for none of them", {
    timeout,
  }, async () => {
    const [first, ...runs] = await runExample("airflow-backfill-week", env, "daily");
    expect(first).toBe("7 dates to run for");
    expect(runs.length).toBe(7);
    expect(runs.every((line) => /^\d{4}-\d\d-\d\d success$/.test(line))).toBe(true);
    const [second] = await runExample("airflow-backfill-week", env, "daily");
    expect(second).toBe("0 dates to run for");
  });

  test("examples/airflow-copy-settings copies to another version, and names what it cannot", { timeout }, async () => {
    const target = await startAirflow({ log, version: "3.0.6" });
    try {
      const other = createAirflowClient({ url: target.url, auth: { username: "admin", password: "admin" } });
      await variables.set(airflow, { key: "team/color", value: "red", description: "of the team" });
      await variables.set(airflow, { key: "their_password", value: "hidden" });
      await variables.set(other, { key: "team/color", value: "green" });
      const connection = { connection_id: "shop", conn_type: "http", host: "shop.example", port: 8080 };
      await connections.create(airflow, { ...connection, password: "unknown", extra: '{ "a": 1 }' });
      const said = await runExample("airflow-copy-settings", { ...env, AIRFLOW_TARGET_URL: target.url });
      expect(await variables.get(other, "team/color")).toMatchObject({ value: "red", description: "of the team" });
      expect(await connections.get(other, "shop")).toMatchObject({ ...connection, extra: '{"a": 1}' });
      expect(said).toContain("variable their_password: its value is hidden, set it by hand");
      expect(said).toContain("connection shop: set its secrets by hand");
      const again = await runExample("airflow-copy-settings", { ...env, AIRFLOW_TARGET_URL: target.url });
      expect(again).toEqual(said);
    } finally {
      await target.stop();
    }
  });

  test("examples/promote-when-green promotes what is green in Airflow and in Dagster, and nothing else", {
    timeout,
  }, async () => {
    const dagster = await startDagster({ log, locations: ["methods"] });
    try {
      const both = { ...env, DAGSTER_URL: dagster.url };
      await expect(runExample("promote-when-green", both, "1.0", "backfilled", "fails_first")).rejects.toMatchObject({
        code: 1,
        stdout: "Airflow's backfilled: success, Dagster's fails_first: FAILURE\n1.0 is not promoted\n",
      });
      await expect(variables.get(airflow, "release")).rejects.toMatchObject({ code: "NOT_FOUND" });
      const said = await runExample("promote-when-green", both, "1.1", "backfilled", "quick");
      expect(said.at(-1)).toBe("1.1 is promoted");
      expect((await variables.get(airflow, "release")).value).toBe("1.1");
    } finally {
      await dagster.stop();
    }
  });
}
