import { createEmptyAirflowWorld } from "@org/simulators/internal";
import { dagRunsTable, dagsTable, defaultAirflowTables, taskInstancesTable } from "@org/sources/airflow";
import type { SyncError } from "@org/sync-engine";
import { readTable } from "@org/testkit/compare";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const requests = { retries: 1, retryWaitMs: 1 };

/** Requests with the DAG in their URL, unlike lists of several DAGs. */
const isAddressed = ({ path }: { readonly path: string }) => /\/dags\/old(\/|$)/.test(path);
/** The response for a DAG that an upgrade from Airflow 2 left without a definition. */
const undefinedDag = {
  match: isAddressed,
  status: 404,
  body: { detail: "The Dag with ID: `old` was not found" },
  times: 9999,
};
/** The response for a DAG whose plugin is not installed. */
const unreadableDag = {
  match: isAddressed,
  status: 500,
  body: { detail: "An error occurred while trying to deserialize Dag" },
  times: 9999,
};

async function setUpDags(source: { readonly batch?: boolean } = {}) {
  const world = createEmptyAirflowWorld();
  for (const dagId of ["new", "old"]) {
    const dag = world.addDag({ dagId });
    for (let run = 0; run < 5; run += 1) world.finishRun(world.addRun(dag));
  }
  const { simulator, syncNow, path } = await setUp({ inFile: true, world, source });
  /** The number of the DAG's rows, by table. */
  const held = async () => {
    const counts = [];
    for (const table of defaultAirflowTables) {
      counts.push((await readTable(path, table)).filter(({ dag_id }) => dag_id === "old").length);
    }
    return counts;
  };
  return { world, simulator, syncNow, path, held };
}

describe("a DAG that is listed and has no definition", () => {
  test("is stored with its runs and task instances, requested once, and its deletions are found", async () => {
    const { world, simulator, syncNow, held } = await setUpDags();
    simulator.faults.push(undefinedDag);
    await syncNow();
    expect(await held()).toEqual([1, 5, 5]);
    simulator.clock.advance(20 * 60_000);
    await syncNow();
    const before = simulator.requests.length;
    simulator.clock.advance(20 * 60_000);
    await syncNow();
    expect(simulator.requests.slice(before).filter(isAddressed)).toEqual([]);
    const [run] = world.dags.get("old")!.runs.values();
    world.deleteRun(run!, true);
    await syncNow({ reconcile: true });
    expect(await held()).toEqual([1, 4, 4]);
  });

  test("keeps an open run's task instances if they can only be requested by its URL", async () => {
    const { world, simulator, syncNow, held } = await setUpDags({ batch: false });
    world.startRun(world.addRun(world.dags.get("old")!));
    await syncNow();
    // By now, no window contains the run any more.
    simulator.clock.advance(20 * 60_000);
    await syncNow();
    simulator.faults.push(undefinedDag);
    simulator.clock.advance(20 * 60_000);
    await expect(syncNow()).rejects.toThrow("what old has: it has runs and no definition any more");
    expect(await held()).toEqual([1, 6, 6]);
  });

  test("keeps its rows when a reconcile re-reads a part of the history, by GET across DAGs", async () => {
    const { simulator, syncNow, held, path } = await setUpDags({ batch: false });
    await syncNow();
    simulator.faults.push(undefinedDag);
    for (let day = 0; day < 3; day += 1) {
      simulator.clock.advance(24 * 60 * 60_000);
      await syncNow({ reconcile: true });
      expect(await held()).toEqual([1, 5, 5]);
    }
    expect(await readTable(path, dagRunsTable)).toHaveLength(10);
  });

  test("is deleted once it is no longer listed", async () => {
    const { world, simulator, syncNow, held } = await setUpDags();
    simulator.faults.push(undefinedDag);
    await syncNow();
    world.deleteDag(world.dags.get("old")!);
    await syncNow();
    expect(await held()).toEqual([0, 0, 0]);
  });
});

test("I9: a DAG whose definition the server cannot read blocks no other, and no reconcile", async () => {
  const { world, simulator, syncNow, held, path } = await setUpDags();
  simulator.faults.push(unreadableDag);
  await syncNow({ requests });
  expect(await held()).toEqual([1, 5, 5]);
  simulator.clock.advance(20 * 60_000);
  await syncNow({ requests });
  simulator.clock.advance(25 * 60 * 60_000);
  world.finishRun(world.addRun(world.dags.get("new")!));
  const [run] = world.dags.get("old")!.runs.values();
  world.deleteRun(run!, true);
  // By now, a reconcile is due anyway.
  await syncNow({ requests });
  expect(await held()).toEqual([1, 4, 4]);
  expect(await readTable(path, taskInstancesTable)).toHaveLength(10);
});

describe("the server's default time zone", () => {
  const isDetails = ({ path }: { readonly path: string }) => path.endsWith("/details");
  const timezones = async (path: string) => (await readTable(path, dagsTable)).map(({ timezone }) => timezone);

  test("is requested of one DAG, and again once a file was parsed", async () => {
    const { world, simulator, syncNow, path } = await setUpDags();
    world.defaultTimezone = "Europe/Berlin";
    await syncNow();
    expect(simulator.requests.filter(isDetails)).toHaveLength(1);
    expect(await timezones(path)).toEqual(["Europe/Berlin", "Europe/Berlin"]);
    // Within the overlap, the first sync's parse is new once more.
    for (const found of [2, 2]) {
      simulator.clock.advance(20 * 60_000);
      await syncNow();
      expect(simulator.requests.filter(isDetails)).toHaveLength(found);
    }
    world.defaultTimezone = "Asia/Tokyo";
    world.addVersion(world.dags.get("old")!);
    await syncNow();
    expect(simulator.requests.filter(isDetails)).toHaveLength(3);
    expect(await timezones(path)).toEqual(["Asia/Tokyo", "Asia/Tokyo"]);
  });

  test.each([
    ["has no definition", 404, "The Dag with ID: `new` was not found"],
    ["has an unreadable one", 500, "An error occurred while trying to deserialize Dag"],
  ])("is requested of the next DAG if one %s", async (_, status, detail) => {
    const { simulator, syncNow, path } = await setUpDags();
    const match = (request: { readonly path: string }) => isDetails(request) && request.path.includes("/new/");
    simulator.faults.push({ match, status, body: { detail }, times: 9999 });
    await syncNow({ requests });
    expect(await timezones(path)).toEqual(["UTC", "UTC"]);
  });

  test("fails the sync if no DAG's details can be read, blocks no row, and is retried", async () => {
    const { simulator, syncNow, held, path } = await setUpDags();
    const detail = "An error occurred while trying to deserialize Dag";
    simulator.faults.push({ match: isDetails, status: 500, body: { detail }, times: 9999 });
    await expect(syncNow({ requests })).rejects.toThrow("cannot read the time zone in the details of old");
    expect(await held()).toEqual([1, 5, 5]);
    expect(await timezones(path)).toEqual([null, null]);
    simulator.faults.clear();
    await syncNow();
    expect(await timezones(path)).toEqual(["UTC", "UTC"]);
  });
});

describe("ids that a URL cannot carry", () => {
  const modes = [
    ["by batch", true],
    ["by GET", false],
  ] as const;
  test.each(modes)("block no other, %s", async (_, batch) => {
    const { world, simulator, syncNow, differences } = await setUp({
      world: createEmptyAirflowWorld(),
      source: { batch },
    });
    // Airflow accepts them: ids may have letters, digits, dots, dashes and underscores.
    const dags = (batch ? ["..", ".", "a"] : ["a"]).map((dagId) => world.addDag({ dagId, tasks: [{ taskId: ".." }] }));
    const runs = dags.flatMap((dag) => ["..", "."].map((runId) => world.addRun(dag, { runId })));
    for (const run of runs) {
      world.startTask(run.tasks[0]!);
      world.finishRun(run);
    }
    // Only available by URL.
    const found = async () => (await differences()).filter((each) => !each.includes(" timezone: "));
    await syncNow();
    expect(await found()).toEqual([]);
    simulator.clock.advance(60 * 60_000);
    for (const run of runs) world.note(run, "later");
    world.deleteRun(runs[0]!, true);
    await syncNow({ reconcile: true });
    expect(await found()).toEqual([]);
  });

  test("are reported with GET, and the other DAGs are synced", async () => {
    const { world, syncNow, rows } = await setUp({ world: createEmptyAirflowWorld(), source: { batch: false } });
    for (const dagId of ["..", "a"]) world.finishRun(world.addRun(world.addDag({ dagId })));
    const error = (await syncNow().catch((thrown: unknown) => thrown)) as SyncError;
    const { streams, problems } = error.result!;
    expect(streams.flatMap(({ error }) => (error ? [error.message] : []))).toEqual([]);
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining("what .. has: no address"));
    // The list of all DAGs shows its changes.
    expect((await rows(dagRunsTable)).map(({ dag_id }) => dag_id).toSorted()).toEqual(["..", "a"]);
  });
});
