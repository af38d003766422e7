import { createEmptyAirflowWorld } from "@org/simulators/internal";
import type { SyncError } from "@org/sync-engine";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

test("I8: a user who may no longer see task instances gets the rest synced, an error, and loses no row", async () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "d", tasks: [{ taskId: "a" }, { taskId: "b" }] });
  for (let index = 0; index < 6; index += 1) world.finishRun(world.addRun(dag, { runId: `run ${index}` }));
  world.startRun(world.addRun(dag, { runId: "open" }));
  const { simulator, syncNow, differences } = await setUp({ world });
  await syncNow();
  simulator.faults.push({
    match: ({ path }) => path.includes("taskInstances"),
    status: 403,
    body: { detail: "Forbidden" },
    times: 10_000,
  });
  const onTaskInstances = async () => (await differences()).filter((line) => !line.includes("airflow_dag"));
  for (const reconcile of [false, true]) {
    simulator.clock.advance(60 * 60_000);
    world.finishRun(world.addRun(dag));
    // Changed without a new timestamp: found by counts, with its task instances.
    world.withoutStamps(() => world.finishRun(world.addRun(dag)));
    const error = (await syncNow({ reconcile }).catch((thrown: unknown) => thrown)) as SyncError;
    expect(error.message).toMatch(/task_instances: .* answered 403: Forbidden/);
    expect(error.message).toMatch(/Synced: dags, dag_runs\.$/);
    expect(error.result?.streams.map(({ deleted }) => deleted)).toEqual([0, 0, 0]);
  }
  expect(await onTaskInstances()).not.toEqual([]);
  simulator.faults.clear();
  await syncNow({ reconcile: true });
  expect(await differences()).toEqual([]);
});

test("an unfinished task instance is checked although one of another DAG became invisible", async () => {
  const world = createEmptyAirflowWorld();
  const [seen, hidden] = ["seen", "hidden"].map((dagId) => {
    const run = world.addRun(world.addDag({ dagId, tasks: [{ taskId: "t" }] }), { runId: "open" });
    world.startRun(run);
    world.startTask(run.tasks[0]!);
    return run;
  });
  let isHidden = false;
  const isVisible = (dagId: string) => !isHidden || dagId !== hidden!.dag.dagId;
  const { simulator, syncNow, differences } = await setUp({ world, simulator: { isVisible } });
  await syncNow();
  isHidden = true;
  simulator.clock.advance(60 * 60_000);
  await syncNow({ reconcile: false });
  simulator.clock.advance(60 * 60_000);
  world.withoutStamps(() => world.finishTask(seen!.tasks[0]!));
  await syncNow({ reconcile: false });
  expect(await differences()).toEqual([]);
});
