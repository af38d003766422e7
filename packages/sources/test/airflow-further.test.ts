/** Opt-in streams that are more than one short list. Live tests compare all of them with real servers. */
import type { FurtherRow } from "@org/simulators/internal";
import {
  backfillsTable,
  connectionsTable,
  dagRunsTable,
  dagVersionsTable,
  eventLogsTable,
  healthTable,
  hitlTable,
  jobsTable,
  taskEdgesTable,
  tasksTable,
  variablesTable,
} from "@org/sources/airflow";
import { expect, test } from "vitest";
import { hour, iso, setUpFurther } from "./further-world.ts";

test("the audit log is read whole once, then what is new, without the details of connections and variables", async () => {
  const { world, dag, syncNow, rows, labels, simulator } = await setUpFurther();
  for (let n = 0; n < 250; n += 1) world.addRun(dag, { runId: `r${n}` });
  world.advance(hour);
  await syncNow({ streams: ["event_logs"] });
  expect(await rows(eventLogsTable)).toHaveLength(250);
  world.advance(hour);
  world.addRun(dag, { runId: "new", conf: { key: "value" } });
  const { events } = await syncNow({ streams: ["event_logs"] });
  expect((await rows(eventLogsTable)).filter(({ extra }) => String(extra).includes('"key"'))).toHaveLength(1);
  expect(labels(events).filter((label) => label === "event logs")).toHaveLength(1);
  simulator.faults.push({
    match: ({ path }) => path.endsWith("/eventLogs"),
    body: {
      event_logs: ["post_connection", "bulk_variables", "cli_variables_set"].map((event, n) => ({
        ...{ event_log_id: 900 + n, event, when: iso(simulator.clock.now()), extra: "a secret", owner: "admin" },
        ...{ dag_id: null, run_id: null, task_id: null, map_index: null, try_number: null, logical_date: null },
      })),
      total_entries: 3,
    },
  });
  await syncNow({ streams: ["event_logs"] });
  const secret = (await rows(eventLogsTable)).filter(({ event_log_id }) => Number(event_log_id) >= 900);
  expect(secret.map(({ extra }) => extra)).toEqual([null, null, null]);
});

test("the stream of runs finds silent changes in the page of the audit log that is read anyway", async () => {
  const { world, dag, syncNow, rows, labels } = await setUpFurther();
  const run = world.addRun(dag, { runId: "noted" });
  world.finishRun(run);
  const streams = ["default", "event_logs"];
  await syncNow({ streams });
  world.advance(hour);
  await syncNow({ streams });
  world.advance(hour);
  world.note(run, "silent");
  const { events } = await syncNow({ streams });
  expect(labels(events).filter((label) => label === "event logs")).toHaveLength(1);
  expect((await rows(dagRunsTable)).map(({ note }) => note)).toEqual(["silent"]);
});

test("calls of the batch endpoint can be left out of the audit log", async () => {
  const { syncNow, simulator } = await setUpFurther({ source: { batchEvents: false } });
  await syncNow({ streams: ["event_logs"] });
  const asked = simulator.requests.filter(({ path }) => path.includes("eventLogs"));
  expect(asked.map(({ query }) => new URLSearchParams(query).get("excluded_events"))).toEqual([
    "get_task_instances_batch",
  ]);
});

test("tasks and edges are kept for each version that was the latest one", async () => {
  const streams = ["dag_versions", "tasks", "task_edges"];
  const { world, dag, syncNow, rows, labels } = await setUpFurther();
  const first = await syncNow({ streams });
  expect(labels(first.events).filter((label) => label.startsWith("tasks of"))).toEqual(["tasks of a", "tasks of b"]);
  const tasks = async () =>
    (await rows(tasksTable)).map(({ dag_id, version_number, task_id }) => [dag_id, version_number, task_id]);
  const edges = async () =>
    (await rows(taskEdgesTable)).map((row) => [row.version_number, row.upstream_task_id, row.downstream_task_id]);
  expect((await tasks()).sort()).toEqual([
    ["a", 1, "one"],
    ["a", 1, "three"],
    ["a", 1, "two"],
    ["b", 1, "run"],
  ]);
  expect((await edges()).sort()).toEqual([
    [1, "one", "two"],
    [1, "two", "three"],
  ]);
  world.advance(hour);
  const { events } = await syncNow({ streams });
  expect(labels(events)).toEqual(["dags"]);
  (dag.tasks as { taskId: string }[]).pop();
  world.addVersion(dag);
  await syncNow({ streams });
  expect((await rows(dagVersionsTable)).map(({ dag_id, version_number }) => [dag_id, version_number]).sort()).toEqual([
    ["a", 1],
    ["a", 2],
    ["b", 1],
  ]);
  expect((await tasks()).filter(([id, version]) => id === "a" && version === 2)).toHaveLength(2);
  expect(await edges()).toHaveLength(3);
  world.deleteDag(dag);
  await syncNow({ streams, reconcile: true, allowMassDelete: true } as never);
  expect(await tasks()).toEqual([["b", 1, "run"]]);
  expect(await edges()).toEqual([]);
});

test("a version that begins while tasks are read does not get the tasks of another", async () => {
  const { world, dag, syncNow, rows, simulator } = await setUpFurther();
  simulator.faults.push({
    match: ({ path }) => path.endsWith("/a/tasks"),
    before: () => {
      (dag.tasks as { taskId: string }[]).pop();
      world.addVersion(dag);
    },
  });
  await syncNow({ streams: ["tasks"] });
  expect((await rows(tasksTable)).map(({ dag_id }) => dag_id)).toEqual(["b"]);
  await syncNow({ streams: ["tasks"] });
  expect(
    (await rows(tasksTable)).filter(({ dag_id }) => dag_id === "a").map(({ version_number }) => version_number),
  ).toEqual([2, 2]);
});

test("a process that ended keeps its row with its end, and one that vanished is marked as deleted", async () => {
  const { world, syncNow, rows, now } = await setUpFurther();
  const job = (id: number, end: number | null): FurtherRow => ({
    ...{ id, dag_id: null, job_type: "SchedulerJob", state: end === null ? "running" : "success", hostname: "h" },
    ...{ start_date: iso(now - 9 * hour), end_date: end === null ? null : iso(end), latest_heartbeat: iso(now) },
    ...{ executor_class: null, unixname: "u", dag_display_name: null, bundle_names: ["z", "a"], team_names: [] },
  });
  world.further.jobs.push(job(1, now - 8 * hour), job(2, null), job(3, null));
  await syncNow({ streams: ["jobs"] });
  world.advance(hour);
  world.further.jobs.splice(0, 3, job(2, now + hour));
  await syncNow({ streams: ["jobs"] });
  expect((await rows(jobsTable)).map(({ job_id, state, bundle_names }) => [job_id, state, bundle_names])).toEqual([
    [1, "success", ["a", "z"]],
    [2, "success", ["a", "z"]],
  ]);
});

test("each sync adds a sample of the health of every component, with the age of its heartbeat", async () => {
  const { syncNow, rows } = await setUpFurther();
  await syncNow({ streams: ["health"] });
  const found = (await rows(healthTable)).map(({ component, status, heartbeat_age }) => [
    component,
    status,
    heartbeat_age,
  ]);
  expect(found).toEqual([
    ["metadatabase", "healthy", null],
    ["scheduler", "healthy", expect.any(Number)],
    ["triggerer", null, null],
    ["dag_processor", null, null],
  ]);
});

test("backfills are read of DAGs that have runs, then of those with an open one or a new run of one", async () => {
  const { world, dag, syncNow, rows, labels, now } = await setUpFurther();
  const backfill = (id: number, completed: string | null): FurtherRow => ({
    ...{
      id,
      dag_id: "a",
      dag_display_name: "a",
      from_date: iso(0),
      to_date: iso(0),
      dag_run_conf: {},
      is_paused: false,
    },
    ...{
      reprocess_behavior: "none",
      max_active_runs: 1,
      created_at: iso(now),
      completed_at: completed,
      updated_at: iso(now),
    },
  });
  const streams = ["default", "backfills"];
  world.addRun(dag, { runType: "backfill" });
  world.further.backfills.push(backfill(1, null));
  const asked = async () =>
    labels((await syncNow({ streams })).events).filter((label) => label.startsWith("backfills"));
  expect(await asked()).toEqual(["backfills of a"]);
  world.advance(hour);
  world.further.backfills[0] = backfill(1, iso(now));
  expect(await asked()).toEqual(["backfills of a"]);
  world.advance(hour);
  expect(await asked()).toEqual([]);
  world.addRun(dag, { runType: "backfill" });
  world.further.backfills.push(backfill(2, iso(now)));
  expect(await asked()).toEqual(["backfills of a"]);
  expect(await rows(backfillsTable)).toHaveLength(2);
});

test("requests for people are followed until they are answered or gone", async () => {
  const { world, dag, syncNow, rows, now } = await setUpFurther({ simulator: { validate: false } });
  const run = world.addRun(dag, { runId: "r" });
  const detail = (n: number, answered = false): FurtherRow => ({
    ...{
      task_instance: { ...task(n), id: `id ${n}` },
      options: ["yes", "no"],
      subject: `Ask ${n}`,
      created_at: iso(now + n),
    },
    ...{ response_received: answered, responded_at: answered ? iso(now + hour) : null, multiple: false, params: {} },
    responded_by_user: answered ? { id: "1", name: "Ada" } : null,
    ...{ assigned_users: [], chosen_options: answered ? ["yes"] : null, params_input: {}, body: null, defaults: null },
  });
  const task = (n: number) => ({ dag_id: "a", dag_run_id: run.runId, task_id: `t${n}`, map_index: -1, try_number: 1 });
  world.further.hitl_details.push(detail(1), detail(2), detail(3));
  await syncNow({ streams: ["hitl"] });
  world.advance(hour);
  world.further.hitl_details.splice(0, 2, detail(1, true));
  await syncNow({ streams: ["hitl"] });
  const found = (await rows(hitlTable)).map((row) => [row.subject, row.response_received, row.responded_by_user_name]);
  expect(found).toEqual([
    ["Ask 1", true, "Ada"],
    ["Ask 3", false, null],
  ]);
});

test("I10: no value of a connection or variable gets into a row", async () => {
  const { world, syncNow, rows } = await setUpFurther();
  const value = "the canary";
  world.further.connections.push({
    ...{ connection_id: "c", conn_type: "http", description: value, host: value, login: value, password: value },
    ...{ extra: value, port: 1, schema: value, team_name: null },
  });
  world.further.variables.push({ key: "v", value, description: value, is_encrypted: true, team_name: null });
  await syncNow({ streams: ["connections", "variables"] });
  const held = [...(await rows(connectionsTable)), ...(await rows(variablesTable))];
  expect(held).toEqual([
    expect.objectContaining({ connection_id: "c", conn_type: "http" }),
    expect.objectContaining({ key: "v", is_encrypted: true }),
  ]);
  expect(JSON.stringify(held)).not.toContain(value);
});

test("I8: what the user may not read leaves its tables alone, and is reported once", async () => {
  const { syncNow, rows, simulator, world } = await setUpFurther();
  const streams = ["event_logs", "tasks", "task_edges"];
  await syncNow({ streams });
  const before = (await rows(tasksTable)).length;
  world.advance(hour);
  simulator.faults.push({
    match: ({ path }) => /eventLogs$|tasks$/.test(path),
    status: 403,
    body: { detail: "Forbidden" },
    times: 100,
  });
  const { events } = await syncNow({ streams, reconcile: true });
  const notices = events.flatMap((event) => (event.type === "notice" ? [event.message] : []));
  expect(notices).toEqual([
    expect.stringMatching(/^The list of event logs cannot be read: .*Its tables stay as they are\.$/),
    expect.stringMatching(/^The list of tasks cannot be read: .*Its tables stay as they are\.$/),
    expect.stringMatching(/^The list of task_edges cannot be read: .*Its tables stay as they are\.$/),
  ]);
  expect(await rows(tasksTable)).toHaveLength(before);
});
