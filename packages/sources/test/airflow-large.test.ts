import { type AirflowWorld, createEmptyAirflowWorld, minute } from "@org/simulators";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** Of one run, in bytes: a few hundred of them are more than one answer should have. */
const CONF_BYTES = 200_000;

/** Runs with a large conf each. */
function heavy(world: AirflowWorld, dags: number, runs: number, runAfter: (index: number) => number): AirflowWorld {
  const conf = { text: "x".repeat(CONF_BYTES) };
  for (let number = 0; number < dags; number += 1) {
    const dag = world.addDag({ dagId: `dag ${number}`, tasks: [{ taskId: "a" }] });
    for (let index = 0; index < runs; index += 1) {
      world.finishRun(world.addRun(dag, { runId: `run ${index}`, runAfter: runAfter(index), conf }));
    }
  }
  world.advance(60 * minute);
  return world;
}

/** How many rows each request for runs asked for. */
const limitsOf = (requests: readonly { readonly path: string; readonly body: unknown; readonly query: string }[]) =>
  requests
    .filter(({ path }) => /dagRuns(\/list)?$/.test(path))
    .map(({ body, query }) =>
      Number((body as { page_limit?: number })?.page_limit ?? new URLSearchParams(query).get("limit")),
    );

test.each([true, false])("runs that are large are asked for in answers that are not (batch: %s)", async (batch) => {
  const world = createEmptyAirflowWorld();
  heavy(world, 2, 30, (index) => world.now() - index * minute);
  const { simulator, syncNow, differences } = await setUp({ world, simulator: { validate: false }, source: { batch } });
  await syncNow({ streams: ["dags", "dag_runs"] });
  const limits = limitsOf(simulator.requests);
  expect(Math.min(...limits.filter((limit) => limit > 0))).toBeGreaterThan(8);
  expect(limits.length).toBeLessThan(30);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("a window of large runs is read in answers that are not", async () => {
  const world = createEmptyAirflowWorld();
  const { syncNow, simulator, differences } = await setUp({ world, simulator: { validate: false } });
  world.addDag({ dagId: "first" });
  await syncNow();
  simulator.clock.advance(20 * minute);
  heavy(world, 2, 30, (index) => world.now() - index * minute);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("runs of many DAGs that are due at one moment need not fit into one answer", async () => {
  const world = createEmptyAirflowWorld();
  const midnight = world.now() - 60 * minute;
  heavy(world, 60, 1, () => midnight);
  const { syncNow, differences } = await setUp({ world, simulator: { validate: false } });
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("runs of one DAG that are due at one moment come in one answer, however large", async () => {
  const world = createEmptyAirflowWorld();
  const midnight = world.now() - 60 * minute;
  heavy(world, 2, 30, () => midnight);
  const { syncNow, differences } = await setUp({ world, simulator: { validate: false } });
  await syncNow();
  expect(await differences()).toEqual([]);
});
