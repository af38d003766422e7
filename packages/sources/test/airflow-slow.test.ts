import { createEmptyAirflowWorld, type Fault, hour } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** A proxy that times out if a response has more rows than this. */
const slowBeyond = (rows: number, status: number): Fault => ({
  match: ({ path, json, query }) => {
    const limit = Number((json as { page_limit?: number } | undefined)?.page_limit ?? query.get("limit") ?? 0);
    return /dagRuns|taskInstances/.test(path) && limit > rows;
  },
  status,
  body: "<html>Gateway Time-out</html>",
  times: 100_000,
});

function threeHundredRuns() {
  const world = createEmptyAirflowWorld();
  const dags = ["a", "b", "c"].map((dagId) => world.addDag({ dagId, tasks: [{ taskId: "x" }, { taskId: "y" }] }));
  for (let index = 0; index < 100; index += 1) {
    for (const dag of dags) {
      world.at(world.now() - index * hour, () => world.finishRun(world.addRun(dag, { runId: `run ${index}` })));
    }
  }
  return world;
}

test.each([504, 524])("requests that a proxy times out (%d) are repeated in smaller parts", async (status) => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeHundredRuns() });
  simulator.faults.push(slowBeyond(70, status));
  await syncNow();
  expect(await differences()).toEqual([]);
  // 1000 and 250 runs, 5000 to 78 task instances. Two slices are read at once, and neither is retried.
  expect(simulator.requests.filter((request) => request.status === status).length).toBeLessThanOrEqual(12);

  simulator.clock.advance(20 * 60_000);
  for (const dag of world.dags.values()) for (const run of dag.runs.values()) world.clearTask(run.tasks[0]!);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("what no server returns in time, however little is requested, is an error in the server's words", async () => {
  const { simulator, syncNow, differences } = await setUp({ world: threeHundredRuns() });
  simulator.faults.push({ ...slowBeyond(0, 504), match: ({ path }) => path.endsWith("/dagRuns/list") });
  await expect(syncNow()).rejects.toThrow("answered 504");
  simulator.faults.clear();
  await syncNow();
  expect(await differences()).toEqual([]);
});
