import { join } from "node:path";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const to = () => `duckdb:${join(temporaryFolder(), "o.duckdb")}`;

test("--no-batch sends no POST to Airflow except the login", async () => {
  const airflow = await until(
    startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 3, days: 1, runsPerDag: 3 }) }),
  );
  const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
  const { code, stderr } = await dagsync(["sync", "--from", `airflow:${airflow.url}`, "--to", to(), "--no-batch"], {
    env,
  });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const posts = airflow.requests.filter(({ method }) => method === "POST").map(({ path }) => path);
  expect(posts).toEqual(["/auth/token"]);
});

test("--no-batch is rejected for Dagster, which has no batch endpoints", async () => {
  const dagster = await until(startDagsterSimulator());
  const { code, stderr } = await dagsync(["sync", "--from", `dagster:${dagster.url}`, "--to", to(), "--no-batch"]);
  expect(code).toBe(2);
  expect(stderr).toContain("leave it out for Dagster");
});
