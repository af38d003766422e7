import { createDemoAirflowWorld } from "@org/simulators/internal";
import { dagRunsTable, dagsTable } from "@org/sources/airflow";
import type { SyncError } from "@org/sync-engine";
import { readTable } from "@org/testkit/compare";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const requests = { retries: 1, retryWaitMs: 1 };

test.each([1000, 4])(
  "I9: a DAG that the server cannot serialize is skipped (pages of %d)",
  async (maximumPageLimit) => {
    const world = createDemoAirflowWorld({ dags: 10, days: 2, runsPerDag: 4 });
    const { simulator, syncNow, differences, path } = await setUp({
      inFile: true,
      world,
      simulator: { maximumPageLimit },
    });
    await syncNow();
    simulator.clock.advance(20 * 60_000);
    const dag = [...world.dags.values()].find(({ runs }) => runs.size > 2)!;
    world.poison(dag);
    world.finishRun(world.addRun(dag, { runId: "its runs can be printed" }));
    const added = world.addDag({ dagId: "zzz new" });
    world.finishRun(world.addRun(added));
    for (const reconcile of [false, true]) {
      const error = (await syncNow({ requests, reconcile }).catch((thrown: unknown) => thrown)) as SyncError;
      expect(error.code).toBe("STREAMS_FAILED");
      expect(error.result?.streams.filter((stream) => stream.error)).toEqual([]);
      expect(error.message).toMatch(/Airflow cannot read row \d+ of 11 in the list of DAGs: GET .* answered 500/);
      expect(await differences()).toEqual([]);
    }
    // Deleted rows are found anyway.
    world.deleteDag(added);
    await expect(syncNow({ requests })).rejects.toThrow("Airflow cannot read row");
    expect(await differences()).toEqual([]);
    world.poison(dag, false);
    world.setDag(dag, { isPaused: !dag.isPaused });
    await syncNow();
    expect(await differences()).toEqual([]);
    expect((await readTable(path, dagsTable)).length).toBe(10);
  },
);

test("I9: a first sync skips a DAG that the server cannot serialize, and reads its runs", async () => {
  const world = createDemoAirflowWorld({ dags: 6, days: 2, runsPerDag: 4 });
  const { syncNow, differences, path } = await setUp({ inFile: true, world });
  const dag = [...world.dags.values()].find(({ runs }) => runs.size > 2)!;
  world.poison(dag);
  await expect(syncNow({ requests })).rejects.toThrow("in the list of DAGs");
  const runs = (await readTable(path, dagRunsTable)).filter(({ dag_id }) => dag_id === dag.dagId);
  expect(runs).toHaveLength(dag.runs.size);
  world.poison(dag, false);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("a server that cannot serialize any DAG fails the sync, and no DAG is deleted", async () => {
  const { simulator, syncNow, differences } = await setUp();
  await syncNow();
  simulator.faults.push({ match: ({ path }) => path.startsWith("/api/v2/dags"), status: 500, body: "", times: 9_999 });
  await expect(syncNow({ requests, reconcile: true })).rejects.toThrow("answered 500");
  simulator.faults.clear();
  expect(await differences()).toEqual([]);
});
