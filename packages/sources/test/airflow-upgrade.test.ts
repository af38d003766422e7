/** Tables filled before regions existed: from an older server, or by an older release of ours. */
import { createAirflowClient } from "@org/airflow-client";
import { createEmptyAirflowWorld, type TaskDefinition } from "@org/simulators/internal";
import { airflow, taskInstancesTable } from "@org/sources/airflow";
import type { Source } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** The clock is in milliseconds. */
const minute = 60_000;

const tasks: readonly TaskDefinition[] = [
  { taskId: "before", retries: 1 },
  { taskId: "fan", mapped: 2, retries: 1 },
  { taskId: "g.step", loop: "g", retries: 1 },
  { taskId: "g.each", loop: "g", mapped: 2 },
];

describe("a server that is upgraded to 3.4", () => {
  test("I4: what is waiting has its next number, and no attempt is lost or duplicated", async () => {
    const world = createEmptyAirflowWorld();
    const dag = world.addDag({ dagId: "d", tasks: tasks.filter(({ loop }) => !loop) });
    const { simulator, syncNow, differences, rows } = await setUp({ world });
    const [ended, open] = [world.addRun(dag), world.addRun(dag)];
    world.startTask(world.task(ended, "before"));
    world.retry(world.task(ended, "before"));
    world.finishRun(ended);
    world.clearTask(world.task(ended, "fan", 1));
    world.startRun(open);
    world.startTask(world.task(open, "before"));
    world.retry(world.task(open, "before"));
    await syncNow();
    expect(await differences()).toEqual([]);
    simulator.clock.advance(60 * minute);
    world.upgrade();
    await syncNow();
    expect((await rows(taskInstancesTable)).filter(({ task_id }) => task_id === "before")).toHaveLength(4);
    // The additional data of earlier attempts is read within ten syncs.
    for (let round = 0; round < 10; round += 1) await syncNow({ reconcile: false });
    expect(await differences()).toEqual([]);
    world.finishRun(open);
    world.finishRun(ended);
    simulator.clock.advance(20 * minute);
    await syncNow();
    expect(await differences()).toEqual([]);
  });

  test("I4: an older placeholder has its region once it expands", async () => {
    const world = createEmptyAirflowWorld();
    const run = world.addRun(world.addDag({ dagId: "d", tasks: [{ taskId: "fan", mapped: 3 }] }));
    const other = world.addRun(run.dag);
    const { simulator, syncNow, differences } = await setUp({ world });
    await syncNow();
    world.upgrade();
    simulator.clock.advance(20 * minute);
    world.expand(world.task(run, "fan"));
    world.expand(world.task(other, "fan"), 0);
    const { streams } = await syncNow();
    expect(await differences()).toEqual([]);
    expect(streams.at(-1)?.deleted).toBe(0);
  });

  test("I4: mapped task instances that get a region keep the attempts that the server no longer shows", async () => {
    const world = createEmptyAirflowWorld();
    const run = world.addRun(world.addDag({ dagId: "d", tasks: [{ taskId: "fan", mapped: 2, retries: 1 }] }));
    const { simulator, syncNow, differences, rows } = await setUp({ world });
    world.expand(world.task(run, "fan"));
    const [first] = run.tasks;
    world.startTask(first!);
    world.retry(first!);
    world.finishRun(run);
    await syncNow();
    world.upgrade();
    simulator.clock.advance(20 * minute);
    world.regenerate(run, "fan");
    world.finishRun(run);
    await syncNow();
    const present = world
      .rows()
      .airflow_task_instances.map(({ region_id, map_index, try_number }) => [region_id, map_index, try_number]);
    const held = (await rows(taskInstancesTable)).map((row) => [
      row.region_id,
      Number(row.map_index),
      Number(row.try_number),
      row.is_latest,
      row.state,
    ]);
    const region = first!.run.tasks[0]!.region!.id;
    expect(present).toHaveLength(2);
    expect(held).toHaveLength(5);
    expect(held).toEqual(
      expect.arrayContaining([
        [region, 0, 1, false, "failed"],
        [region, 0, 2, false, "success"],
        [region, 0, 3, true, "success"],
        [region, 1, 1, false, "success"],
        [region, 1, 2, true, "success"],
      ]),
    );
    expect(await differences()).toHaveLength(3);
  });
});

test("I4: a table filled by a release without regions holds each task instance once, and all attempts", async () => {
  const world = createEmptyAirflowWorld({ version: "3.4" });
  const dag = world.addDag({ dagId: "looping", tasks });
  const { simulator, source, syncNow, differences, rows } = await setUp({ world });
  const run = world.addRun(dag);
  world.startTask(world.task(run, "before"));
  world.retry(world.task(run, "before"));
  world.expand(world.task(run, "fan"));
  world.startTask(world.task(run, "fan", 1));
  world.retry(world.task(run, "fan", 1));
  world.finishTask(world.task(run, "fan", 1));
  const unregioned: typeof fetch = async (input, init) => {
    const response = await fetch(String(input).replace(/region_(id|index)=[^&]*&?/g, ""), init);
    const text = (await response.text()).replace(
      /"(region_id|region_index|in_loop|loop_iteration)":("[^"]*"|\{[^}]*\}|[^,}]+),?/g,
      "",
    );
    return new Response(text.replaceAll(",}", "}"), response);
  };
  const auth = { username: "admin", password: "admin" };
  const client = createAirflowClient({ url: simulator.url, auth, fetch: unregioned as never });
  const streams = source.streams.map((stream) => ({ ...stream, revision: 1 }));
  await syncNow({ source: { ...(airflow({ client }) as Source), streams: streams as Source["streams"] } });
  const before = await rows(taskInstancesTable);
  expect(before.filter(({ region_id }) => region_id !== "")).toEqual([]);
  world.addIteration(run, "g");
  simulator.clock.advance(60 * minute);
  for (let round = 0; round < 11; round += 1) await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
});
