import {
  createClock,
  createDemoAirflowWorld,
  createEmptyAirflowWorld,
  formatSix,
  minute,
} from "@org/simulators/internal";
import { defaultAirflowTables } from "@org/sources/airflow";
import { describe, expect, test } from "vitest";

const twoTasks = [
  { taskId: "extract", retries: 2 },
  { taskId: "load", mapped: 3 },
];

function oneRun() {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "sales", tasks: twoTasks });
  const run = world.addRun(dag, { runId: "first" });
  return { world, dag, run, extract: world.task(run, "extract"), load: world.task(run, "load") };
}

/** The attempts of a task in the truth, as `number state latest`. */
function attempts(world: ReturnType<typeof oneRun>["world"], taskId: string) {
  return world
    .rows()
    .airflow_task_instances.filter((row) => row.task_id === taskId)
    .map((row) => `${row.map_index} ${row.try_number} ${row.state}${row.is_latest ? " latest" : ""}`);
}

describe("life of a task instance", () => {
  test("it is created with number 0, which becomes 1 under the same id", () => {
    const { world, extract } = oneRun();
    const { id } = extract;
    expect(attempts(world, "extract")).toEqual(["-1 0 null latest"]);
    world.startTask(extract);
    expect(extract.id).toBe(id);
    expect(attempts(world, "extract")).toEqual(["-1 1 running latest"]);
  });

  test("a failed try with retries left gets a new id and keeps its number and dates", () => {
    const { world, extract } = oneRun();
    world.startTask(extract);
    const { id, startDate } = extract;
    world.retry(extract);
    expect(extract.id > id).toBe(true);
    expect(extract.startDate).toBe(startDate);
    expect(attempts(world, "extract")).toEqual(["-1 1 up_for_retry latest"]);
    world.finishTask(extract);
    expect(attempts(world, "extract")).toEqual(["-1 1 failed", "-1 2 success latest"]);
  });

  test("a clear leaves a history row with the current number until it is scheduled again", () => {
    const { world, run, extract } = oneRun();
    world.finishTask(extract);
    world.setRunState(run, "success");
    const { id } = extract;
    world.clearTask(extract);
    expect(extract.id).not.toBe(id);
    expect([run.state, run.startDate, run.endDate]).toEqual(["queued", null, null]);
    expect(attempts(world, "extract")).toEqual(["-1 1 null latest"]);
    world.startTask(extract);
    expect(attempts(world, "extract")).toEqual(["-1 1 success", "-1 2 running latest"]);
  });

  test("a second clear before it is scheduled writes no second attempt of the same number", () => {
    const { world, extract } = oneRun();
    world.finishTask(extract);
    world.clearTask(extract);
    world.clearTask(extract);
    world.startTask(extract);
    expect(extract.history.map((attempt) => attempt.state)).toEqual(["success"]);
    expect(attempts(world, "extract")).toEqual(["-1 1 success", "-1 2 running latest"]);
  });

  test("cleared while running, it is restarting under a new id, and its attempt has failed", () => {
    const { world, extract } = oneRun();
    world.startTask(extract);
    const { id } = extract;
    world.clearTask(extract);
    expect(extract.id).not.toBe(id);
    expect(attempts(world, "extract")).toEqual(["-1 1 restarting latest"]);
    world.retry(extract);
    world.startTask(extract);
    expect(attempts(world, "extract")).toEqual(["-1 1 failed", "-1 2 running latest"]);
  });

  test("a placeholder becomes index 0 under its own id", () => {
    const { world, load } = oneRun();
    const { id } = load;
    world.expand(load);
    expect([load.id, load.mapIndex]).toEqual([id, 0]);
    expect(attempts(world, "load")).toEqual(["0 0 null latest", "1 0 null latest", "2 0 null latest"]);
  });
});

describe("stamps", () => {
  test("a note does not change updated_at, and only the audit log shows it", () => {
    const { world, run, extract } = oneRun();
    const before = [run.updatedAt, extract.updatedAt];
    world.advance(60_000);
    world.note(run, "late");
    world.note(extract, "slow");
    expect([run.updatedAt, extract.updatedAt]).toEqual(before);
    expect(world.events().map((event) => event.event)).toEqual([
      "trigger_dag_run",
      "patch_dag_run",
      "patch_task_instance",
    ]);
  });

  test("later changes are stamped at their own time, and unstamped ones not at all", () => {
    const { world, dag, run } = oneRun();
    const earlier = world.now() - 5 * minute;
    world.at(earlier, () => world.setRunState(run, "failed"));
    expect(run.updatedAt).toBe(earlier);
    world.withoutStamps(() => world.setRunState(run, "success"));
    expect(run.updatedAt).toBe(earlier);
    const unstamped = world.withoutStamps(() => world.addRun(dag, { runId: "silent" }));
    expect([unstamped.updatedAt, unstamped.tasks[0]!.updatedAt]).toEqual([null, null]);
  });

  test("deleting leaves a line in the audit log, unless it is silent or its DAG is gone", () => {
    const { world, dag, run } = oneRun();
    const second = world.addRun(dag, { runId: "second" });
    world.deleteRun(run);
    world.deleteRun(second, true);
    const deletions = () => world.events().filter((event) => event.event === "delete_dag_run");
    expect(deletions().map((event) => event.runId)).toEqual(["first"]);
    expect(world.tasks()).toEqual([]);
    world.deleteDag(dag);
    expect(world.events()).toEqual([]);
  });

  test("task instances stay ordered by id through clears and deletions", () => {
    const { world, dag } = oneRun();
    const runs = Array.from({ length: 20 }, (_, index) => world.addRun(dag, { runId: `run ${index}` }));
    for (const [index, run] of runs.entries()) {
      if (index % 3 === 0) world.deleteRun(run);
      else world.clearTask(run.tasks[0]!);
    }
    const ids = world.tasks().map((task) => task.id);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toHaveLength((1 + runs.length - 7) * 2);
  });
});

describe("demo", () => {
  test("is the same for the same seed, and different for another", () => {
    const rows = (seed: number) => JSON.stringify(createDemoAirflowWorld({ seed, dags: 6, days: 2 }).rows());
    expect(rows(1)).toBe(rows(1));
    expect(rows(1)).not.toBe(rows(2));
  });

  test("resembles a company's: failures, retries, mapped tasks, unfinished runs, runs without logical date", () => {
    const rows = createDemoAirflowWorld().rows();
    expect(rows.airflow_dags).toHaveLength(25);
    const states = new Set(rows.airflow_dag_runs.map((row) => row.state));
    expect(states).toEqual(new Set(["success", "failed", "running"]));
    expect(rows.airflow_dag_runs.some((row) => row.logical_date === null)).toBe(true);
    expect(rows.airflow_dag_runs.some((row) => row.note !== null)).toBe(true);
    expect(rows.airflow_task_instances.some((row) => row.is_latest === false)).toBe(true);
    expect(rows.airflow_task_instances.some((row) => (row.map_index as number) > 0)).toBe(true);
  });

  test("ends before its clock, wherever that is", () => {
    const clock = createClock(Date.UTC(2031, 0, 1));
    const now = formatSix(clock.now() * 1000);
    for (const row of createDemoAirflowWorld({ clock }).rows().airflow_dag_runs) {
      for (const column of ["start_date", "end_date", "queued_at"]) {
        expect((row[column] as string | null) ?? "").toSatisfy((date: string) => date <= now);
      }
    }
  });

  test("grows and shrinks with its options", () => {
    const world = createDemoAirflowWorld({ dags: 40, days: 3, runsPerDag: 2 });
    expect(world.dags.size).toBe(40);
    expect(Math.max(...[...world.dags.values()].map((dag) => dag.runs.size))).toBe(2);
  });
});

test("the truth has exactly the columns of the sync's tables", () => {
  const rows = createDemoAirflowWorld({ dags: 8, days: 2 }).rows();
  const tables = defaultAirflowTables;
  for (const table of tables) {
    const found = rows[table.name as keyof typeof rows];
    expect(Object.keys(found[0]!).sort(), table.name).toEqual(Object.keys(table.columns).sort());
    const keys = found.map((row) => JSON.stringify(table.primaryKey.map((column) => row[column])));
    expect(new Set(keys).size, table.name).toBe(found.length);
  }
});
