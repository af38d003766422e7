import { type AirflowWorld, createEmptyAirflowWorld, minute } from "@org/simulators/internal";
import type { SyncError } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** Size of a run's conf, in bytes. A few hundred of these exceed a response. */
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

/** The number of rows that each request for runs asked for. */
const limitsOf = (requests: readonly { readonly path: string; readonly body: unknown; readonly query: string }[]) =>
  requests
    .filter(({ path }) => /dagRuns(\/list)?$/.test(path))
    .map(({ body, query }) =>
      Number((body as { page_limit?: number })?.page_limit ?? new URLSearchParams(query).get("limit")),
    );

test.each([true, false])("large runs are requested in small responses (batch: %s)", async (batch) => {
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

test("a window of large runs is read in small responses", async () => {
  const world = createEmptyAirflowWorld();
  const { syncNow, simulator, differences } = await setUp({ world, simulator: { validate: false } });
  world.addDag({ dagId: "first" });
  await syncNow();
  simulator.clock.advance(20 * minute);
  heavy(world, 2, 30, (index) => world.now() - index * minute);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("runs of many DAGs due at one moment need not fit into one response", async () => {
  const world = createEmptyAirflowWorld();
  const midnight = world.now() - 60 * minute;
  heavy(world, 60, 1, () => midnight);
  const { syncNow, differences } = await setUp({ world, simulator: { validate: false } });
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("runs of one DAG due at one moment arrive in one response, however large", async () => {
  const world = createEmptyAirflowWorld();
  const midnight = world.now() - 60 * minute;
  heavy(world, 2, 30, () => midnight);
  const { syncNow, differences } = await setUp({ world, simulator: { validate: false } });
  await syncNow();
  expect(await differences()).toEqual([]);
});

describe("I9: a row larger than a response may be is skipped, reported, and retried", () => {
  const limit = 100_000;
  const tooLarge = { text: "x".repeat(2 * limit) };
  const withoutLarge = (found: readonly string[], runId: string) => found.filter((line) => !line.includes(runId));

  /** A few runs; the middle one is too large. */
  const withLargeRun = (world: AirflowWorld) => {
    const dag = world.addDag({ dagId: "dag", tasks: [{ taskId: "a" }] });
    const runs = [1, 2, 3, 4, 5].map((number) =>
      world.addRun(dag, { runId: `run ${number}`, runAfter: world.now() - number * minute, conf: { number } }),
    );
    for (const run of runs) world.finishRun(run);
    world.addDag({ dagId: "other" });
    runs[2]!.conf = tooLarge;
    return runs[2]!;
  };

  test.each([
    { batch: true, cursor: true },
    { batch: false, cursor: true },
    { batch: true, cursor: false },
    { batch: false, cursor: false },
  ])("a run, in a first sync (batch: $batch, cursor: $cursor)", async ({ batch, cursor }) => {
    const world = createEmptyAirflowWorld();
    const run = withLargeRun(world);
    world.advance(60 * minute);
    const airflow = await setUp({
      world,
      simulator: { cursor },
      source: { batch },
      client: { maxResponseBytes: limit },
    });
    const failed = await airflow.syncNow().catch((error: unknown) => error as SyncError);
    expect((failed as SyncError).result?.problems).toEqual([
      expect.objectContaining({ code: "ROW_TOO_LARGE", message: expect.stringMatching(/row 1 of .*maxResponseBytes/) }),
    ]);
    expect((failed as SyncError).result?.streams.filter(({ error }) => error)).toEqual([]);
    const found = await airflow.differences();
    expect(found).not.toEqual([]);
    expect(withoutLarge(found, run.runId)).toEqual([]);

    // Days later, only that run is requested: not its DAG, nor everything since.
    airflow.simulator.clock.advance(3 * 24 * 60 * minute);
    airflow.simulator.requests.clear();
    await expect(airflow.syncNow({ reconcile: false })).rejects.toMatchObject({ code: "STREAMS_FAILED" });
    expect(airflow.simulator.requests.length).toBeLessThan(20);

    run.conf = { small: true };
    await airflow.syncNow({ reconcile: false });
    expect(await airflow.differences()).toEqual([]);
    airflow.simulator.requests.clear();
    await airflow.syncNow({ reconcile: false });
    expect(airflow.simulator.requests.length).toBeLessThanOrEqual(8);
  });

  test.each([true, false])("a run, in a window (cursor: %s); a deleted one is forgotten", async (cursor) => {
    const world = createEmptyAirflowWorld();
    const airflow = await setUp({ world, simulator: { cursor }, client: { maxResponseBytes: limit } });
    world.addDag({ dagId: "first" });
    await airflow.syncNow();
    airflow.simulator.clock.advance(60 * minute);
    const run = withLargeRun(world);
    world.advance(1000);
    await expect(airflow.syncNow()).rejects.toMatchObject({ code: "STREAMS_FAILED" });
    expect(withoutLarge(await airflow.differences(), run.runId)).toEqual([]);
    world.deleteRun(run);
    await airflow.syncNow({ reconcile: true });
    expect(await airflow.differences()).toEqual([]);
    await airflow.syncNow();
  });

  test("a run that is a DAG's only one", async () => {
    const world = createEmptyAirflowWorld();
    const run = world.addRun(world.addDag({ dagId: "dag" }), { conf: tooLarge });
    world.finishRun(run);
    const airflow = await setUp({ world, client: { maxResponseBytes: limit } });
    for (let times = 0; times < 2; times += 1) {
      await expect(airflow.syncNow()).rejects.toMatchObject({ code: "STREAMS_FAILED" });
      airflow.simulator.clock.advance(60 * minute);
    }
    run.conf = {};
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });

  test.each([true, false])("a DAG, a task instance and the tries of one (batch: %s)", async (batch) => {
    const world = createEmptyAirflowWorld();
    const dag = world.addDag({ dagId: "dag", tasks: [{ taskId: "a" }, { taskId: "b" }, { taskId: "c" }] });
    for (const dagId of ["a dag", "e dag"]) world.addDag({ dagId });
    const large = world.addDag({ dagId: "large dag", description: "x".repeat(2 * limit) });
    const runs = [1, 2, 3].map((number) => world.addRun(dag, { runAfter: world.now() - number * minute }));
    for (const run of runs) world.finishRun(run);
    const [a, b] = runs[1]!.tasks;
    a!.note = "x".repeat(2 * limit);
    world.clearTask(b!);
    world.finishRun(runs[1]!);
    b!.history[0]!.hostname = "x".repeat(2 * limit);
    world.advance(60 * minute);
    const airflow = await setUp({ world, source: { batch }, client: { maxResponseBytes: limit } });
    for (let times = 0; times < 2; times += 1) {
      const failed = (await airflow.syncNow().catch((error: unknown) => error)) as SyncError;
      expect(failed.result?.streams.filter(({ error }) => error)).toEqual([]);
      expect(new Set(failed.result?.problems.map(({ code }) => code))).toEqual(new Set(["ROW_TOO_LARGE"]));
      const found = (await airflow.differences()).filter((line) => !/large dag|"a"|"b"/.test(line));
      expect(found).toEqual([]);
      airflow.simulator.clock.advance(3 * 24 * 60 * minute);
    }
    world.setDag(large, { description: "short" });
    a!.note = "short";
    b!.history[0]!.hostname = "short";
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });
});
