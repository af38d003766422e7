import { createClock, createEmptyAirflowWorld, day, hour, minute } from "@org/simulators/internal";
import type { Source } from "@org/sync-engine";
import { expect, test } from "vitest";
import { parseTableState } from "../src/airflow/state.ts";
import { setUp } from "./airflow-sync.ts";

/** Thirty DAGs with twenty runs each, spread over a day. With ten runs per response, the history takes many parts. */
function wideWorld() {
  const world = createEmptyAirflowWorld({ clock: createClock() });
  for (let number = 0; number < 30; number += 1) {
    const dag = world.addDag({ dagId: `dag_${number}`, tasks: [{ taskId: "a", retries: 1 }] });
    for (let index = 0; index < 20; index += 1) {
      const run = world.addRun(dag, {
        runId: `run ${index}`,
        runAfter: world.now() - day - index * hour - number * 2 * minute,
      });
      world.startRun(run);
      if (index % 7 === 0) {
        world.retry(run.tasks[0]!);
        world.startTask(run.tasks[0]!);
      }
      world.finishRun(run);
    }
  }
  return world;
}

test("I4: a change without any trace is corrected within a month of daily reconciles, little by little", async () => {
  const world = wideWorld();
  const { simulator, syncNow, differences } = await setUp({ world, source: { runsPerAnswer: 10 } });
  await syncNow();
  // Two runs of a DAG swap their states: no timestamp, no event, and all counts stay the same.
  for (const dagId of ["dag_3", "dag_17"]) {
    const [one, other] = world.dags.get(dagId)!.runs.values();
    world.finishRun(one!, "failed");
    simulator.clock.advance(minute);
    await syncNow();
    world.withoutStamps(() => {
      world.setRunState(one!, "success");
      world.setRunState(other!, "failed");
    });
  }
  simulator.clock.advance(20 * minute);
  await syncNow();
  expect(await differences()).not.toEqual([]);
  for (let days = 0; days < 31; days += 1) {
    simulator.clock.advance(24 * 60 * minute);
    simulator.requests.length = 0;
    await syncNow();
    const read = simulator.requests.filter(({ path }) => path.endsWith("/list")).length;
    // A thirtieth of 600 runs is two responses of ten runs, and the same again for task instances.
    expect(read).toBeLessThanOrEqual(12);
    if (days === 0) expect(await differences()).not.toEqual([]);
  }
  expect(await differences()).toEqual([]);
});

test("a stream whose revision rises re-reads its history over the next syncs, and misses no change", async () => {
  const world = wideWorld();
  const { simulator, source, syncNow, differences } = await setUp({ world, source: { runsPerAnswer: 10 } });
  await syncNow();
  const streams = source.streams.map((stream) => ({ ...stream, revision: stream.revision + 1 }));
  const raised: Source = { ...(source as Source), streams: streams as Source["streams"] };
  // Stands for a column that the older revision did not have: no window, count or event reveals it.
  for (const dag of world.dags.values()) {
    for (const { tasks } of dag.runs.values())
      for (const attempt of [...tasks, ...tasks[0]!.history]) attempt.hostname = "new";
  }
  simulator.clock.advance(60 * minute);
  const sizes: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    simulator.clock.advance(20 * minute);
    world.finishRun(world.addRun(world.dags.get("dag_5")!));
    simulator.requests.length = 0;
    await syncNow({ reconcile: false, source: raised });
    sizes.push(simulator.requests.filter(({ path }) => path.endsWith("/list")).length);
  }
  expect(await differences()).toEqual([]);
  // A tenth at a time, and none at the end.
  expect(Math.max(...sizes)).toBeLessThan(sizes.reduce((sum, size) => sum + size, 0) / 5);
  expect(sizes.at(-1)).toBeLessThanOrEqual(2);
});

test("I4: what an older revision of a stream still had to read is read by the newer one", () => {
  const again = [{ dag_id: "a", dag_run_id: "r" }];
  const start = { server: 2_000_000_000_000, local: 2_000_000_000_000 };
  const position = { server: 1_900_000_000_000, local: 1_900_000_000_000 };
  const outdated = { position, again, unlisted: ["hidden"], overlapMs: 1_200_000, reread: { after: "m" } };
  expect(parseTableState({ state: undefined, outdated }, start)).toEqual({
    position,
    pending: [
      { scope: { dags: ["a"], runs: ["r"] }, why: "tries" },
      { scope: { dags: ["hidden"] }, why: "unlisted" },
    ],
    reread: { isRenewal: true },
  });
});
