import { createAirflowClient } from "@org/airflow-client";
import { createAirflowSimulator } from "@org/simulators";
import { beforeEach, expect, test } from "vitest";
import { failedRuns } from "./failed-runs.ts";

let simulator: ReturnType<typeof createAirflowSimulator>;
beforeEach(() => {
  simulator = createAirflowSimulator();
});

const client = () =>
  createAirflowClient({
    url: simulator.url,
    fetch: simulator.fetch,
    auth: { username: "admin", password: "admin" },
  });

test("lists the runs that failed", async () => {
  const { world } = simulator;
  const sales = world.addDag({ dagId: "sales", tasks: [{ taskId: "extract" }, { taskId: "load" }] });
  world.finishRun(world.addRun(sales, { runId: "good" }));
  world.finishRun(world.addRun(sales, { runId: "bad" }), "failed");

  expect(await failedRuns(client())).toEqual(["bad"]);
});

test("says so if the server is busy", async () => {
  simulator.faults.push({
    status: 503,
    headers: { "retry-after": "2" },
    match: ({ path }) => path.endsWith("/dagRuns"),
  });

  await expect(failedRuns(client())).rejects.toMatchObject({ status: 503, retryable: true, retryAfterMs: 2000 });
  expect(simulator.requests.at(-1)).toMatchObject({ method: "GET", status: 503 });
});
