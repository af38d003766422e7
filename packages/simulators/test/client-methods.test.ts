/** What the README says about both clients' methods: these work with a simulator, and the rest says that it does not. */
import { createAirflowClient, dagRuns, dags, eventLogs, monitor, taskInstances, xcoms } from "@org/airflow-client";
import { assets, codeLocations, createDagsterClient, jobs, runs, schedules, sensors } from "@org/dagster-client";
import { createAirflowSimulator, createDagsterSimulator, minute } from "@org/simulators";
import { expect, test } from "vitest";

test("the Airflow client reads DAGs, runs, task instances, attempts and the audit log", async () => {
  const { world, url, fetch } = createAirflowSimulator();
  const dag = world.addDag({ dagId: "sales", tags: ["finance"], tasks: [{ taskId: "load", retries: 1 }] });
  const run = world.addRun(dag, { runId: "a" });
  world.startRun(run);
  const task = world.task(run, "load");
  world.startTask(task);
  world.retry(task);
  world.startTask(task);
  world.finishRun(run, "failed");
  const airflow = createAirflowClient({ url, fetch, auth: { username: "admin", password: "admin" } });
  const ref = { dagId: "sales", dagRunId: "a" };

  expect(await dags.list(airflow, { tags: ["finance"] }).toArray()).toMatchObject([{ dag_id: "sales" }]);
  expect(await dags.get(airflow, "sales")).toMatchObject({ timezone: "UTC" });
  expect(await dags.stats(airflow).toArray()).toMatchObject([{ dag_id: "sales" }]);
  const filters = { dags: { tags: ["finance"] }, state: ["failed"] } as const;
  expect(await dagRuns.list(airflow, filters).toArray()).toMatchObject([{ dag_run_id: "a" }]);
  expect(await dagRuns.count(airflow, { state: ["failed"] })).toBe(1);
  expect(await dagRuns.wait(airflow, ref)).toMatchObject({ state: "failed" });
  expect(await dagRuns.countByDay(airflow, { dags: ["sales"], from: "2026-11-01" })).toMatchObject([
    { counts: { failed: 1 } },
  ]);
  const [row] = await dagRuns.gantt(airflow, ref);
  expect(row?.attempts.map(({ try_number, state }) => [try_number, state])).toEqual([
    [1, "failed"],
    [2, "failed"],
  ]);
  const [instance] = await taskInstances.list(airflow, { run: ref }).toArray();
  expect(await taskInstances.tries(airflow, instance!).toArray()).toHaveLength(2);
  expect(await eventLogs.list(airflow, { event: "trigger_dag_run" }).toArray()).toHaveLength(1);
  expect(await monitor.health(airflow)).toMatchObject({ scheduler: { status: "healthy" } });
  await expect(xcoms.list(airflow).toArray()).rejects.toThrow("The simulator does not know GET");
});

test("the Dagster client reads runs, assets, schedules, sensors, jobs and code locations", async () => {
  const { world, url, fetch } = createDagsterSimulator();
  world.addLocation("warehouse", {
    assets: [{ path: ["raw", "orders"], description: "Orders." }],
    schedules: [{ name: "nightly", jobName: "etl", crons: ["0 2 * * *"], status: "RUNNING" }],
    sensors: [{ name: "files", jobName: "import", type: "STANDARD" }],
  });
  const run = world.completeRun({ jobName: "etl" }, "FAILURE");
  world.materialize(["raw", "orders"], run);
  world.advance(minute / 1000);
  world.addRun({ jobName: "etl" });
  const dagster = createDagsterClient({ url, fetch });

  expect(await runs.list(dagster, { statuses: ["FAILURE"] }).toArray()).toMatchObject([{ runId: run.runId }]);
  expect(await runs.count(dagster, { job: "etl" })).toBe(2);
  expect(await runs.get(dagster, run.runId)).toMatchObject({ status: "FAILURE", canTerminate: false });
  expect(await runs.wait(dagster, run.runId)).toMatchObject({ status: "FAILURE" });
  const orders = { key: { path: ["raw", "orders"] }, definition: { description: "Orders." } };
  expect(await assets.list(dagster).toArray()).toMatchObject([orders]);
  expect(await assets.get(dagster, "raw/orders")).toMatchObject({ ...orders, latest: { runId: run.runId } });
  expect(await schedules.list(dagster).toArray()).toMatchObject([
    { name: "nightly", scheduleState: { status: "RUNNING" } },
  ]);
  expect(await sensors.list(dagster).toArray()).toMatchObject([{ name: "files" }]);
  expect((await jobs.list(dagster).toArray()).map(({ name }) => name)).toEqual(["etl", "import"]);
  world.breakLocation("warehouse");
  expect(await codeLocations.list(dagster).toArray()).toMatchObject([{ name: "warehouse", status: "failed" }]);
  await expect(runs.steps(dagster, run.runId)).rejects.toThrow("The simulator does not know Run.stepStats");
});
