/** What a portal asks for in one call: how many requests that takes, and what is in them. */
import { dagRuns, dags, taskInstances, variables, xcoms } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { answering, linesOf, type Sent } from "./support/answering.ts";

const run = { dag_id: "d", dag_run_id: "r" };
const rowOf = (task_id: string, more: object) => ({ ...run, task_id, map_index: -1, state: "success", ...more });

describe("rows identify what they are of", () => {
  const mapped = rowOf("t", { map_index: 3 });

  test("a run", async () => {
    const { client, sent } = answering(() => ({ state: "success" }));
    await dagRuns.get(client, run);
    await dagRuns.wait(client, { dag_id: "d", run_id: "r" });
    await dagRuns.get(client, { dagId: "d", dagRunId: "r" });
    expect(new Set(linesOf(sent))).toEqual(new Set(["GET /api/v2/dags/d/dagRuns/r"]));
  });

  test("a task instance, with its map index", async () => {
    const { client, sent } = answering(() => ({ task_instances: [] }));
    await taskInstances.tries(client, mapped).toArray();
    await taskInstances.tries(client, { dagId: "d", dagRunId: "r", taskId: "t", mapIndex: 3 }).toArray();
    await xcoms.get(client, { dag_id: "d", run_id: "r", task_id: "t", map_index: 3, key: "return_value" });
    const tries = "GET /api/v2/dags/d/dagRuns/r/taskInstances/t/3/tries";
    const xcom = "/api/v2/dags/d/dagRuns/r/taskInstances/t/xcomEntries/return_value";
    expect(linesOf(sent)).toEqual([tries, tries, `GET ${xcom}?map_index=3&deserialize=false&stringify=false`]);
  });

  test("a task in a loop, with its region; one that is in none only says that", async () => {
    const { client, sent } = answering(() => ({}));
    const nil = "00000000-0000-0000-0000-000000000000";
    await taskInstances.get(client, { ...mapped, region_id: "a", region_index: 2 });
    await taskInstances.get(client, { ...mapped, region_id: nil, region_index: 3 });
    expect(linesOf(sent).map((line) => line.split("?")[1])).toEqual(["region_id=a&region_index=2", `region_id=${nil}`]);
  });

  test("a page of the web interface", () => {
    const client = { url: "http://a.test/air" };
    expect(dags.url(client, run)).toBe("http://a.test/air/dags/d");
    expect(dagRuns.url(client, { ...run, dag_run_id: "a b+c" })).toBe("http://a.test/air/dags/d/runs/a%20b%2Bc");
    expect(taskInstances.url(client, rowOf("t", {}))).toBe("http://a.test/air/dags/d/runs/r/tasks/t");
    expect(taskInstances.url(client, mapped)).toBe("http://a.test/air/dags/d/runs/r/tasks/t/mapped/3");
  });
});

test("a chart requests attempts only of tasks that were tried again", async () => {
  const tasks = [
    rowOf("late", { try_number: 1, start_date: "2026-11-30T03:00:00Z" }),
    rowOf("again", { try_number: 2, start_date: "2026-11-30T02:00:00Z" }),
    rowOf("waits", { try_number: 1, start_date: null, state: "up_for_retry" }),
    rowOf("never", { try_number: 0, start_date: null, state: null }),
  ];
  const attempts = [
    { try_number: 1, start_date: "2026-11-30T01:00:00Z" },
    { try_number: 2, start_date: "2026-11-30T02:00:00Z" },
  ];
  const answer = ({ address }: Sent) =>
    address.includes("/tries")
      ? { task_instances: address.includes("again") ? attempts : attempts.slice(0, 1) }
      : { task_instances: tasks, total_entries: 4 };
  const { client, sent } = answering(answer);
  const rows = await dagRuns.gantt(client, run);
  expect(rows.map(({ task, attempts }) => [task.task_id, attempts.map(({ try_number }) => try_number)])).toEqual([
    ["again", [1, 2]],
    ["waits", [1]],
    ["late", [1]],
    ["never", []],
  ]);
  expect(sent).toHaveLength(3);
});

test("runs are counted by the day of a time zone, a thousand with each request", async () => {
  const dag_runs = [
    { dag_run_id: "a", run_after: "2026-11-29T22:30:00Z", state: "success" },
    { dag_run_id: "b", run_after: "2026-11-29T23:30:00Z", state: "success" },
    { dag_run_id: "c", run_after: "2026-11-30T10:00:00Z", state: "failed" },
    { dag_run_id: "d", run_after: "2026-12-01T00:00:00Z", state: "failed" },
  ];
  const { client, sent } = answering(() => ({ dag_runs, total_entries: 4 }));
  const options = { dags: ["d"], from: "2026-11-29", to: "2026-12-01", timeZone: "Europe/Paris" };
  expect(await dagRuns.countByDay(client, options)).toEqual([
    { day: "2026-11-29", counts: { success: 1 } },
    { day: "2026-11-30", counts: { success: 1, failed: 1 } },
  ]);
  expect(sent.map(({ body }) => body)).toEqual([
    {
      dag_ids: ["d"],
      run_after_gte: "2026-11-29T00:00:00Z",
      run_after_lte: "2026-12-01T00:00:00Z",
      order_by: "run_after",
      page_limit: 1000,
      page_offset: 0,
    },
  ]);
  const wrong = dagRuns.countByDay(client, { ...options, timeZone: "Mars/Base" });
  await expect(wrong).rejects.toMatchObject({ code: "INVALID_OPTIONS", message: expect.stringContaining("timeZone") });
});

test("all DAGs of a filter are paused, a hundred with each request, which says that every id matches", async () => {
  const all = Array.from({ length: 150 }, (_, index) => ({ dag_id: `d${index}` }));
  const answer = ({ method, address }: Sent) =>
    method === "PATCH"
      ? { dags: [], total_entries: 0 }
      : { dags: address.includes("offset=0") ? all.slice(0, 100) : all.slice(100), total_entries: 150 };
  const { client, sent } = answering(answer);
  expect(await dags.pauseAll(client, { tags: ["nightly"] })).toEqual(all.map(({ dag_id }) => dag_id));
  const patch = "PATCH /api/v2/dags?dag_id_pattern=%&tags=nightly&paused=false&update_mask=is_paused&limit=100";
  expect(linesOf(sent).slice(2)).toEqual([patch, patch]);
  expect(await dags.pauseAll(client, { tags: [] })).toEqual([]);
});

test.each([
  [{ task_ids: ["t"] }, false],
  [{ task_group_id: "g" }, false],
  [{ task_ids: ["t"], only_failed: true }, true],
  [{ dag_run_id: "r" }, true],
  [{ dag_run_id: "r", only_failed: false }, false],
  [{ task_ids: ["t"], only_failed: undefined }, false],
])("task instances that are named are cleared whatever their state: %j", async (options, only_failed) => {
  const { client, sent } = answering(() => ({ task_instances: [] }));
  await taskInstances.clear(client, "d", options);
  expect(sent[0]?.body).toEqual({ ...options, dry_run: false, only_failed });
});

test("many variables are set in one request, and an error says which were not", async () => {
  const errors = [{ error: "the key is too long", status_code: 422 }];
  const { client, sent } = answering(() => ({ create: { success: [], errors: sent.length > 1 ? errors : [] } }));
  await variables.setMany(client, [{ key: "a", value: { b: 1 } }]);
  expect(sent[0]?.body).toEqual({
    actions: [{ action: "create", action_on_existence: "overwrite", entities: [{ key: "a", value: '{"b":1}' }] }],
  });
  await expect(variables.setMany(client, [{ key: "a", value: "b" }])).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: "The server did not store all of the 1 variables: the key is too long.",
  });
  await variables.setMany(client, []);
  expect(sent).toHaveLength(2);
});

test("the source of a DAG is text", async () => {
  const { client, sent } = answering(() => ({ content: "print()", dag_id: "d", version_number: 2 }));
  expect(await dags.source(client, "d", { versionNumber: 2 })).toBe("print()");
  expect(linesOf(sent)).toEqual(["GET /api/v2/dagSources/d?version_number=2"]);
});

test("tags are text, and are listed like everything else", async () => {
  const { client, sent } = answering(({ address }) => ({
    tags: address.endsWith("offset=0") ? ["a", "b"] : ["c"],
    total_entries: 3,
  }));
  expect(await dags.tags(client, { orderBy: "name", pageSize: 2 }).toArray()).toEqual(["a", "b", "c"]);
  expect(sent).toHaveLength(2);
});

test("a task instance that is not found may be a mapped one", async () => {
  const { client } = answering(() => 404);
  const task = { dagId: "d", dagRunId: "r", taskId: "t" };
  const hint = /give the mapIndex/;
  await expect(taskInstances.get(client, task)).rejects.toThrow(hint);
  await expect(taskInstances.tries(client, task).count()).rejects.toThrow(hint);
  await expect(taskInstances.get(client, { ...task, mapIndex: 1 })).rejects.not.toThrow(hint);
});

test("what cannot be JSON is the caller's mistake", async () => {
  const { client, sent } = answering(() => ({}));
  const error = dagRuns.trigger(client, "d", { conf: { size: 1n } });
  await expect(error).rejects.toMatchObject({ code: "INVALID_OPTIONS", message: expect.stringContaining("BigInt") });
  expect(sent).toEqual([]);
});
