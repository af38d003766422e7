/** A first sync stores listed rows as fast as they arrive, then reads earlier attempts, newest runs first. */
import { type AirflowWorld, createEmptyAirflowWorld } from "@org/simulators/internal";
import { taskInstancesTable } from "@org/sources/airflow";
import { describeState } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { failing, setUp } from "./airflow-sync.ts";

const hour = 60 * 60_000;

/** Runs an hour apart, each with one task that was retried, and one that was not. */
function retriedWorld(runs: number): AirflowWorld {
  const world = createEmptyAirflowWorld();
  const tasks = [{ taskId: "flaky", retries: 2 }, { taskId: "steady" }];
  const dags = ["a", "b"].map((dagId) => world.addDag({ dagId, tasks }));
  for (let number = 0; number < runs; number += 1) {
    const run = world.addRun(dags[number % 2]!);
    world.startTask(world.task(run, "flaky"));
    world.retry(world.task(run, "flaky"));
    world.finishRun(run);
    world.advance(hour);
  }
  return world;
}

const triesOf = ({ requests }: { readonly requests: readonly { readonly path: string }[] }) =>
  requests.filter(({ path }) => path.endsWith("/tries")).map(({ path }) => decodeURIComponent(path.split("/")[6]!));

test("a first sync asks for all lists before any tries, and for these from the newest run backwards", async () => {
  const { simulator, syncNow, differences, world } = await setUp({ world: retriedWorld(12) });
  await syncNow({ streams: ["task_instances"] });
  const paths = simulator.requests.map(({ path }) => path);
  expect(paths.findIndex((path) => path.endsWith("/tries"))).toBeGreaterThan(
    paths.findLastIndex((path) => path.endsWith("/list")),
  );
  const runs = world.runs().map(({ runId }) => runId);
  expect(triesOf(simulator)).toHaveLength(12);
  // The first slice is a day, which contains all of them, in any order. Newer slices come first.
  expect(triesOf(simulator).toSorted()).toEqual(runs.toSorted());
  await syncNow();
  expect(await differences()).toEqual([]);
});

describe("a budget", () => {
  test("lets one sync request so many, newest runs first, and the next ones the rest", async () => {
    const its = await setUp({ world: retriedWorld(10) });
    const { simulator, syncNow, differences, destination, rows, world } = its;
    const newestFirst = world
      .runs()
      .map(({ runId }) => runId)
      .toSorted()
      .toReversed();
    const asked: string[] = [];
    const left: number[] = [];
    for (let number = 0; number < 3; number += 1) {
      simulator.requests.length = 0;
      const { events } = await syncNow({ reconcile: false, outstandingBudget: 4 });
      asked.push(...triesOf(simulator).toSorted().toReversed());
      left.push(
        events
          .filter(({ type }) => type === "outstanding")
          .map((event) => ("rows" in event ? event.rows : 0))
          .at(-1) ?? 0,
      );
      const missing = await differences();
      expect(missing.every((line) => line.startsWith("missing") && line.includes('"is_latest":false'))).toBe(true);
      const [state] = (await describeState({ destination: destination() })).filter(
        ({ stream }) => stream === "task_instances",
      );
      expect(state).toMatchObject({
        status: "synced",
        outstanding: missing.length > 0 ? { what: "earlier attempts" } : null,
      });
      const codes = events.flatMap((event) => (event.type === "notice" ? [event.code] : []));
      expect(codes).toEqual(missing.length > 0 ? ["ATTEMPTS_OUTSTANDING"] : []);
      // All current attempts are stored from the start.
      expect((await rows(taskInstancesTable)).filter(({ is_latest }) => is_latest)).toHaveLength(20);
    }
    expect(asked).toEqual(newestFirst);
    expect(left.slice(0, 2)).toEqual([6, 2]);
    expect(await differences()).toEqual([]);
    simulator.requests.length = 0;
    const { requests } = await syncNow({ reconcile: false, outstandingBudget: 4 });
    expect(requests).toBeLessThanOrEqual(7);
  });

  test("of none leaves all of them, and does not hold up what a window brings", async () => {
    const its = await setUp({ world: retriedWorld(4) });
    const { simulator, syncNow, differences, world } = its;
    await syncNow({ outstandingBudget: 0 });
    expect(triesOf(simulator)).toEqual([]);
    expect(await differences()).toHaveLength(4);
    simulator.clock.advance(hour);
    const [oldest] = world.runs();
    world.clearTask(world.task(oldest!, "flaky"));
    world.startTask(world.task(oldest!, "flaky"));
    world.finishRun(oldest!);
    await syncNow({ reconcile: false, outstandingBudget: 0 });
    expect(triesOf(simulator)).toEqual([oldest!.runId]);
    expect(await differences()).toHaveLength(3);
  });

  test("that is smaller than what began at one moment is exceeded, so that every sync gets on", async () => {
    const world = createEmptyAirflowWorld();
    const run = world.addRun(world.addDag({ dagId: "a", tasks: [{ taskId: "fan", mapped: 5, retries: 1 }] }));
    world.expand(world.task(run, "fan"), 5);
    for (const task of run.tasks) {
      world.startTask(task);
      world.retry(task);
    }
    world.finishRun(run);
    const { syncNow, differences } = await setUp({ world });
    await syncNow({ outstandingBudget: 2 });
    expect(await differences()).toEqual([]);
  });
});

test("I3: a sync that ends anywhere between the attempts goes on where it was", async () => {
  for (const when of ["before", "after"] as const) {
    for (let nth = 1; nth <= 8; nth += 1) {
      const its = await setUp({ world: retriedWorld(6) });
      const { syncNow, differences, destination } = its;
      await syncNow({ outstandingBudget: 2, destination: failing(destination(), nth, when) }).catch(() => {});
      for (let number = 0; number < 4; number += 1) await syncNow({ reconcile: false, outstandingBudget: 2 });
      expect(await differences()).toEqual([]);
    }
  }
});

test("I8: attempts of a DAG that the user may not see any more are read once he may", async () => {
  const hidden = new Set<string>();
  const simulated = { isVisible: (dagId: string) => !hidden.has(dagId) };
  const { syncNow, differences } = await setUp({
    world: retriedWorld(6),
    simulator: simulated,
  });
  await syncNow({ outstandingBudget: 1 });
  hidden.add("a");
  for (let number = 0; number < 7; number += 1) await syncNow({ reconcile: false, outstandingBudget: 1 });
  hidden.clear();
  await syncNow({ reconcile: false, outstandingBudget: 1 });
  expect(await differences()).toEqual([]);
});

test("what a window of the first sync brought with its attempts is not asked for again", async () => {
  const { simulator, syncNow, differences, world } = await setUp({ world: retriedWorld(4) });
  const [run] = world.runs();
  const flaky = world.task(run!, "flaky");
  const isWindow = ({ path, query }: { readonly path: string; readonly query: URLSearchParams }) =>
    path.endsWith("/taskInstances") && query.has("updated_at_gte");
  simulator.faults.push({
    match: isWindow,
    before: () => {
      world.clearTask(flaky);
      world.startTask(flaky);
      world.finishTask(flaky);
    },
  });
  await syncNow({ streams: ["task_instances"] });
  expect(simulator.faults.pending).toBe(0);
  expect(triesOf(simulator).filter((id) => id === run!.runId)).toHaveLength(1);
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("attempts that cannot be read are asked for by the next sync, and hold up no others", async () => {
  const { simulator, syncNow, differences, world } = await setUp({ world: retriedWorld(6) });
  const [first] = world.runs();
  const isFirst = ({ path }: { readonly path: string }) =>
    path.endsWith("/tries") && path.includes(encodeURIComponent(first!.runId));
  simulator.faults.push({ match: isFirst, status: 500, body: { detail: "a row that cannot be printed" }, times: 20 });
  await expect(syncNow()).rejects.toMatchObject({ code: "STREAMS_FAILED" });
  expect(await differences()).toHaveLength(1);
  simulator.faults.clear();
  await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
});
