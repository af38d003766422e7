import { createEmptyAirflowWorld, hour } from "@org/simulators/internal";
import { dagsTable, defaultAirflowTables } from "@org/sources/airflow";
import type { SyncError, SyncEvent } from "@org/sync-engine";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const tables = defaultAirflowTables;

/** Three DAGs with twelve runs each, and a user who may see those that are not hidden. */
async function threeDags() {
  const world = createEmptyAirflowWorld();
  const now = world.now();
  for (const dagId of ["a", "b", "c"]) {
    const dag = world.addDag({ dagId, tasks: [{ taskId: "extract" }, { taskId: "load" }] });
    for (let index = 12; index > 0; index -= 1) {
      const runAfter = now - index * 6 * hour;
      world.at(runAfter, () =>
        world.finishRun(world.addRun(dag, { runType: "scheduled", logicalDate: runAfter, runAfter })),
      );
    }
  }
  const hidden = new Set<string>();
  const its = await setUp({ world, simulator: { isVisible: (dag) => !hidden.has(dag) } });
  const count = async (dag: string) =>
    Promise.all(tables.map(async (table) => (await its.rows(table)).filter((row) => row.dag_id === dag).length));
  /** Keeps the number of runs per state, so that no count reveals the change. */
  const exchangeRun = () => {
    const dag = world.dags.get("b")!;
    world.deleteRun([...dag.runs.values()][5]!, true);
    world.finishRun(world.addRun(dag));
  };
  return { ...its, hidden, count, exchangeRun };
}

const notices = (events: readonly SyncEvent[], code: string) =>
  events.flatMap((event) => (event.type === "notice" && event.code === code ? [event.message] : []));

test("I8: a DAG that the user may no longer see keeps its rows, and a sync reports it", async () => {
  const { simulator, world, syncNow, hidden, count } = await threeDags();
  await syncNow();
  hidden.add("b");
  for (const reconcile of [false, true]) {
    simulator.clock.advance(20 * 60_000);
    world.finishRun(world.addRun(world.dags.get("a")!));
    const { events, streams } = await syncNow({ reconcile });
    expect(notices(events, "DAGS_HIDDEN")).toEqual([
      "The server no longer lists these DAGs: b: this user may no longer see them. Their rows stay as they are.",
    ]);
    expect(streams.map(({ inserted, deleted }) => [inserted, deleted])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
  }
  expect(await count("b")).toEqual([1, 12, 24]);
});

test("I4: changes to a DAG while it was invisible are read once the permission is back, however long that took", async () => {
  const { simulator, syncNow, hidden, differences, exchangeRun } = await threeDags();
  await syncNow();
  hidden.add("b");
  await syncNow({ reconcile: false });
  exchangeRun();
  for (const _ of [1, 2]) {
    simulator.clock.advance(2 * hour);
    await syncNow({ reconcile: false });
  }
  hidden.clear();
  await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
  const { requests } = await syncNow({ reconcile: false });
  expect(requests).toBeLessThanOrEqual(7);
});

test("I8: a DAG that becomes invisible while it is read is not considered deleted", async () => {
  const { simulator, world, syncNow, hidden, differences, count } = await threeDags();
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  world.deleteRun([...world.dags.get("b")!.runs.values()][5]!, true);
  simulator.faults.push({ match: ({ path }) => path.endsWith("/list"), before: () => void hidden.add("b") });
  const error = (await syncNow({ reconcile: true }).catch((thrown: unknown) => thrown)) as SyncError;
  expect(error.message).toContain("dag_runs: The user lost the right to see b while it was read");
  expect(await count("b")).toEqual([1, 12, 24]);
  await syncNow({ reconcile: true });
  expect(await count("b")).toEqual([1, 12, 24]);
  hidden.clear();
  await syncNow({ reconcile: true });
  expect(await differences()).toEqual([]);
});

test("a user who may not read dag runs still gets the DAGs synced, and an error that names the permission", async () => {
  const { simulator, world, syncNow, count, rows } = await threeDags();
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  world.addDag({ dagId: "new" });
  const places = /dagStats|dagRuns|dagVersions/;
  simulator.faults.push({
    match: ({ path }) => places.test(path),
    status: 403,
    body: { detail: "Forbidden" },
    times: 1_000,
  });
  const error = (await syncNow({ reconcile: true }).catch((thrown: unknown) => thrown)) as SyncError;
  expect(error.message).toContain("dag_runs: GET");
  expect(error.message).toContain("answered 403: Forbidden");
  expect(error.message).toContain("can read on DAGs and DAG Runs");
  expect(error.message).toMatch(/Synced: dags\.$/);
  expect(await rows(dagsTable)).toHaveLength(4);
  expect(await count("b")).toEqual([1, 12, 24]);
});

test("what a user who may not read the audit log will miss is reported once, even if streams ended separately", async () => {
  const { simulator, syncNow } = await threeDags();
  await syncNow();
  const forbid = (place: string) => {
    const match = ({ path }: { readonly path: string }) => path.includes(place);
    simulator.faults.push({ match, status: 403, body: { detail: "Forbidden" }, times: 1_000 });
  };
  forbid("taskInstances");
  simulator.clock.advance(20 * 60_000);
  await expect(syncNow()).rejects.toThrow("can read on DAGs, DAG Runs and Task Instances");
  simulator.faults.clear();
  forbid("eventLogs");
  simulator.clock.advance(20 * 60_000);
  const { events } = await syncNow();
  expect(notices(events, "EVENT_LOG_FORBIDDEN")).toHaveLength(1);
});
