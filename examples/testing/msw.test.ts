import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient, runs } from "@org/dagster-client";
import { createDagsterSimulator, dagRun } from "@org/simulators";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failedRuns } from "./failed-runs.ts";

const dagster = createDagsterSimulator();
dagster.world.addLocation("warehouse");
dagster.world.completeRun({ jobName: "nightly" }, "FAILURE");

const server = setupServer(
  // One answer, made of rows.
  http.get("https://airflow.example.com/api/v2/dags/~/dagRuns", () =>
    HttpResponse.json({ dag_runs: [dagRun({ dag_run_id: "bad", state: "failed" })], total_entries: 1 }),
  ),
  // Or a whole server.
  http.all("https://dagster.example.com/*", ({ request }) => dagster.fetch(request)),
);
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterAll(() => server.close());

test("lists the runs that failed", async () => {
  const airflow = createAirflowClient({ url: "https://airflow.example.com", auth: { token: "any" } });

  expect(await failedRuns(airflow)).toEqual(["bad"]);
});

test("lists the jobs that ran", async () => {
  const client = createDagsterClient({ url: "https://dagster.example.com" });

  const jobs = await Array.fromAsync(runs.list(client), ({ jobName, status }) => `${jobName}: ${status}`);
  expect(jobs).toEqual(["nightly: FAILURE"]);
});
