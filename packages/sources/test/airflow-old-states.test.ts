/** States of older releases: what they recorded as missing is read, whichever stream recorded it. */
import { createEmptyAirflowWorld, type Fault, type SimulatedRequest } from "@org/simulators/internal";
import { describe, expect, test } from "vitest";
import { parseTableState } from "../src/airflow/state.ts";
import { setUp } from "./airflow-sync.ts";

const requests = { retryWaitMs: 1, retryWaitMaxMs: 5, retries: 1 };
const forbidden: Fault = {
  match: ({ path }: SimulatedRequest) => path.includes("/taskInstances"),
  status: 403,
  body: { detail: "Forbidden" },
};

type Data = Record<string, unknown>;
/** An older release's record of runs whose task instances could not be read, in either stream's state. */
const inOldForm = (again: readonly object[], owner: "dag_runs" | "task_instances") => (data: Data) => {
  const isRuns = data.silentSeen === undefined && data.regions === undefined && !("pending" in data);
  const { position, version } = data;
  for (const name of Object.keys(data)) delete data[name];
  const owes = (owner === "dag_runs") === isRuns;
  Object.assign(data, { position, version, unlisted: [], again: owes ? again : [], overlapMs: 1_200_000 });
};

/** A table that lacks a run's first attempt, which the server has. */
async function lackingAnAttempt(owner: "dag_runs" | "task_instances") {
  const world = createEmptyAirflowWorld();
  const run = world.addRun(world.addDag({ dagId: "a", tasks: [{ taskId: "t", retries: 1 }] }));
  world.startTask(run.tasks[0]!);
  world.retry(run.tasks[0]!);
  world.finishRun(run);
  const its = await setUp({ world });
  const detail = "a row that cannot be printed";
  its.simulator.faults.push({ match: ({ path }) => path.endsWith("/tries"), status: 500, body: { detail }, times: 50 });
  await its.syncNow({ requests }).catch(() => {});
  its.simulator.faults.clear();
  its.changeStates(inOldForm([{ dag_id: "a", dag_run_id: run.runId }], owner));
  its.simulator.clock.advance(60 * 60_000);
  expect(await its.differences()).toHaveLength(1);
  return its;
}

describe("I4: an attempt that an older release owed is read", () => {
  test.each(["dag_runs", "task_instances"] as const)("by the state of %s", async (owner) => {
    const { syncNow, differences } = await lackingAnAttempt(owner);
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
    const { requests: idle } = await syncNow({ reconcile: false });
    expect(idle).toBeLessThanOrEqual(7);
  });

  test("even if runs are synced alone first, and then while task instances are not readable", async () => {
    const { simulator, syncNow, differences } = await lackingAnAttempt("dag_runs");
    for (const _ of [1, 2]) await syncNow({ streams: ["dag_runs"], reconcile: false });
    simulator.faults.push({ ...forbidden, times: 10 });
    await syncNow({ reconcile: false }).catch(() => {});
    simulator.faults.clear();
    await syncNow({ streams: ["dag_runs"], fullRefresh: true });
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
  });
});

test("a first sync of an older release that was stopped goes on, with what it owed", () => {
  const start = { server: 1_900_000_000_000, local: 1_900_000_000_000 };
  const unread = [{ dags: ["a"], runAfter: { from: "2026-01-01" } }];
  const state = { history: { start, after: "m" }, unread, again: [{ dag_id: "a", dag_run_id: "r" }] };
  // It had read DAG by DAG. Everything is read again, and what changed since its start.
  expect(parseTableState({ state, outdated: undefined }, { server: start.server + 1, local: start.local + 1 })).toEqual(
    {
      history: { start },
      pending: [
        { scope: { dags: ["a"], runs: ["r"] }, why: "tries" },
        { scope: unread[0], why: "unreadable" },
      ],
    },
  );
});
