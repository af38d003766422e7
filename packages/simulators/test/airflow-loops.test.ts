/** A world of Airflow 3.4, and how its server is asked. */
import { createEmptyAirflowWorld, type SimulatedTask, startAirflowSimulator } from "@org/simulators/internal";
import { violation } from "@org/testkit/airflow-specification";
import { describe, expect, onTestFinished, test } from "vitest";

function looping() {
  const world = createEmptyAirflowWorld({ version: "3.4" });
  const tasks = [
    { taskId: "plain", retries: 1 },
    { taskId: "fan", mapped: 2 },
    { taskId: "g.step", loop: "g" },
    { taskId: "g.each", loop: "g", mapped: 2 },
  ];
  const run = world.addRun(world.addDag({ dagId: "d", tasks }), { runId: "r" });
  return { world, run, plain: world.task(run, "plain") };
}

/** Task instances as `task[index] iteration`, without the condition of the loop. */
const named = (tasks: readonly SimulatedTask[]) =>
  tasks
    .filter(({ definition }) => !definition.taskId.endsWith("gate"))
    .map(({ definition, mapIndex, iteration }) => `${definition.taskId}[${mapIndex}] ${iteration}`);

describe("a task instance from 3.4 on", () => {
  test("that fails with retries left waits with the next number, and its attempt keeps its id", () => {
    const { world, plain } = looping();
    world.startTask(plain);
    const { id, startDate } = plain;
    world.retry(plain);
    expect(plain).toMatchObject({ tryNumber: 2, state: "up_for_retry", startDate });
    expect(plain.history).toMatchObject([{ id, tryNumber: 1, state: "failed" }]);
    world.startTask(plain);
    expect(plain).toMatchObject({ tryNumber: 2, state: "running" });
  });

  test("that is cleared has the next number; cleared again while it waits, it stays unchanged", () => {
    const { world, plain } = looping();
    world.finishTask(plain);
    world.note(plain, "mind this");
    world.clearTask(plain);
    const { id } = plain;
    expect(plain).toMatchObject({ tryNumber: 2, state: null, note: "mind this" });
    world.clearTask(plain);
    expect(plain).toMatchObject({ id, tryNumber: 2, state: null });
    expect(plain.history).toMatchObject([{ tryNumber: 1, state: "success", note: "mind this" }]);
  });

  test("that is running is told to stop, and becomes an attempt once it has", () => {
    const { world, plain } = looping();
    world.startTask(plain);
    const { id } = plain;
    world.clearTask(plain);
    expect(plain).toMatchObject({ id, tryNumber: 1, state: "restarting" });
    world.retry(plain);
    expect(plain).toMatchObject({ tryNumber: 2, state: null });
    expect(plain.history).toMatchObject([{ id, state: "failed" }]);
  });

  test("that is mapped expands in the region of its placeholder", () => {
    const { world, run } = looping();
    const fan = world.task(run, "fan");
    const { region, id } = fan;
    expect([region?.id, fan.regionIndex]).toEqual([expect.any(String), -1]);
    world.expand(fan);
    const expanded = run.tasks.filter(({ definition }) => definition.taskId === "fan");
    expect(expanded.map((task) => [task.region, task.mapIndex, task.regionIndex])).toEqual([
      [region, 0, 0],
      [region, 1, 1],
    ]);
    expect(fan.id).toBe(id);
  });
});

test("of a cleared loop lists no later iteration, and continues in another region", () => {
  const { world, run } = looping();
  world.addIteration(run, "g");
  world.addIteration(run, "g");
  world.finishRun(run);
  const first = world.task(run, "g.step", -1, 0);
  const second = world.task(run, "g.step", -1, 1);
  expect([second.region, second.regionIndex]).toEqual([first.region, 1]);
  world.clearIteration(run, "g", 1);
  expect(named(run.tasks)).toEqual(
    expect.arrayContaining(["g.step[-1] 0", "g.step[-1] 1", "g.each[0] 1", "g.each[1] 1"]),
  );
  expect(run.tasks.some(({ iteration }) => iteration === 2)).toBe(false);
  expect([second.tryNumber, second.state, second.region]).toEqual([2, null, first.region]);
  world.addIteration(run, "g");
  expect(world.task(run, "g.step", -1, 2).region).not.toEqual(first.region);
  expect(world.task(run, "g.step", -1, 2).tryNumber).toBe(0);
});

test("loops are rejected in a world of 3.3", () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "d", tasks: [{ taskId: "g.step", loop: "g" }] });
  expect(() => world.addRun(dag)).toThrow("Loops come with version 3.4");
});

describe("tries of a task in a loop", () => {
  async function asked() {
    const { world, run } = looping();
    const simulator = await startAirflowSimulator({ world, validate: violation });
    onTestFinished(simulator.close);
    world.addIteration(run, "g");
    const headers = { authorization: `Bearer ${simulator.tokens.issue()}` };
    const address = `${simulator.url}/api/v2/dags/d/dagRuns/r/taskInstances`;
    const get = async (path: string) => {
      const response = await fetch(`${address}/${path}`, { headers });
      return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
    };
    return { world, run, get };
  }

  test("require its region and index", async () => {
    const { world, run, get } = await asked();
    const step = world.task(run, "g.step", -1, 1);
    for (const path of ["g.step/tries", "g.step/-1/tries", "g.each/-1/tries"]) {
      expect(await get(path)).toEqual({
        status: 400,
        body: { detail: "Select a region and index for this task instance" },
      });
    }
    expect(await get("g.step/-1/tries?region_index=1")).toMatchObject({ status: 400 });
    expect(await get("g.step/-1/tries?region_id=x&region_index=1")).toMatchObject({ status: 422 });
    const place = { region_id: step.region!.id, region_index: 1 };
    const { status, body } = await get(`g.step/-1/tries?region_id=${place.region_id}&region_index=1`);
    expect({ status, attempts: body.task_instances }).toMatchObject({
      status: 200,
      attempts: [{ ...place, id: step.id, loop_iteration: { loop_id: "g", iteration: 1 } }],
    });
    expect(await get(`g.step/-1/tries?region_id=${place.region_id}&region_index=7`)).toMatchObject({ status: 404 });
  });

  test("require neither if the task has a single instance", async () => {
    const { get } = await asked();
    const nil = "00000000-0000-0000-0000-000000000000";
    for (const path of ["plain/tries", "plain/-1/tries", `plain/-1/tries?region_id=${nil}`, "fan/-1/tries"]) {
      expect(await get(path)).toMatchObject({ status: 200 });
    }
  });
});
