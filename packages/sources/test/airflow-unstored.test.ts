/** Airflow rows that the destination cannot hold: they block nothing else, and each sync retries them. */
import { type AirflowWorld, createEmptyAirflowWorld, hour } from "@org/simulators/internal";
import { dagRunsTable, dagsTable, taskInstancesTable } from "@org/sources/airflow";
import { SyncError, type SyncOptions } from "@org/sync-engine";
import type { Lie } from "@org/testkit/lying-front";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** Text that no column can hold. */
const half = "half \ud83d";

/** Three DAGs with four finished runs of two tasks each, all older than any overlap. */
function settled(): AirflowWorld {
  const world = createEmptyAirflowWorld();
  const now = world.now();
  for (const dagId of ["a", "b", "c"]) {
    const dag = world.addDag({ dagId, tasks: [{ taskId: "extract" }, { taskId: "load", retries: 2 }] });
    for (let index = 4; index > 0; index -= 1) {
      const runAfter = now - index * 6 * hour;
      world.at(runAfter, () => world.finishRun(world.addRun(dag, { runId: `run ${index}`, runAfter })));
    }
  }
  return world;
}

const runOf = (world: AirflowWorld, dag: string, run: string) => world.dags.get(dag)!.runs.get(run)!;

async function setUpSettled() {
  const world = settled();
  const fixture = await setUp({ world });
  return {
    ...fixture,
    world,
    run: (dag = "b", id = "run 3") => runOf(world, dag, id),
    /** Syncs after a while. @returns the messages about skipped rows */
    async problems(options: Partial<SyncOptions> = {}): Promise<string[]> {
      fixture.simulator.clock.advance(20 * 60_000);
      fixture.simulator.requests.length = 0;
      try {
        await fixture.syncNow({ reconcile: false, ...options });
        return [];
      } catch (error) {
        if (!(error instanceof SyncError) || !error.result) throw error;
        expect(error.result.streams.flatMap((stream) => stream.error ?? [])).toEqual([]);
        return error.result.problems.map(({ message }) => message);
      }
    },
  };
}

/** The same, with a DAG, and a run of another DAG, whose ids no table can hold. */
async function setUpHalves() {
  const its = await setUpSettled();
  const { world } = its;
  const dag = world.addDag({ dagId: half, tasks: [{ taskId: "extract", retries: 2 }] });
  const runs = [world.addRun(dag), world.addRun(world.dags.get("a")!, { runId: half })];
  const [task] = runs[0]!.tasks;
  world.startTask(task!);
  world.retry(task!);
  for (const run of runs) world.finishRun(run);
  return {
    ...its,
    dropHalves() {
      for (const run of runs) world.deleteRun(run);
      world.deleteDag(dag);
    },
  };
}

test("I14: every sync reports a run, and the first stores all others and its task instances", async () => {
  const { simulator, run, problems, differences, rows } = await setUpSettled();
  run().note = half;
  const told = [
    expect.stringMatching(
      /^airflow_dag_runs: the row with dag_id "b", dag_run_id "run 3" is not stored: column note: half/,
    ),
  ];
  expect(await problems()).toEqual(told);
  expect(await rows(dagRunsTable)).toHaveLength(11);
  expect(await rows(taskInstancesTable)).toHaveLength(24);
  expect(await problems()).toEqual(told);
  // The requests of an idle sync, and one for the run.
  expect(simulator.requests.length).toBeLessThanOrEqual(8);
  expect(await problems({ reconcile: true })).toEqual(told);
  // A reconcile compares counts, and must count the row as stored. Otherwise it would re-read the whole DAG each time.
  const ofDag = simulator.requests
    .map(({ body }) => JSON.stringify(body ?? ""))
    .filter((text) => text.includes('["b"]'));
  expect(ofDag).toEqual([expect.stringContaining("run_after_gte")]);
  run().note = "whole";
  expect(await problems()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a run deleted without a trace is no longer requested", async () => {
  const { world, run, problems, differences } = await setUpSettled();
  run().note = half;
  await problems();
  world.deleteRun(run(), true);
  expect(await problems()).toEqual([]);
  expect(await problems({ reconcile: true })).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a run whose whole DAG is deleted is no longer requested", async () => {
  const { world, problems } = await setUpSettled();
  const dag = world.addDag({ dagId: "lonely" });
  world.finishRun(world.addRun(dag, { note: half }));
  expect(await problems()).toHaveLength(1);
  world.deleteDag(dag);
  expect(await problems({ reconcile: true })).toEqual([]);
  expect(await problems()).toEqual([]);
});

test("an older version stays while the new one does not fit", async () => {
  const { simulator, world, run, problems, rows, differences } = await setUpSettled();
  await problems();
  world.clearRun(run());
  world.note(run(), half);
  expect(await problems()).toHaveLength(1);
  const held = async () => (await rows(dagRunsTable)).find((row) => row.dag_id === "b" && row.dag_run_id === "run 3");
  expect(await held()).toMatchObject({ state: "success", note: null });
  expect(await problems({ reconcile: true })).toHaveLength(1);
  expect(await held()).toMatchObject({ state: "success", note: null });
  expect(simulator.requests.length).toBeLessThan(20);
  world.finishRun(run());
  world.note(run(), "whole");
  await problems();
  expect(await differences()).toEqual([]);
});

test.each([
  "0000-01-01T00:00:00Z",
  "10000-01-01T00:00:00Z",
  "2023-02-29T00:00:00Z",
  "2026-06-30T23:59:60Z",
  "2026-01-01T00:00:00+25:00",
])("a run whose run_after is no timestamp is found again without it: %s", async (runAfter) => {
  const world = settled();
  const lie: Lie = {
    answer: ({ body }) => {
      for (const run of body.dag_runs ?? [])
        if (run.dag_id === "b" && run.dag_run_id === "run 3") run.run_after = runAfter;
    },
  };
  const { front, syncNow, differences } = await setUp({ world, lie, simulator: { validate: false } });
  for (const _ of ["first", "second"]) {
    const { result } = (await syncNow().catch((thrown: unknown) => thrown)) as SyncError;
    expect(result?.streams.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(result?.problems.map(({ message }) => message)).toEqual([expect.stringContaining("column run_after")]);
  }
  front.tell();
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("another missing run is still found", async () => {
  const { world, run, problems, differences } = await setUpSettled();
  run().note = half;
  await problems();
  const born = world.addRun(world.dags.get("b")!, { runId: "without a stamp" });
  world.finishRun(born);
  world.unstamp(born);
  for (const task of born.tasks) world.unstamp(task);
  expect(await problems()).toHaveLength(1);
  run().note = null;
  await problems();
  expect(await differences()).toEqual([]);
});

test("task instances are retried with their run: the current attempt, and an earlier one", async () => {
  const { world, run, problems, differences, rows } = await setUpSettled();
  const [extract, load] = run("c", "run 2").tasks;
  extract!.note = half;
  world.clearTask(load!);
  world.startTask(load!);
  world.retry(load!);
  world.startTask(load!);
  world.finishTask(load!);
  const early = load!.history[0]!;
  early.hostname = half;
  const told = await problems();
  expect(told.map((message) => /"(extract|load)".*column \w+/.exec(message)?.[0])).toHaveLength(2);
  const held = (await rows(taskInstancesTable)).length;
  expect(await problems()).toHaveLength(2);
  expect(await problems({ reconcile: true })).toHaveLength(2);
  expect((await rows(taskInstancesTable)).length).toBe(held);
  early.hostname = "worker";
  expect(await problems()).toHaveLength(1);
  extract!.note = null;
  expect(await problems()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a task instance first seen by the stream of runs is retried by its own stream", async () => {
  const { world, run, problems, differences } = await setUpSettled();
  await problems();
  world.unstamp(run());
  world.setRunState(run(), "failed");
  world.unstamp(run());
  run().tasks[0]!.note = half;
  run().tasks[0]!.state = "failed";
  expect(await problems()).toHaveLength(1);
  expect(await problems()).toHaveLength(1);
  run().tasks[0]!.note = "whole";
  expect(await problems()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("a DAG: its runs are stored, and it is marked when it is deleted", async () => {
  const { world, problems, rows, differences } = await setUpSettled();
  world.setDag(world.dags.get("a")!, { description: half });
  const told = [expect.stringContaining('airflow_dags: the row with dag_id "a" is not stored: column description')];
  expect(await problems()).toEqual(told);
  expect(await rows(dagsTable)).toHaveLength(2);
  expect(await rows(dagRunsTable)).toHaveLength(12);
  expect(await problems()).toEqual(told);
  world.deleteDag(world.dags.get("a")!);
  expect(await problems({ reconcile: true })).toEqual([]);
  expect(await problems()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("many runs of one DAG are requested together", async () => {
  const { simulator, world, problems, differences } = await setUpSettled();
  const dag = world.addDag({ dagId: "many", tasks: [] });
  const now = world.now();
  for (let index = 0; index < 50; index += 1) {
    world.finishRun(world.addRun(dag, { runId: `r${index}`, runAfter: now - index * hour, note: half }));
  }
  expect(await problems()).toHaveLength(50);
  expect(await problems()).toHaveLength(50);
  expect(simulator.requests.length).toBeLessThanOrEqual(8);
  for (const run of dag.runs.values()) run.note = null;
  expect(await problems()).toEqual([]);
  expect(await differences()).toEqual([]);
});

test("ids that no table can hold do not block a state: a DAG with runs, a run, and a retried task", async () => {
  const { world, run, problems, rows, differences, dropHalves } = await setUpHalves();
  expect((await problems()).length).toBeGreaterThan(0);
  expect(await rows(dagsTable)).toHaveLength(3);
  expect(await rows(dagRunsTable)).toHaveLength(12);
  world.note(run(), "later");
  expect((await problems({ reconcile: true })).length).toBeGreaterThan(0);
  expect((await rows(dagRunsTable)).filter(({ note }) => note === "later")).toHaveLength(1);
  dropHalves();
  expect(await problems({ reconcile: true })).toEqual([]);
  expect(await problems()).toEqual([]);
  expect(await differences()).toEqual([]);
});
