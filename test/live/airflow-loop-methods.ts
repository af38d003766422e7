/** The client's short methods on tasks in loops. Each iteration is a task instance, identified by its region. */
import {
  type AirflowClient,
  createAirflowClient,
  dagBundles,
  dagRuns,
  type TaskInstance,
  taskInstances,
  xcoms,
} from "@org/airflow-client";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { beforeAll, expect, test } from "vitest";

export function testLoopMethods(server: () => AirflowServer): void {
  let airflow: AirflowClient;

  beforeAll(() => {
    const { url, username, password } = server();
    airflow = createAirflowClient({ url, auth: { username, password } });
  });

  test("a task in a loop is read, followed, marked and cleared by its region; without one the server rejects the request", {
    timeout: 240_000,
  }, async () => {
    const { dag_run_id: dagRunId } = await dagRuns.trigger(airflow, "rounds");
    const id = { dagId: "rounds", dagRunId };
    expect((await dagRuns.wait(airflow, id, { deadlineMs: 200_000, intervalMs: 500 })).state).toBe("success");
    const work = { ...id, taskId: "round.work" };
    const rows = (await Array.fromAsync(taskInstances.list(airflow, { run: id })))
      .filter(({ task_id }) => task_id === work.taskId)
      .sort((a, b) => iterationOf(a) - iterationOf(b));
    expect(rows.map((row) => [iterationOf(row), row.try_number])).toEqual([
      [0, 1],
      [1, 2],
      [2, 1],
    ]);
    const second = rows[1]!;
    const task = { ...work, regionId: second.region_id, regionIndex: second.region_index };

    await expect(taskInstances.get(airflow, work)).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("Select a region"),
    });
    expect(await taskInstances.get(airflow, task)).toMatchObject({ id: second.id, loop_iteration: { iteration: 1 } });
    const tries = await taskInstances.tries(airflow, second).toArray();
    expect(tries.map(({ try_number, state }) => [try_number, state])).toEqual([
      [1, "failed"],
      [2, "success"],
    ]);
    const said = (await Array.fromAsync(taskInstances.logs(airflow, task, { tryNumber: 1 }))).map((line) =>
      JSON.stringify(line),
    );
    expect(said.join("\n")).toContain("the second iteration fails at first");

    expect((await xcoms.get(airflow, { ...task, key: "return_value" })).value).toBe(1);
    await xcoms.create(airflow, { ...task, key: "mine" }, "first");
    await xcoms.update(airflow, { ...task, key: "mine" }, "other");
    expect((await xcoms.get(airflow, { ...task, key: "mine" })).value).toBe("other");
    await xcoms.delete(airflow, { ...task, key: "mine" });
    await expect(xcoms.get(airflow, { ...task, key: "mine" })).rejects.toMatchObject({ code: "NOT_FOUND" });

    await taskInstances.setNote(airflow, task, "this one");
    expect(await notes(id, work.taskId)).toEqual([null, "this one", null]);
    const cleared = await taskInstances.clear(airflow, "rounds", {
      dag_run_id: dagRunId,
      task_instance_ids: [second.id],
      only_failed: false,
      dry_run: true,
    });
    expect(cleared.map((row) => row.loop_iteration)).toContainEqual({ loop_id: "round", iteration: 1 });
    expect(cleared.map((row) => row.loop_iteration)).not.toContainEqual({ loop_id: "round", iteration: 0 });
  });

  test("lists DAG bundles and their files", async () => {
    const found = await Array.fromAsync(dagBundles.list(airflow));
    expect(found.map(({ name }) => name)).toEqual(["dags-folder"]);
    expect((await dagBundles.get(airflow, "dags-folder")).dag_count).toBeGreaterThan(1);
    const files = await Array.fromAsync(dagBundles.files(airflow, "dags-folder", { pageSize: 2 }));
    expect(files.find(({ relative_fileloc }) => relative_fileloc === "loops.py")).toMatchObject({ dag_count: 4 });
  });

  async function notes(id: { dagId: string; dagRunId: string }, taskId: string) {
    const rows = (await Array.fromAsync(taskInstances.list(airflow, { run: id }))).filter(
      ({ task_id }) => task_id === taskId,
    );
    return rows.sort((a, b) => iterationOf(a) - iterationOf(b)).map(({ note }) => note);
  }
}

const iterationOf = ({ loop_iteration: at }: TaskInstance) => at?.iteration ?? -1;
