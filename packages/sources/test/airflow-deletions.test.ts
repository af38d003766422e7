import { queryDuckdb } from "@org/destination/duckdb";
import { createEmptyAirflowWorld, day, hour } from "@org/simulators/internal";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import { readTable } from "@org/testkit/compare";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const reconcile = { reconcile: true };

/** Five DAGs with twelve runs each, one every six hours, two tasks in each. */
function threeDays() {
  const world = createEmptyAirflowWorld();
  const now = world.now();
  const dags = ["a", "b", "c", "d", "e"].map((dagId) =>
    world.addDag({ dagId, tasks: [{ taskId: "extract" }, { taskId: "load" }] }),
  );
  for (let index = 12; index > 0; index -= 1) {
    for (const dag of dags) {
      const runAfter = now - index * 6 * hour;
      world.at(runAfter, () =>
        world.finishRun(world.addRun(dag, { runType: "scheduled", logicalDate: runAfter, runAfter })),
      );
    }
  }
  return world;
}

test("a run deleted in the UI is marked in the next sync, by the event log", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  world.deleteRun([...world.dags.get("b")!.runs.values()][5]!);
  await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
});

test("a run deleted without a trace is marked at a reconcile, even if another was created", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  const dag = world.dags.get("b")!;
  world.deleteRun([...dag.runs.values()][5]!, true);
  world.finishRun(world.addRun(dag, { runId: "created during the sync" }));
  await syncNow({ reconcile: false });
  expect(await differences()).not.toEqual([]);
  await syncNow(reconcile);
  expect(await differences()).toEqual([]);
});

test("a run deleted and another created between the count and the window is found by the next reconcile at the latest", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  const dag = world.dags.get("c")!;
  simulator.faults.push({
    match: ({ path }) => path === "/api/v2/dags/~/dagRuns",
    before: () => {
      world.deleteRun([...dag.runs.values()][3]!, true);
      world.finishRun(world.addRun(dag, { runId: "created during the sync" }));
    },
  });
  await syncNow(reconcile);
  await syncNow(reconcile);
  expect(await differences()).toEqual([]);
});

test("a deleted DAG goes with its runs and task instances, and returns without them", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  world.deleteDag(world.dags.get("d")!);
  await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
  simulator.clock.advance(60_000);
  world.finishRun(world.addRun(world.addDag({ dagId: "d", tasks: [{ taskId: "extract" }] })));
  await syncNow(reconcile);
  expect(await differences()).toEqual([]);
});

test("a run recreated under its id with fewer tasks keeps no old task instances", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  const dag = world.dags.get("a")!;
  const { runId, runAfter } = [...dag.runs.values()][7]!;
  world.deleteRun(dag.runs.get(runId)!, true);
  const again = world.addRun(dag, { runId, runAfter });
  again.tasks.length = 1;
  world.startRun(again);
  await syncNow(reconcile);
  expect((await differences()).filter((line) => !line.includes('"load"'))).toEqual([]);
});

test("I8: rows purged by the server's retention are kept, and marked as purged", async () => {
  const { simulator, world, syncNow, differences, path } = await setUp({ inFile: true, world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  const cut = world.now() - day;
  let count = 0;
  for (const dag of world.dags.values()) {
    for (const run of [...dag.runs.values()]) {
      if (run.startDate! >= cut) continue;
      world.deleteRun(run, true);
      count += 1;
    }
  }
  expect(count).toBe(45);
  const { streams } = await syncNow(reconcile);
  expect(streams.map(({ deleted }) => deleted)).toEqual([0, 0, 0]);
  const runs = await readTable(path, dagRunsTable);
  expect(runs.filter(({ purged_at }) => purged_at !== null)).toHaveLength(45);
  expect((await readTable(path, taskInstancesTable)).filter(({ purged_at }) => purged_at !== null)).toHaveLength(90);
  expect((await differences()).every((line) => line.startsWith("extra") || line.startsWith("…"))).toBe(true);
  // Found from then on: nothing is re-read for it.
  for (const _ of [1, 2]) {
    simulator.clock.advance(20 * 60_000);
    await syncNow(reconcile);
  }
  const { requests } = await syncNow(reconcile);
  expect(requests).toBeLessThanOrEqual(7 + world.dags.size);
  await syncNow({ fullRefresh: true });
  expect((await readTable(path, dagRunsTable)).filter(({ purged_at }) => purged_at !== null)).toHaveLength(45);
});

test("I8: a run that the event log calls deleted was deleted, even if it was the oldest of all", async () => {
  const world = threeDays();
  const dag = world.addDag({ dagId: "old" });
  const oldest = world.at(world.now() - 4 * day, () => {
    const run = world.addRun(dag);
    world.finishRun(run);
    return run;
  });
  const { simulator, syncNow, differences } = await setUp({ world });
  await syncNow();
  simulator.clock.advance(60_000);
  world.deleteRun(oldest);
  const { streams } = await syncNow();
  expect(await differences()).toEqual([]);
  expect(streams.map(({ deleted }) => deleted)).toEqual([0, 1, 1]);
});

test("I8: a run deleted while its DAG was invisible was deleted, however long ago that is", async () => {
  const world = threeDays();
  const dag = world.addDag({ dagId: "old" });
  const start = world.now() - 4 * day;
  const addRun = (runId: string) => {
    const run = world.addRun(dag, { runId, runAfter: start });
    world.finishRun(run);
    return run;
  };
  const oldest = world.at(start, () => addRun("oldest"));
  world.at(start + hour, () => addRun("younger"));
  let isHidden = false;
  const isVisible = (dagId: string) => dagId !== "old" || !isHidden;
  const { simulator, syncNow, differences, rows } = await setUp({ world, simulator: { isVisible } });
  await syncNow();
  isHidden = true;
  simulator.clock.advance(hour);
  world.deleteRun(oldest);
  await syncNow(reconcile);
  expect(await rows(dagRunsTable)).toContainEqual(expect.objectContaining({ dag_run_id: "oldest", purged_at: null }));
  simulator.clock.advance(10 * day);
  await syncNow(reconcile);
  isHidden = false;
  await syncNow(reconcile);
  expect(await differences()).toEqual([]);
});

test("I8: a run that was deleted, recreated and then purged by retention is kept", async () => {
  const { simulator, world, syncNow, rows } = await setUp({ world: threeDays() });
  const dag = world.dags.get("a")!;
  const { runId, runAfter } = [...dag.runs.values()][1]!;
  world.at(runAfter + hour, () => world.deleteRun(dag.runs.get(runId)!));
  const again = world.at(runAfter + 2 * hour, () => world.addRun(dag, { runId, runAfter }));
  world.at(runAfter + 2 * hour, () => world.finishRun(again));
  await syncNow();
  simulator.clock.advance(hour);
  const cut = again.startDate! + hour;
  for (const run of world.runs()) if (run.startDate! < cut) world.deleteRun(run, true);
  await syncNow(reconcile);
  const kept = (await rows(dagRunsTable)).find((row) => row.dag_id === "a" && row.dag_run_id === runId);
  expect(kept?.purged_at).toBeTruthy();
});

test("I8: a run deleted during the sync is marked as deleted, with each of its attempts", async () => {
  const world = threeDays();
  const dag = world.addDag({ dagId: "old", tasks: [{ taskId: "t", retries: 1 }] });
  const run = world.at(world.now() - 4 * day, () => {
    const run = world.addRun(dag);
    world.startRun(run);
    world.retry(run.tasks[0]!);
    return run;
  });
  world.startTask(run.tasks[0]!);
  const { simulator, syncNow, differences } = await setUp({ world });
  await syncNow();
  simulator.clock.advance(60 * 60_000);
  await syncNow({
    onEvent: (event) => {
      // Its events have been read by now.
      if (event.type === "stream-finished" && event.stream === "dag_runs") world.deleteRun(run);
    },
  });
  expect((await differences()).filter((line) => line.includes('"try_number"'))).toEqual([]);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("I8: a mass deletion is refused, unless it is allowed", async () => {
  const world = threeDays();
  const big = world.addDag({ dagId: "big", tasks: [{ taskId: "t" }] });
  for (let index = 0; index < 150; index += 1) {
    world.at(world.now() - index * hour, () => world.finishRun(world.addRun(big, { runId: `run ${index}` })));
  }
  const { simulator, syncNow, differences, path } = await setUp({ inFile: true, world });
  await syncNow();
  simulator.clock.advance(60_000);
  for (const run of [...big.runs.values()].slice(0, 120)) world.deleteRun(run, true);
  await expect(syncNow(reconcile)).rejects.toThrow(
    "airflow_dag_runs: 120 of 210 rows (57 %) are no longer on the server. A sync refuses to delete that many: they stay as they are. If they are really gone, sync again and allow it (`allowMassDelete`)",
  );
  expect(await differences()).not.toEqual([]);
  // A rejected mass deletion does not block anything else: the window has moved on.
  const states = await queryDuckdb(path, "SELECT value->'$.data.position.server' AS server FROM _sync_state");
  expect(states.map(({ server }) => Number(server))).toEqual([1, 2, 3].map(() => simulator.clock.now()));
  await syncNow({ ...reconcile, allowMassDelete: true });
  expect(await differences()).toEqual([]);
});

test("I8: a DAG that the user may no longer see keeps its rows", async () => {
  const { simulator, world, syncNow, path } = await setUp({ inFile: true, world: threeDays() });
  await syncNow();
  simulator.clock.advance(60_000);
  world.deleteDag(world.dags.get("e")!);
  simulator.faults.push({
    match: ({ path }) => path === "/api/v2/dags/e",
    status: 403,
    body: { detail: "Forbidden" },
    times: 99,
  });
  await syncNow(reconcile);
  expect((await readTable(path, dagRunsTable)).filter(({ dag_id }) => dag_id === "e")).toHaveLength(12);
});

test("deletions are looked for once a day automatically", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: threeDays() });
  await syncNow();
  world.deleteRun([...world.dags.get("b")!.runs.values()][5]!, true);
  simulator.clock.advance(23 * 60 * 60_000);
  await syncNow();
  expect(await differences()).not.toEqual([]);
  simulator.clock.advance(2 * 60 * 60_000);
  await syncNow();
  expect(await differences()).toEqual([]);
});
