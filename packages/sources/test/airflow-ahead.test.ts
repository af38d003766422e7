/**
 * What is requested side by side. In each test one response is held back until further requests have been sent: a sync that
 * waits for it before it sends them never ends.
 */
import { createDemoAirflowWorld, createEmptyAirflowWorld, hour } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** A `fetch` that holds the first response to `held` back until all of `others` have been requested. */
function holding(held: RegExp, others: readonly RegExp[]) {
  const { promise: areSent, resolve } = Promise.withResolvers<void>();
  const left = [...others];
  let isHeld = false;
  let isOver = false;
  const fetchHolding: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const text = `${request.method} ${decodeURIComponent(request.url)} ${request.method === "POST" ? await request.clone().text() : ""}`;
    const isFirst = !isHeld && held.test(text);
    isHeld ||= isFirst;
    const next = isFirst || !isHeld ? -1 : left.findIndex((other) => other.test(text));
    if (next >= 0) left.splice(next, 1);
    if (left.length === 0) resolve();
    const response = await fetch(request);
    if (isFirst) {
      await areSent;
      isOver = true;
    }
    return response;
  };
  return { fetch: fetchHolding, wasHeld: () => isOver };
}

/** One run an hour, each with a task that was retried. */
function hourlyWorld(runs: number) {
  const world = createEmptyAirflowWorld();
  const dags = ["a", "b", "c", "d"].map((dagId) => world.addDag({ dagId, tasks: [{ taskId: "flaky", retries: 1 }] }));
  for (let number = 0; number < runs; number += 1) {
    const run = world.addRun(dags[number % dags.length]!, { runId: `run ${number}` });
    world.startTask(run.tasks[0]!);
    world.retry(run.tasks[0]!);
    world.finishRun(run);
    world.advance(hour / 1000);
  }
  return world;
}

test.each([
  ["the DAGs", "the version and the counts of runs", /\/dags\?/, [/\/version/, /\/dagStats/]],
  ["the events", "the window", /\/eventLogs/, [/\/dags\/~\/dagRuns\?.*updated_at_gte/]],
])("while %s are read, so are %s", async (_, __, held, others) => {
  const { fetch, wasHeld } = holding(held, others);
  const world = createDemoAirflowWorld({ seed: 1, dags: 2, days: 1, runsPerDag: 2 });
  const { syncNow, differences } = await setUp({ world, client: { fetch } });
  await syncNow();
  expect(wasHeld()).toBe(true);
  expect(await differences()).toEqual([]);
});

test.each(["dagRuns", "taskInstances"])(
  "while a slice of the history is read, so are the next two: %s",
  async (list) => {
    const further = new RegExp(`${list}/list .*run_after_lte`);
    const { fetch, wasHeld } = holding(new RegExp(`${list}/list (?!.*run_after_lte).*run_after_gte`), [
      further,
      further,
    ]);
    const { syncNow, differences } = await setUp({
      world: hourlyWorld(60),
      client: { fetch },
      source: { runsPerAnswer: list === "dagRuns" ? 10 : 2 },
    });
    await syncNow();
    expect(wasHeld()).toBe(true);
    expect(await differences()).toEqual([]);
  },
);

test("while the earlier attempts of a first sync's last day are read, so are those of the days before", async () => {
  const { fetch, wasHeld } = holding(/run 59\/.*\/tries/, [/run 2[0-9]\/.*\/tries/]);
  const { syncNow, differences } = await setUp({ world: hourlyWorld(60), client: { fetch } });
  await syncNow();
  expect(wasHeld()).toBe(true);
  expect(await differences()).toEqual([]);
});

test("without the batch endpoints, several DAGs are read at once", async () => {
  const others = ["b", "c", "d"].map((dag) => new RegExp(`/dags/${dag}/dagRuns`));
  const { fetch, wasHeld } = holding(/\/dags\/a\/dagRuns\?.*run_after/, others);
  const source = { batch: false };
  const { syncNow, differences } = await setUp({ world: hourlyWorld(8), client: { fetch }, source });
  await syncNow();
  expect(wasHeld()).toBe(true);
  expect(await differences()).toEqual([]);
});
