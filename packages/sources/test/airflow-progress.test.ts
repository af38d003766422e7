/** A first sync says how much of the history it has read. */
import { createEmptyAirflowWorld } from "@org/simulators/internal";
import type { SyncEvent } from "@org/sync-engine";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** Each run has two task instances. */
function worldOf(runs: number) {
  const world = createEmptyAirflowWorld();
  const dags = ["a", "b"].map((dagId) => world.addDag({ dagId, tasks: [{ taskId: "x" }, { taskId: "y" }] }));
  for (let number = 0; number < runs; number += 1) {
    world.finishRun(world.addRun(dags[number % 2]!));
    world.advance(60 * 60_000);
  }
  return world;
}

const progressOf = (events: readonly SyncEvent[], stream: string) =>
  events.filter((event) => event.type === "progress").filter((event) => event.stream === stream);

test("in runs, whatever the table has of each, up to all of them", async () => {
  const { syncNow } = await setUp({ world: worldOf(30) });
  const { events } = await syncNow();
  for (const stream of ["dag_runs", "task_instances"]) {
    const seen = progressOf(events, stream);
    expect(seen.at(-1)).toMatchObject({ done: 30, total: 30 });
    expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).toSorted((a, b) => a - b));
  }
  expect(progressOf((await syncNow()).events, "dag_runs")).toEqual([]);
});

test("of a sample, without a total", async () => {
  const world = worldOf(30);
  const { syncNow } = await setUp({ world });
  const { events } = await syncNow({ sampleSince: world.clock.now() - 10.5 * 60 * 60_000 });
  expect(progressOf(events, "dag_runs").at(-1)).toMatchObject({ done: 10, total: null });
});

test("of a limited history, without a total", async () => {
  const { syncNow } = await setUp({ world: worldOf(30) });
  const { events } = await syncNow({ historyMs: 10.5 * 60 * 60_000 });
  expect(progressOf(events, "dag_runs").at(-1)).toMatchObject({ done: 10, total: null });
});
