/** Airflow 3.4: tasks of loops, which only differ by region, and attempts with their own ids. */
import { createEmptyAirflowWorld, type SimulatedRun, type TaskDefinition } from "@org/simulators/internal";
import { taskInstancesTable } from "@org/sources/airflow";
import type { SyncError } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** The clock is in milliseconds. */
const minute = 60_000;

const tasks: readonly TaskDefinition[] = [
  { taskId: "before", retries: 1 },
  { taskId: "fan", mapped: 2, retries: 1 },
  { taskId: "g.step", loop: "g", retries: 1 },
  { taskId: "g.each", loop: "g", mapped: 2, retries: 1 },
];

/** A DAG with a loop, on a server of 3.4. */
async function loopingWorld(options: Parameters<typeof setUp>[0] = {}) {
  const world = createEmptyAirflowWorld({ version: "3.4" });
  const dag = world.addDag({ dagId: "looping", tasks });
  const its = await setUp({ world, ...options });
  /** A run whose loop has ended after some iterations. */
  const endedRun = (iterations: number): SimulatedRun => {
    const run = world.addRun(dag);
    for (let next = 1; next < iterations; next += 1) {
      for (const task of run.tasks.filter(({ iteration }) => iteration === next - 1)) {
        if (task.definition.mapped) world.expand(task);
      }
      for (const task of run.tasks.filter(({ iteration }) => iteration === next - 1)) world.finishTask(task);
      world.addIteration(run, "g");
    }
    world.finishRun(run);
    return run;
  };
  return { ...its, dag, endedRun };
}

const modes = [
  ["by windows", {}],
  ["without a cursor", { simulator: { cursor: false } }],
  ["without the batch endpoints", { source: { batch: false } }],
] as const;

describe.each(modes)("%s", (_, options) => {
  test("I4: every iteration of a loop is a separate row, in a first sync and later", async () => {
    const { world, dag, endedRun, simulator, syncNow, differences, rows } = await loopingWorld(options);
    endedRun(3);
    await syncNow();
    expect(await differences()).toEqual([]);
    // Two tasks outside the loop, one with two attempts; three in it, one with two attempts, times three iterations.
    expect(await rows(taskInstancesTable)).toHaveLength(3 + 4 * 3);
    simulator.clock.advance(20 * minute);
    endedRun(2);
    const open = world.addRun(dag);
    world.finishTask(world.task(open, "g.step", -1, 0));
    await syncNow();
    expect(await differences()).toEqual([]);
    world.addIteration(open, "g");
    world.startTask(world.task(open, "g.step", -1, 1));
    simulator.clock.advance(20 * minute);
    await syncNow();
    expect(await differences()).toEqual([]);
    world.finishRun(open);
    await syncNow();
    expect(await differences()).toEqual([]);
    const { streams } = await syncNow();
    expect(streams.map(({ inserted, updated, deleted }) => inserted + updated + deleted)).toEqual([0, 0, 0]);
  });

  test("I4: an iteration's retries are its own, with the ids that attempts keep", async () => {
    const { world, dag, simulator, syncNow, differences, rows } = await loopingWorld(options);
    const run = world.addRun(dag);
    world.finishTask(world.task(run, "g.step", -1, 0));
    world.addIteration(run, "g");
    const step = world.task(run, "g.step", -1, 1);
    world.startTask(step);
    await syncNow();
    simulator.clock.advance(minute);
    world.note(step, "look into this");
    world.retry(step);
    await syncNow();
    expect(await differences()).toEqual([]);
    // While it waits, the row already has the next number.
    const waiting = (await rows(taskInstancesTable)).filter(
      (row) => row.task_id === "g.step" && Number(row.iteration) === 1,
    );
    expect(waiting.map(({ try_number, state, is_latest }) => [Number(try_number), state, is_latest])).toEqual(
      expect.arrayContaining([
        [1, "failed", false],
        [2, "up_for_retry", true],
      ]),
    );
    simulator.clock.advance(minute);
    world.startTask(step);
    await syncNow();
    world.finishRun(run);
    simulator.clock.advance(20 * minute);
    await syncNow();
    expect(await differences()).toEqual([]);
    world.clearTask(world.task(run, "before"));
    await syncNow();
    expect(await differences()).toEqual([]);
  });

  test("I4: a placeholder is removed once it expands, in a loop too, and no other", async () => {
    const { world, dag, simulator, syncNow, differences } = await loopingWorld(options);
    const run = world.addRun(dag);
    world.addIteration(run, "g");
    await syncNow();
    expect(await differences()).toEqual([]);
    simulator.clock.advance(20 * minute);
    world.expand(world.task(run, "g.each", -1, 1));
    await syncNow();
    expect(await differences()).toEqual([]);
    world.expand(world.task(run, "fan"), 0);
    world.expand(world.task(run, "g.each", -1, 0));
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

describe("I4: iterations that a cleared loop no longer lists", () => {
  const isGone = (run: SimulatedRun) => (row: Readonly<Record<string, unknown>>) => row.dag_run_id === run.runId;

  test("are found deleted by the sync that learns of the clear, and the others keep their earlier attempts", async () => {
    const { world, endedRun, simulator, syncNow, differences, rows } = await loopingWorld();
    const run = endedRun(3);
    await syncNow();
    simulator.clock.advance(20 * minute);
    world.clearIteration(run, "g", 1);
    const { streams } = await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
    expect(streams.at(-1)?.deleted).toBe(4);
    world.addIteration(run, "g");
    world.finishRun(run);
    simulator.clock.advance(20 * minute);
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
    const second = (await rows(taskInstancesTable))
      .filter(isGone(run))
      .filter(({ iteration }) => Number(iteration) === 1);
    expect(second.filter(({ is_latest }) => is_latest === false)).toHaveLength(4);
  });

  test("are not attributed to retention if they had not started in the server's oldest run", async () => {
    const { world, dag, simulator, syncNow, differences, rows } = await loopingWorld();
    const run = world.addRun(dag);
    simulator.clock.advance(20 * minute);
    world.finishTask(world.task(run, "before"));
    world.finishTask(world.task(run, "g.step", -1, 0));
    world.addIteration(run, "g");
    await syncNow();
    simulator.clock.advance(20 * minute);
    world.clearIteration(run, "g", 0);
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
    expect((await rows(taskInstancesTable)).filter(({ purged_at }) => purged_at !== null)).toEqual([]);
  });

  test("are found deleted once an iteration is listed in a new region, if no event reports the clear", async () => {
    const { world, endedRun, simulator, syncNow, differences } = await loopingWorld();
    const run = endedRun(3);
    endedRun(3);
    await syncNow();
    simulator.clock.advance(20 * minute);
    world.clearIteration(run, "g", 0, true);
    world.addIteration(run, "g");
    world.startTask(world.task(run, "g.step", -1, 1));
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
  });

  test("are found deleted by a reconcile, if nothing else shows it", async () => {
    const { world, endedRun, simulator, syncNow, differences } = await loopingWorld();
    const run = endedRun(3);
    endedRun(3);
    await syncNow();
    simulator.clock.advance(20 * minute);
    world.clearIteration(run, "g", 0, true);
    world.finishRun(run);
    await syncNow({ reconcile: false });
    expect(await differences()).not.toEqual([]);
    await syncNow({ reconcile: true });
    expect(await differences()).toEqual([]);
  });

  test("are found deleted if a whole run is cleared", async () => {
    const { world, endedRun, simulator, syncNow, differences } = await loopingWorld();
    const run = endedRun(3);
    await syncNow();
    simulator.clock.advance(20 * minute);
    world.clearRun(run);
    await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
  });
});

test("I12: an idle sync of loops sends at most 7 requests, and writes nothing", async () => {
  const { endedRun, simulator, syncNow } = await loopingWorld();
  for (let count = 0; count < 5; count += 1) endedRun(4);
  await syncNow();
  simulator.clock.advance(60 * minute);
  await syncNow();
  simulator.requests.length = 0;
  const { streams } = await syncNow({ reconcile: false });
  expect(simulator.requests.filter(({ path }) => path !== "/auth/token").length).toBeLessThanOrEqual(7);
  expect(streams.map(({ inserted, updated, deleted }) => inserted + updated + deleted)).toEqual([0, 0, 0]);
});

describe("tries are accepted only if they belong to the task instance, each with its own number", () => {
  const another = { hostname: "another", id: "019a0000-0000-7000-8000-000000000000" };
  const lies = {
    "two with one number, told apart by what is new": [
      { ...another, shard: 2 },
      "KEY_COLLISION",
      /shard \(missing, 2\)/,
    ],
    "two with one number in another region": [
      { ...another, region_id: "019b0000-0000-7000-8000-000000000000", region_index: 7 },
      "UNEXPECTED_ANSWER",
      /\.region_id is "019b.*, expected "0/,
    ],
    "one of another index": [{ ...another, map_index: 7 }, "UNEXPECTED_ANSWER", /\.map_index is 7, expected -1/],
    "one of another task": [{ ...another, task_id: "other" }, "UNEXPECTED_ANSWER", /\.task_id is "other", expected "/],
    "one of another run": [
      { ...another, dag_run_id: "other" },
      "UNEXPECTED_ANSWER",
      /\.dag_run_id is "other", expected "/,
    ],
  } as const;
  test.each(Object.entries(lies))("%s", async (_, [change, code, said]) => {
    const { world, dag, front, syncNow, differences, rows } = await loopingWorld({
      simulator: { validate: false },
      lie: {
        answer: ({ body, url }) => {
          if (url.pathname.endsWith("/tries")) body.task_instances.push({ ...body.task_instances[0], ...change });
        },
      },
    });
    const run = world.addRun(dag);
    const step = world.task(run, "g.step", -1, 0);
    world.startTask(step);
    world.retry(step);
    world.startTask(step);
    world.finishRun(run);
    const error = (await syncNow().catch((thrown: unknown) => thrown)) as SyncError;
    const [failed] = error.result!.streams.flatMap((stream) => stream.error ?? []);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(said) });
    expect(failed?.message).toMatch(/^The response to tries of looping .* g\.step \(http:\/\/127/);
    // Everything from the lists is stored, and nothing from that response.
    expect((await rows(taskInstancesTable)).filter(({ is_latest }) => !is_latest)).toEqual([]);
    front.tell();
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});
