import { createEmptyAirflowWorld, minute } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const source = { batch: false };

/** DAGs with none, some and many runs; one with more mapped task instances than a page of the server. */
function mixedWorld() {
  const world = createEmptyAirflowWorld();
  world.addDag({ dagId: "none" });
  const some = world.addDag({ dagId: "some", tasks: [{ taskId: "a", retries: 1 }, { taskId: "b" }] });
  const many = world.addDag({ dagId: "many" });
  const wide = world.addDag({ dagId: "wide", tasks: [{ taskId: "fan", mapped: 130 }] });
  for (let index = 0; index < 120; index += 1) {
    if (index < 7) world.at(world.now() - index * minute, () => world.finishRun(world.addRun(some)));
    world.at(world.now() - index * minute, () => world.finishRun(world.addRun(many, { runId: `run ${index}` })));
  }
  world.finishRun(world.addRun(wide));
  return { world, some, many, wide };
}

test("without batch endpoints the tables are the same, and nothing is written to the server's audit log", async () => {
  const { world, some, many, wide } = mixedWorld();
  const { simulator, syncNow, differences } = await setUp({ world, source });
  await syncNow();
  expect(await differences()).toEqual([]);

  simulator.clock.advance(20 * 60_000);
  const [first, second, third] = some.runs.values();
  world.note(first!, "a note");
  world.noteRuns(some, [second!], "another");
  world.deleteRun(third!);
  world.startRun(world.addRun(many, { runId: "a/slash" }));
  world.startRun(world.addRun(wide, { runId: "open" }));
  for (const task of [...wide.runs.values()][0]!.tasks) world.clearTask(task);
  await syncNow();
  expect(await differences()).toEqual([]);

  simulator.clock.advance(20 * 60_000);
  world.withoutStamps(() => {
    world.finishRun(world.run("wide", "open"));
    world.finishRun(world.run("many", "a/slash"));
  });
  world.deleteRun(world.run("many", "run 3"), true);
  await syncNow({ reconcile: true });
  expect(await differences()).toEqual([]);
  expect(simulator.requests.filter(({ method, path }) => method === "POST" && path !== "/auth/token")).toEqual([]);
});

test("I3: a first sync without batch endpoints resumes wherever it ended", async () => {
  const { world } = mixedWorld();
  const { simulator, syncNow, differences } = await setUp({ world, source });
  let left = 9;
  simulator.faults.push({ match: ({ path }) => /dagRuns/.test(path) && --left < 0, status: 403, body: {}, times: 50 });
  await expect(syncNow()).rejects.toThrow("answered 403");
  simulator.faults.clear();
  await syncNow();
  expect(await differences()).toEqual([]);
});

test.each([true, false])("a reconcile without batch endpoints re-reads across DAGs (cursor: %s)", async (cursor) => {
  const world = createEmptyAirflowWorld();
  const dags = Array.from({ length: 30 }, (_, number) => world.addDag({ dagId: `dag ${number}` }));
  // At one moment, more runs than a page, which only the DAGs divide if there is no cursor.
  const runAfter = world.now();
  for (let run = 0; run < 4; run += 1) {
    for (const dag of dags) world.finishRun(world.addRun(dag, { runId: `run ${run}`, runAfter }));
  }
  const early = runAfter - 60 * minute;
  for (let run = 0; run < 90; run += 1) {
    world.finishRun(world.addRun(dags[0]!, { runId: `early ${run}`, runAfter: early - run * minute }));
  }
  const { simulator, syncNow, differences } = await setUp({ world, source, simulator: { cursor } });
  await syncNow();
  let requests = 0;
  for (let day = 0; day < 6; day += 1) {
    simulator.clock.advance(25 * 60 * 60_000);
    requests = Math.max(requests, (await syncNow({ reconcile: true })).requests);
    // A reconcile counts each DAG's task instances.
    if (cursor) expect(requests).toBeLessThan(2 * dags.length);
    expect(await differences()).toEqual([]);
  }
});

test("an idle sync without batch endpoints sends one request per open run", async () => {
  const world = createEmptyAirflowWorld();
  for (let number = 0; number < 10; number += 1) {
    const dag = world.addDag({ dagId: `dag ${number}` });
    for (let run = 0; run < 3; run += 1) world.startRun(world.addRun(dag, { runId: `${number} ${run}` }));
  }
  const { simulator, syncNow, differences } = await setUp({ world, source });
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  const { requests } = await syncNow();
  expect(requests).toBeLessThan(30 + 15);
  expect(await differences()).toEqual([]);
});

test.each([true, false])(
  "task instances of queued runs are not read again until their run starts (batch: %s)",
  async (batch) => {
    const world = createEmptyAirflowWorld();
    const dag = world.addDag({ dagId: "a", tasks: [{ taskId: "one" }, { taskId: "two" }] });
    for (let run = 0; run < 20; run += 1) world.addRun(dag, { runId: `run ${run}` });
    const { simulator, syncNow, differences } = await setUp({ world, source: { batch } });
    await syncNow();
    simulator.clock.advance(20 * 60_000);
    await syncNow();
    simulator.clock.advance(20 * 60_000);
    const before = simulator.requests.length;
    await syncNow();
    const isList = ({ path, query }: { readonly path: string; readonly query: string }) =>
      /taskInstances(\/list)?$/.test(path) && !query.includes("updated_at_gte");
    expect(simulator.requests.slice(before).filter(isList)).toEqual([]);
    simulator.clock.advance(20 * 60_000);
    const run = world.run("a", "run 7");
    world.startRun(run);
    world.withoutStamps(() => world.finishTask(run.tasks[0]!));
    await syncNow();
    expect(await differences()).toEqual([]);
  },
);
