import {
  createClock,
  createDemoAirflowWorld,
  createEmptyAirflowWorld,
  hour,
  minute,
  second,
} from "@org/simulators/internal";
import { SyncError } from "@org/sync-engine";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

test("I4: the first sync ends with the server's rows, and so does every later one", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  await syncNow();
  expect(await differences()).toEqual([]);
  for (let round = 0; round < 3; round += 1) {
    simulator.clock.advance(30 * 60_000);
    const dag = [...world.dags.values()][round]!;
    const run = world.addRun(dag);
    world.startRun(run);
    simulator.clock.advance(60_000);
    for (const old of [...dag.runs.values()].slice(0, 3)) world.clearTask(old.tasks[0]!);
    world.finishRun(run, "failed");
    await syncNow();
    expect(await differences()).toEqual([]);
  }
});

test.each(["with a cursor", "without one"])(
  "I12: an idle sync sends at most 7 requests, whatever the history, and writes nothing: %s",
  async (kind) => {
    const world = createDemoAirflowWorld({ days: 30 });
    const { simulator, syncNow } = await setUp({ world, simulator: { cursor: kind === "with a cursor" } });
    await syncNow();
    simulator.clock.advance(20 * 60_000);
    await syncNow();
    simulator.clock.advance(20 * 60_000);
    simulator.requests.length = 0;
    const { requests, streams } = await syncNow();
    expect(requests).toBeLessThanOrEqual(7);
    for (const { stream, inserted, updated, deleted, removed } of streams) {
      expect({ stream, inserted, updated, deleted, removed }).toEqual({
        stream,
        inserted: 0,
        updated: 0,
        deleted: 0,
        removed: 0,
      });
    }
  },
);

test("I12: a gap in the server's tries is not requested at every sync", async () => {
  const { simulator, world, syncNow } = await setUp({ world: createEmptyAirflowWorld() });
  const run = world.addRun(world.addDag({ dagId: "d", tasks: [{ taskId: "t", retries: 3 }] }));
  const [task] = run.tasks;
  world.startRun(run);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    world.retry(task!);
    world.startTask(task!);
  }
  task!.history.shift();
  await syncNow();
  // Still within the overlap, so the window contains it again.
  simulator.clock.advance(minute);
  simulator.requests.length = 0;
  await syncNow();
  expect(simulator.requests.filter(({ path }) => path.endsWith("/tries"))).toEqual([]);
});

test("I7: pages that the server shortens lose nothing", async () => {
  const { syncNow, differences } = await setUp({ simulator: { maximumPageLimit: 3 } });
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("I7: responses that do not fit are split where that is provable, even within one moment", async () => {
  const clock = createClock();
  const world = createEmptyAirflowWorld({ clock });
  const now = world.now();
  for (const dagId of ["many", "at once", "one"]) {
    const dag = world.addDag({ dagId, tasks: [{ taskId: "extract" }, { taskId: "fan", mapped: 9 }] });
    for (let index = 0; index < 15; index += 1) {
      const runAfter = dagId === "at once" ? now - hour : now - index * minute;
      world.finishRun(world.addRun(dag, { runId: `run ${index}`, runAfter }));
    }
  }
  const { syncNow, differences, simulator } = await setUp({ world, source: { runsPerAnswer: 4 } });
  await syncNow();
  expect(await differences()).toEqual([]);
  simulator.clock.advance(60_000);
  for (const dag of world.dags.values()) for (const run of dag.runs.values()) world.clearTask(run.tasks[0]!);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("I11, I12: rows whose ids are in another order than their times are read in halves, not one by one", async () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "backfilled", tasks: [{ taskId: "a" }, { taskId: "b" }] });
  // Latest first, as created by a backfill in reverse.
  for (let index = 0; index < 200; index += 1) {
    world.finishRun(world.addRun(dag, { runId: `run ${index}`, runAfter: world.now() - index * hour }));
  }
  const { syncNow, differences, simulator } = await setUp({ world, source: { runsPerAnswer: 4 } });
  simulator.clock.advance(60 * 60_000);
  await syncNow();
  expect(await differences()).toEqual([]);
  const asked = simulator.requests.filter(({ path }) => path.endsWith("/taskInstances/list"));
  // 400 rows in responses of twenty. One run at a time would take 200 requests.
  expect(asked.length).toBeLessThan(80);
});

test("a server without keyset cursor is read completely, at first and later", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ simulator: { cursor: false, maximumPageLimit: 5 } });
  await syncNow();
  simulator.clock.advance(30 * 60_000);
  for (const dag of world.dags.values()) for (const run of dag.runs.values()) world.clearTask(run.tasks.at(-1)!);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("rows without logical date or updated_at, backfills and runs of new DAGs are read", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  const [dag] = world.dags.values();
  const year = 365 * 24 * hour;
  world.finishRun(
    world.addRun(dag!, { runType: "backfill", logicalDate: world.now() - year, runAfter: world.now() - year }),
  );
  const unstamped = world.addRun(dag!, { logicalDate: null });
  for (const row of [unstamped, ...unstamped.tasks]) world.unstamp(row);
  const created = world.addDag({ dagId: "brand new" });
  world.finishRun(world.addRun(created));
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("notes are found by the event log, on runs and on task instances", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  const dag = [...world.dags.values()].find(({ runs }) => runs.size > 2)!;
  const [run, other] = dag.runs.values();
  world.note(run!, "looked at by a person");
  world.note(other!.tasks[0]!, "so was this task");
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("changes without a stamp are found by counts and unfinished rows in the next sync", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  const dag = world.addDag({ dagId: "quiet", tasks: [{ taskId: "a" }, { taskId: "b" }] });
  const run = world.addRun(dag);
  world.startRun(run);
  await syncNow();
  simulator.clock.advance(60 * 60_000);
  world.at(world.now() - 50 * minute, () => {
    world.finishTask(run.tasks[0]!);
    world.setRunState(run, "success");
  });
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("a task instance's placeholders are removed, and its attempts stay", async () => {
  const { simulator, world, syncNow, differences } = await setUp({ world: createEmptyAirflowWorld() });
  const dag = world.addDag({
    dagId: "d",
    tasks: [
      { taskId: "plain", retries: 2 },
      { taskId: "fan", mapped: 3 },
    ],
  });
  const run = world.addRun(dag);
  const steps = [
    () => world.startRun(run),
    () => world.queueTask(run.tasks[0]!),
    () => world.startTask(run.tasks[0]!),
    () => world.retry(run.tasks[0]!),
    () => world.expand(run.tasks.find(({ definition }) => definition.taskId === "fan")!),
    () => world.startTask(run.tasks[0]!),
    () => world.finishTask(run.tasks[0]!),
    () => world.clearTask(run.tasks[0]!),
    () => world.finishTask(run.tasks[0]!, "failed"),
    () => world.finishRun(run),
    () => world.clearTask(run.tasks[1]!),
  ];
  for (const step of steps) {
    simulator.clock.advance(7_000);
    step();
    await syncNow();
    expect(await differences()).toEqual([]);
  }
});

test("I6: a commit that became visible only after the next sync is found by the overlap", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  const dag = world.addDag({ dagId: "late" });
  await syncNow();
  simulator.clock.advance(60 * 60_000);
  await syncNow();
  simulator.clock.advance(5 * 60_000);
  world.at(world.now() - 8 * minute, () => world.finishRun(world.addRun(dag)));
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("a run that is committed later than the overlap is found by its count, with its task instances", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  const dag = world.addDag({ dagId: "late" });
  await syncNow();
  simulator.clock.advance(60 * 60_000);
  await syncNow();
  world.at(world.now() - 17 * minute, () => world.finishRun(world.addRun(dag)));
  await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
});

test("I6: a server's clock that is set back loses nothing", async () => {
  const clock = createClock();
  const world = createDemoAirflowWorld({ clock, dags: 4, days: 2, runsPerDag: 5 });
  const { syncNow, differences } = await setUp({ world });
  let local = clock.now();
  await syncNow({ now: () => local });
  clock.advance(-60 * 60_000);
  local += 60_000;
  const [dag] = world.dags.values();
  world.finishRun(world.addRun(dag!, { runId: "in the past" }));
  local += 60_000;
  clock.advance(60_000);
  await syncNow({ now: () => local });
  expect(await differences()).toEqual([]);
});

test("a DAG list that shifts while it is read loses no DAG", async () => {
  const world = createDemoAirflowWorld({ dags: 30, days: 1, runsPerDag: 1 });
  const { simulator, syncNow, differences } = await setUp({ world, simulator: { maximumPageLimit: 10 } });
  const [first] = [...world.dags.values()].sort((a, b) => (a.dagId < b.dagId ? -1 : 1));
  simulator.faults.push({
    match: ({ path, query }) => path === "/api/v2/dags" && query.get("offset") !== "0",
    before: () => world.deleteDag(first!),
  });
  await syncNow();
  // The deleted DAG existed when the sync started, so it may stay until the next one.
  expect((await differences()).filter((line) => !line.startsWith(`extra ["${first!.dagId}"]`))).toEqual([]);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("a run id that no URL can carry: its attempts are kept as seen, and a notice says so", async () => {
  const { simulator, world, syncNow } = await setUp({ world: createEmptyAirflowWorld() });
  const run = world.addRun(world.addDag({ dagId: "d", tasks: [{ taskId: "t", retries: 3 }] }), { runId: "a/b" });
  world.startRun(run);
  world.retry(run.tasks[0]!);
  await syncNow();
  simulator.clock.advance(second / 1000);
  world.startTask(run.tasks[0]!);
  const { events } = await syncNow();
  expect(events).toContainEqual(expect.objectContaining({ type: "notice", code: "TRIES_UNREACHABLE" }));
});

test("one failing stream leaves the others synced, and the sync fails with what was and was not", async () => {
  const { simulator, syncNow } = await setUp();
  simulator.faults.push({
    match: ({ path }) => path.endsWith("/dagRuns/list"),
    status: 403,
    body: { detail: "Forbidden" },
    times: 99,
  });
  const error = await syncNow().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(SyncError);
  const { code, result, message } = error as SyncError;
  expect(code).toBe("STREAMS_FAILED");
  expect(result?.streams.map(({ stream, error }) => [stream, error === undefined])).toEqual([
    ["dags", true],
    ["dag_runs", false],
    ["task_instances", true],
  ]);
  expect(message).toContain("Synced: dags, task_instances.");
});
