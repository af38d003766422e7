/** A first sync reads across all DAGs in slices of time, newest first, and can be resumed at one timestamp. */
import { createEmptyAirflowWorld, day, type LoggedRequest, minute } from "@org/simulators/internal";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import { describe, expect, test } from "vitest";
import { failing, setUp } from "./airflow-sync.ts";

/** Runs of twenty DAGs, every few minutes, and before some of them nothing for a while. */
function longWorld({ runs = 400, gapAfter = 1000, gap = 0 } = {}) {
  const world = createEmptyAirflowWorld();
  const now = world.now();
  const dags = Array.from({ length: 20 }, (_, dag) => world.addDag({ dagId: `dag_${dag}`, tasks: [{ taskId: "a" }] }));
  for (let number = 0; number < runs; number += 1) {
    const runAfter = now - number * 10 * minute - (number >= gapAfter ? gap : 0);
    world.finishRun(world.addRun(dags[number % 20]!, { runId: `run ${number}`, runAfter }));
  }
  world.advance(24 * 60 * 60_000);
  return world;
}

type Body = { readonly run_after_gte?: string; readonly run_after_lte?: string; readonly page_limit: number };
const lists = (requests: readonly LoggedRequest[], what: "dagRuns" | "taskInstances") =>
  requests
    .filter(({ path }) => path.endsWith(`${what}/list`))
    .map(({ body }) => body as Body)
    .filter(({ page_limit }) => page_limit > 1);

test("the newest slice comes first, none twice, and their length is learned", async () => {
  const { simulator, syncNow, differences } = await setUp({ world: longWorld(), source: { runsPerAnswer: 20 } });
  const { events } = await syncNow();
  expect(await differences()).toEqual([]);
  for (const [what, stream] of [
    ["dagRuns", "dag_runs"],
    ["taskInstances", "task_instances"],
  ] as const) {
    const slices = lists(simulator.requests, what);
    const starts = slices.map((slice) => slice.run_after_gte);
    expect(new Set(starts).size).toBe(slices.length);
    // Requests that are sent together may arrive in any order; what they bring is stored in order.
    const stored = events.flatMap((event) =>
      event.type === "progress" && event.stream === stream ? [event.backTo ?? ""] : [],
    );
    expect(stored).toHaveLength(slices.length);
    expect(stored).toEqual(stored.toSorted().toReversed());
    // Of 400 rows, a response holds 20 or 100, and is about two thirds full.
    expect(slices.length).toBeLessThan(what === "dagRuns" ? 34 : 16);
  }
});

test("a small history is one request", async () => {
  const { simulator, syncNow, differences } = await setUp({ world: longWorld({ runs: 40 }) });
  await syncNow();
  expect(await differences()).toEqual([]);
  expect(simulator.requests.filter(({ path }) => path.endsWith("/list"))).toHaveLength(2);
});

test("a year without runs costs a few requests", async () => {
  const world = longWorld({ gapAfter: 200, gap: 365 * day });
  const { simulator, syncNow, differences } = await setUp({ world, source: { runsPerAnswer: 20 } });
  await syncNow();
  expect(await differences()).toEqual([]);
  expect(lists(simulator.requests, "dagRuns").length).toBeLessThan(45);
});

test.each([true, false])("an interrupted first sync has the newest, and stays current (batch: %s)", async (batch) => {
  const world = longWorld({ runs: 300 });
  const its = await setUp({ world, source: { runsPerAnswer: 20, batch } });
  const { simulator, syncNow, differences, rows, destination } = its;
  const stop = (nth: number) => syncNow({ destination: failing(destination(), nth, "after"), reconcile: false });
  await stop(25).catch(() => {});
  const held = (await rows(dagRunsTable)).map((row) => row.run_after as string).toSorted();
  const newest = world
    .rows()
    .airflow_dag_runs.map((row) => row.run_after)
    .toSorted();
  expect(held.length).toBeGreaterThan(0);
  if (batch) expect(held).toEqual(newest.slice(-held.length));
  simulator.clock.advance(3 * 60 * 60_000);
  world.finishRun(world.addRun(world.dags.get("dag_3")!, { runId: "new" }));
  await stop(2).catch(() => {});
  expect((await rows(dagRunsTable)).map((row) => row.dag_run_id)).toContain("new");
  await syncNow();
  expect(await differences()).toEqual([]);
  expect(await rows(taskInstancesTable)).toHaveLength(301);
});

describe("DAGs that the user sees only at times", () => {
  test.each([1, 2, 3, 4, 5, 6])("are read, although slices went by meanwhile (commit %i)", async (nth) => {
    const hidden = new Set(["dag_1", "dag_2"]);
    const isVisible = (dag: string) => !hidden.has(dag);
    const world = longWorld({ runs: 120 });
    const its = await setUp({ world, source: { runsPerAnswer: 10 }, simulator: { isVisible } });
    const { syncNow, differences, destination, simulator } = its;
    const streams = ["task_instances"];
    const stop = (at: number) => syncNow({ streams, destination: failing(destination(), at, "after") }).catch(() => {});
    await stop(nth);
    hidden.delete("dag_1");
    hidden.add("dag_3");
    simulator.clock.advance(60 * 60_000);
    await stop(nth + 1);
    hidden.clear();
    await syncNow({ streams, reconcile: false });
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
  });
});
