/** A server that fails for a moment, and what a sync must not forget or assume afterwards. */
import { createEmptyAirflowWorld, type Fault, minute, type SimulatedRequest } from "@org/simulators/internal";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import type { SyncError, SyncEvent } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const requests = { retries: 2, retryWaitMs: 1 };

test("I4: tries that could not be read are requested again, although that sync did not finish", async () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "a", tasks: [{ taskId: "t", retries: 1 }] });
  const { simulator, syncNow, differences } = await setUp({ world });
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  const run = world.addRun(dag);
  world.finishRun(run);
  world.clearTask(run.tasks[0]!);
  world.finishRun(run);
  const detail = "a row that cannot be printed";
  simulator.faults.push({ match: ({ path }) => path.endsWith("/tries"), status: 500, body: { detail }, times: 3 });
  const stop = new AbortController();
  const onEvent = (event: SyncEvent) => {
    if (event.type === "batch-committed" && event.stream === "task_instances") stop.abort(new Error("stopped"));
  };
  await expect(syncNow({ requests, onEvent, signal: stop.signal })).rejects.toThrow("stopped");
  expect(simulator.faults.pending).toBe(0);
  expect(await differences()).not.toEqual([]);
  simulator.clock.advance(20 * 60_000);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test.each([400, 409, 422, 500])(
  "I14: tries rejected with %i block nothing else, and are requested again",
  async (status) => {
    const world = createEmptyAirflowWorld();
    const dag = world.addDag({ dagId: "a", tasks: [{ taskId: "t", retries: 1 }] });
    const run = world.addRun(dag);
    world.startTask(run.tasks[0]!);
    world.retry(run.tasks[0]!);
    world.finishRun(run);
    for (let others = 0; others < 3; others += 1) world.finishRun(world.addRun(dag));
    const { simulator, syncNow, differences } = await setUp({ world });
    const body = { detail: "Select a region and index for this task instance" };
    simulator.faults.push({ match: ({ path }) => path.endsWith("/tries"), status, body, times: 50 });
    const failed = (await syncNow({ requests }).catch((thrown: unknown) => thrown)) as SyncError;
    expect(failed.result?.problems.map(({ code }) => code)).toEqual(["UNREADABLE_ROW"]);
    expect(await differences()).toHaveLength(1);
    simulator.faults.clear();
    simulator.clock.advance(60 * 60_000);
    await syncNow();
    expect(await differences()).toEqual([]);
  },
);

describe("I4: what a sync could not read of a run that changed without a stamp is read by a later one", () => {
  const isWindow = ({ path, query }: SimulatedRequest) =>
    path.endsWith("/dags/~/dagRuns/~/taskInstances") && query.has("updated_at_gte");
  const forbidden: Fault = { match: isWindow, status: 403, body: { detail: "Forbidden" } };

  /** A run that a sync saw succeed, and whose second attempt failed long after that, by SQL. */
  async function aRetriedRun() {
    const world = createEmptyAirflowWorld();
    const run = world.addRun(world.addDag({ dagId: "a", tasks: [{ taskId: "t", retries: 1 }] }));
    world.finishRun(run);
    const its = await setUp({ world });
    for (const _ of [1, 2]) {
      await its.syncNow();
      its.simulator.clock.advance(20 * 60_000);
    }
    world.withoutStamps(() => {
      world.setTaskState(run.tasks[0]!, "running");
      world.retry(run.tasks[0]!);
      world.finishTask(run.tasks[0]!, "failed");
      world.setRunState(run, "failed");
    });
    return its;
  }

  test.each([
    ["one of runs alone", { streams: ["dag_runs"] }, []],
    ["one that may not read task instances", {}, [forbidden]],
  ])("its tries, although %s comes in between", async (_, options, faults) => {
    const { simulator, syncNow, differences } = await aRetriedRun();
    const detail = "a row that cannot be printed";
    const unread: Fault = { match: ({ path }) => path.endsWith("/tries"), status: 500, body: { detail }, times: 3 };
    for (const fault of [forbidden, unread]) {
      simulator.faults.push(fault);
      await syncNow({ requests }).catch(() => {});
      expect(simulator.faults.pending).toBe(0);
    }
    simulator.faults.push(...faults);
    await syncNow(options).catch(() => {});
    expect(simulator.faults.pending).toBe(0);
    await syncNow();
    expect(await differences()).toEqual([]);
    const { requests: idle } = await syncNow();
    expect(idle).toBeLessThanOrEqual(8);
  });

  test.each([
    ["one of runs alone", { streams: ["dag_runs"] }, []],
    [
      "one that may not read task instances",
      {},
      [{ ...forbidden, match: ({ path }: SimulatedRequest) => path.includes("/taskInstances") }],
    ],
  ])("its task instances, although %s stored the run", async (_, options, faults) => {
    const { simulator, syncNow, differences } = await aRetriedRun();
    simulator.faults.push(...faults);
    await syncNow(options).catch(() => {});
    expect(simulator.faults.pending).toBe(0);
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

test("runs that change without a stamp are synced even if task instances never are", async () => {
  const world = createEmptyAirflowWorld();
  const run = world.addRun(world.addDag({ dagId: "a", tasks: [{ taskId: "t" }] }));
  world.finishRun(run);
  const { simulator, syncNow, rows } = await setUp({ world });
  await syncNow({ streams: ["dag_runs"] });
  simulator.clock.advance(20 * 60_000);
  world.withoutStamps(() => world.setRunState(run, "failed"));
  await syncNow({ streams: ["dag_runs"] });
  expect(await rows(dagRunsTable)).toMatchObject([{ state: "failed" }]);
});

test.each([true, false])("I4: changes are not missed while a page fails for a moment (cursor: %s)", async (cursor) => {
  const world = createEmptyAirflowWorld();
  const [first, second] = ["a", "b"].map((dagId) => world.addDag({ dagId }));
  for (const dag of [first!, second!]) world.finishRun(world.addRun(dag));
  const { simulator, syncNow, rows } = await setUp({ world, simulator: { cursor, maximumPageLimit: 20 } });
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  const early = Array.from({ length: 20 }, () => world.addRun(first!));
  simulator.clock.advance(60_000);
  for (const run of [...early, ...Array.from({ length: 60 }, () => world.addRun(second!))]) world.finishRun(run);
  const isWindow = ({ path, query }: SimulatedRequest) =>
    path.endsWith("/dags/~/dagRuns/~/taskInstances") && query.has("updated_at_gte") && !query.has("updated_at_lte");
  simulator.faults.push({ match: isWindow, status: 500, body: { detail: "the database is starting" }, times: 3 });
  // A deletion moves later rows forward, across the border between two pages.
  const vanish = () => {
    for (const run of early.splice(0, 5)) world.deleteRun(run, true);
  };
  simulator.faults.push({
    match: (request) => isWindow(request) && Number(request.query.get("offset")) > 0,
    before: vanish,
    times: 3,
  });
  await syncNow({ requests });
  expect(simulator.faults.pending).toBe(0);
  const tasks = await rows(taskInstancesTable);
  expect(tasks.filter(({ dag_id }) => dag_id === "b")).toHaveLength(61);
});

test.each([
  ["where the event log tells of it", []],
  ["where the event log is not readable", ["EVENT_LOG_FORBIDDEN"]],
])("I12: a note on a run that ended some minutes ago is no late commit, %s", async (_, notices) => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "a" });
  const { simulator, syncNow, differences } = await setUp({ world });
  for (let round = 0; round < 3; round += 1) {
    const run = world.addRun(dag);
    world.finishRun(run);
    simulator.clock.advance(7 * 60_000);
    await syncNow();
    world.note(run, `note ${round}`);
    world.note(run.tasks[0]!, `note ${round}`);
    const match = ({ path }: SimulatedRequest) => notices.length > 0 && path.includes("/eventLogs");
    simulator.faults.push({ match, times: 1_000, status: 403, body: { detail: "Forbidden" } });
    const { events } = await syncNow();
    simulator.faults.clear();
    expect(events.flatMap((event) => (event.type === "notice" ? [event.code] : []))).toEqual(notices);
    expect(await differences()).toEqual([]);
  }
});

test("I8: purges are recognised even if rows that never started are listed first, as on MySQL", async () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "a" });
  const old = [1, 2, 3].map((days) =>
    world.at(world.now() - (100 + days) * 24 * 60 * minute, () => {
      const run = world.addRun(dag);
      world.finishRun(run);
      return run;
    }),
  );
  for (let run = 0; run < 30; run += 1) world.finishRun(world.addRun(dag));
  const { simulator, syncNow, rows } = await setUp({ world });
  await syncNow();
  for (const run of old) world.deleteRun(run, true);
  simulator.clock.advance(20 * 60_000);
  const { streams } = await syncNow({ reconcile: true });
  expect(streams.map(({ deleted }) => deleted)).toEqual([0, 0, 0]);
  expect((await rows(taskInstancesTable)).filter(({ purged_at }) => purged_at !== null)).toHaveLength(3);
  const oldest = simulator.requests.filter(
    ({ query }) => query.includes("order_by=start_date") && query.includes("limit=1&"),
  );
  expect(oldest.map(({ query }) => new URLSearchParams(query).has("start_date_lte"))).toEqual([true]);
});
