/** Known defects of other connectors, each with a world that would expose it. test/DEFECTS.md lists all of them. */
import { createEmptyAirflowWorld, day, hour, minute } from "@org/simulators/internal";
import { dagRunsTable, dagsTable, taskInstancesTable } from "@org/sources/airflow";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** A DAG with one finished run, synced. */
async function oneRun() {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({
    dagId: "d",
    tasks: [
      { taskId: "t", retries: 1 },
      { taskId: "fan", mapped: 3 },
    ],
  });
  const its = await setUp({ world });
  return { ...its, dag };
}

test("a run that was seen running becomes success when it ends, and changes when it is cleared", async () => {
  const { world, dag, simulator, syncNow, rows, differences } = await oneRun();
  const run = world.addRun(dag);
  world.startRun(run);
  const states: unknown[] = [];
  for (const change of [() => {}, () => world.finishRun(run), () => world.clearTask(run.tasks[0]!)]) {
    change();
    await syncNow();
    states.push(...(await rows(dagRunsTable)).map(({ state, end_date }) => [state, end_date === null]));
    expect(await differences()).toEqual([]);
    simulator.clock.advance(30 * 60_000);
  }
  expect(states).toEqual([
    ["running", true],
    ["success", false],
    ["queued", true],
  ]);
});

test("a manually triggered run, dated later than all others, hides no later scheduled run", async () => {
  const { world, dag, simulator, syncNow, differences } = await oneRun();
  world.finishRun(world.addRun(dag, { runType: "manual", logicalDate: world.now() }));
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  world.finishRun(
    world.addRun(dag, { runType: "scheduled", logicalDate: world.now() - day, runAfter: world.now() - hour }),
  );
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("runs without a logical date are read, by the first sync and by later ones", async () => {
  const { world, dag, simulator, syncNow, rows, differences } = await oneRun();
  for (const runType of ["asset_triggered", "manual"] as const) {
    world.finishRun(world.addRun(dag, { runType, logicalDate: null }));
    await syncNow();
    simulator.clock.advance(20 * 60_000);
  }
  expect((await rows(dagRunsTable)).map(({ logical_date }) => logical_date)).toEqual([null, null]);
  expect(await differences()).toEqual([]);
});

test("a first sync reads the whole history, however old", async () => {
  const { world, dag, syncNow, rows, differences } = await oneRun();
  for (let age = 0; age < 60; age += 1) {
    const runAfter = world.now() - age * 30 * day;
    world.at(runAfter, () =>
      world.finishRun(world.addRun(dag, { runType: "scheduled", runAfter, logicalDate: runAfter })),
    );
  }
  await syncNow();
  expect(await rows(dagRunsTable)).toHaveLength(60);
  expect(await differences()).toEqual([]);
});

test("every column of a DAG and of a run comes from its own field, and the older columns from their replacements", async () => {
  const { world, dag, syncNow, rows } = await oneRun();
  const next = {
    logicalDate: world.now(),
    intervalStart: world.now(),
    intervalEnd: world.now() + day,
    runAfter: world.now() + day,
  };
  world.setDag(dag, { maxActiveRuns: 3, maxActiveTasks: 7, nextRun: next });
  world.defaultTimezone = "Europe/Berlin";
  world.addRun(dag, { runType: "manual", runId: "by hand" });
  world.addRun(dag, { runType: "scheduled", runId: "by schedule" });
  await syncNow();
  expect((await rows(dagsTable))[0]).toMatchObject({
    max_active_runs: 3,
    max_active_tasks: 7,
    is_active: true,
    timezone: "Europe/Berlin",
    next_dagrun_create_after: "2026-11-22T09:30:00.000000Z",
  });
  const triggers = (await rows(dagRunsTable)).map((row) => [row.dag_run_id, row.external_trigger]).sort();
  expect(triggers).toEqual([
    ["by hand", true],
    ["by schedule", false],
  ]);
});

test("mapped task instances are separate rows, and a task instance has one row for each attempt", async () => {
  const { world, dag, simulator, syncNow, rows } = await oneRun();
  const run = world.addRun(dag);
  world.startRun(run);
  world.startTask(run.tasks[0]!);
  await syncNow();
  simulator.clock.advance(30_000);
  world.retry(run.tasks[0]!);
  await syncNow();
  world.finishRun(run);
  await syncNow();
  const found = (await rows(taskInstancesTable)).map((row) => [row.task_id, row.map_index, row.try_number, row.state]);
  expect(found.sort()).toEqual([
    ["fan", 0, 1, "success"],
    ["fan", 1, 1, "success"],
    ["fan", 2, 1, "success"],
    ["t", -1, 1, "failed"],
    ["t", -1, 2, "success"],
  ]);
});

test("a DAG whose file is gone stays, stale, and its runs are still synced", async () => {
  const { world, dag, simulator, syncNow, rows, differences } = await oneRun();
  const run = world.addRun(dag);
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  world.setDag(dag, { isStale: true });
  world.finishRun(run);
  await syncNow();
  expect((await rows(dagsTable))[0]).toMatchObject({ is_stale: true, is_active: false });
  expect(await differences()).toEqual([]);
});

test("no list of runs or task instances is walked by offset", async () => {
  const { simulator, syncNow } = await setUp({ source: { runsPerAnswer: 5 }, simulator: { maximumPageLimit: 3 } });
  await syncNow();
  simulator.clock.advance(minute / 1000);
  await syncNow({ reconcile: true });
  const asked = simulator.requests.filter(({ path }) => path.includes("dagRuns"));
  const offsets = asked.map(({ query, body }) => {
    const offset = new URLSearchParams(query).get("offset") ?? (body as { page_offset?: number })?.page_offset;
    return Number(offset ?? 0);
  });
  expect(asked.length).toBeGreaterThan(20);
  expect(Math.max(...offsets)).toBe(0);
});

test("ids with characters that have a meaning in URLs are requested correctly", async () => {
  const { world, simulator, syncNow, differences } = await setUp({ world: createEmptyAirflowWorld() });
  const dag = world.addDag({ dagId: "a b+c%2Fd?e#f&g", tasks: [{ taskId: "t?1", retries: 2 }] });
  const run = world.addRun(dag, { runId: "manual__2026-11-21T09:30:00+00:00 50%2F50" });
  world.startRun(run);
  world.retry(run.tasks[0]!);
  world.startTask(run.tasks[0]!);
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  world.note(run, "a note");
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("durations, dates and other values are columns of the right types", () => {
  const types = (table: { readonly columns: Record<string, { readonly type: string }> }, names: string) =>
    names.split(" ").map((name) => table.columns[name]?.type);
  expect(
    types(dagRunsTable, "duration data_interval_start queued_at run_after conf note dag_versions bundle_version"),
  ).toEqual(["float64", "timestamp", "timestamp", "timestamp", "json", "string", "json", "string"]);
  expect(types(dagsTable, "next_dagrun_create_after max_active_runs")).toEqual(["timestamp", "int64"]);
  expect(
    types(
      taskInstancesTable,
      "duration map_index max_tries pool queue priority_weight queued_when scheduled_when executor note",
    ),
  ).toEqual(["float64", "int64", "int64", "string", "string", "int64", "timestamp", "timestamp", "string", "string"]);
});
