import type { AirflowServer } from "./airflow.ts";
import { seedDags, writeDagFiles } from "./airflow-dags.ts";
import * as steps from "./airflow-steps.ts";
import { insertTaskInstances } from "./airflow-task-rows.ts";
import { type Counts, describeTasks } from "./airflow-world.ts";

/** Identifies a run. */
export interface RunKey {
  dag_id: string;
  run_id: string;
}
/** Identifies a task instance. */
export interface TaskKey extends RunKey {
  task_id: string;
  map_index: number;
}
/** Calls the API as a user: method, path below `/api/v2/`, body. Throws unless it succeeds. */
export type Call = (method: string, path: string, body: unknown) => Promise<unknown>;

/** DAGs added in rounds are numbered from here. */
const firstNewDag = 100;

/**
 * One round of changes between two syncs: users trigger, clear, mark and annotate through the real API, and the scheduler
 * and its workers start, fail and finish tasks. A new DAG appears, and old days are backfilled.
 *
 * @param round From 1. Each round uses different rows. 105 runs per DAG are enough for about ten rounds.
 * @returns How often each change was made.
 */
export async function mutateAirflow(server: AirflowServer, round: number): Promise<Counts> {
  const call = await signIn(server);
  const turn = [String(round)];
  const counts: Counts = {};

  counts.dagsNew = await addDag(server, round);
  counts.runsTriggered = await triggerRuns(server, call, round);
  counts.runsScheduledAndBackfilled = (await server.query(`${steps.createScheduledRuns} returning id`, turn)).length;
  // At most 30 DAGs were seeded. Ids that do not exist join with nothing.
  await server.query(insertTaskInstances, [
    describeTasks([...seedDags(60), ...seedDags(round, firstNewDag + 1)]),
    round,
    "",
  ]);
  counts.runsMarked = await markRuns(server, call, round);
  counts.tasksCleared = await clearTasks(server, call, round);
  counts.runsCleared = await clearRun(server, call, round);
  counts.tasksMarked = await markTasks(server, call, round);
  counts.runsStarted = (await server.query(`${steps.startRuns} returning id`, turn)).length;
  counts.tasksExpanded = (await server.query(`${steps.expandMapped} returning id`, turn)).length;
  counts.tasksStarted = (await server.query(`${steps.startTasks} returning id`, turn)).length;
  counts.attemptsFailed = (await server.query(`${steps.failAttempts(server.version)} returning t.id`, turn)).length;
  counts.tasksFinished = (await server.query(`${steps.finishTasks} returning id`, turn)).length;
  counts.runsFinished = (await server.query(steps.finishRuns, turn)).length;
  counts.notes = await writeNotes(server, call, round);
  return counts;
}

/**
 * More changes than fit on a page: to runs and task instances across the whole history, and to all those with the most
 * common `run_after`.
 */
export async function changeMany(server: AirflowServer): Promise<Counts> {
  const common = `run_after = (select run_after from dag_run group by 1 order by count(*) desc, 1 desc limit 1)`;
  const runs = await server.query(
    `update dag_run set end_date = end_date + interval '1 second', updated_at = clock_timestamp()
     where end_date is not null and (id % 7 = 3 or ${common}) returning id`,
  );
  const taskInstances = await server.query(
    `update task_instance t set hostname = 'moved-' || hostname, updated_at = clock_timestamp()
     from dag_run r where r.dag_id = t.dag_id and r.run_id = t.run_id and (r.id % 7 = 3 or ${common}) returning t.id`,
  );
  return { runs: runs.length, taskInstances: taskInstances.length };
}

/**
 * Two changes that no window over `updated_at` can show, because they do not set it, like direct SQL: a running run ends,
 * and a running task instance ends in another running run. Only counts by state, and reading unfinished rows, find them.
 */
export async function unstamped(server: AirflowServer): Promise<{ run: RunKey; taskInstance: TaskKey }> {
  const [run] = await server.query<RunKey>(
    `update dag_run set state = 'success', end_date = clock_timestamp()
     where id = (select max(id) from dag_run where state = 'running') returning dag_id, run_id`,
  );
  const [taskInstance] = await server.query<TaskKey>(
    `update task_instance set state = 'success', end_date = clock_timestamp(), duration = extract(epoch from clock_timestamp() - start_date)
     where id = (
       select t.id from task_instance t join dag_run r using (dag_id, run_id)
       where t.state = 'running' and t.start_date is not null and r.state = 'running' order by t.id limit 1)
     returning dag_id, run_id, task_id, map_index`,
  );
  if (!run || !taskInstance)
    throw new Error("Nothing is running on the server: seed it, or mutate it in fewer rounds.");
  return { run, taskInstance };
}

async function addDag(server: AirflowServer, round: number): Promise<number> {
  await writeDagFiles(server.dagsFolder, seedDags(1, firstNewDag + round));
  await server.cli(["dags", "reserialize"]);
  return 1;
}

async function triggerRuns(server: AirflowServer, call: Call, round: number): Promise<number> {
  const newDag = seedDags(1, firstNewDag + round)[0]!.dagId;
  const others = await server.query<{ dag_id: string }>(
    "select dag_id from dag where not is_stale and dag_id <> $2 order by md5(dag_id || $1) limit 4",
    [String(round), newDag],
  );
  const dagIds = [newDag, newDag, ...others.map((dag) => dag.dag_id)];
  for (const [number, dagId] of dagIds.entries()) {
    const logicalDate = number % 2 ? new Date(Date.UTC(2024, 0, round, number)).toISOString() : null;
    const conf = { round, text: "ü 🚀", list: [1, 2.5, null] };
    await call("POST", path("dags", dagId, "dagRuns"), { logical_date: logicalDate, conf, note: `round ${round}` });
  }
  return dagIds.length;
}

export async function markRuns(server: AirflowServer, call: Call, round: number): Promise<number> {
  const runs = await findRuns(server, "state = 'running'", 1, round);
  for (const run of runs) await call("PATCH", pathOfRun(run), { state: "failed" });
  return runs.length;
}

// Skips runs with a slash in their id: the API cannot read their earlier attempts.
export async function clearTasks(server: AirflowServer, call: Call, round: number): Promise<number> {
  const tasks = await findTasks(
    server,
    "t.state in ('success', 'failed') and r.state in ('success', 'failed') and r.run_id not like '%/%'",
    8,
    round,
  );
  for (const task of tasks) {
    await call("POST", path("dags", task.dag_id, "clearTaskInstances"), {
      dry_run: false,
      dag_run_id: task.run_id,
      task_ids: [task.map_index >= 0 ? [task.task_id, task.map_index] : task.task_id],
      only_failed: false,
      reset_dag_runs: true,
    });
  }
  return tasks.length;
}

export async function clearRun(server: AirflowServer, call: Call, round: number): Promise<number> {
  const runs = await findRuns(server, "state = 'failed'", 1, round);
  for (const run of runs) await call("POST", `${pathOfRun(run)}/clear`, { dry_run: false });
  return runs.length;
}

export async function markTasks(server: AirflowServer, call: Call, round: number): Promise<number> {
  const tasks = await findTasks(server, "t.state = 'success' and r.run_id not like '%/%'", 3, round + 1000);
  for (const task of tasks) await call("PATCH", pathOfTask(task), { new_state: "failed" });
  return tasks.length;
}

export async function writeNotes(server: AirflowServer, call: Call, round: number): Promise<number> {
  const runs = await findRuns(server, "true", 3, round + 2000);
  for (const run of runs) await call("PATCH", pathOfRun(run), { note: `Noted in round ${round} – 🚀` });
  const tasks = await findTasks(server, "t.state = 'success' and r.run_id not like '%/%'", 3, round + 2000);
  for (const task of tasks) await call("PATCH", pathOfTask(task), { note: `Noted in round ${round}` });
  return runs.length + tasks.length;
}

/** A run with a slash in its id has no path in the API. */
export function findRuns(server: AirflowServer, condition: string, limit: number, turn: number): Promise<RunKey[]> {
  return server.query<RunKey>(
    `select dag_id, run_id from dag_run join dag using (dag_id)
     where not is_stale and run_id not like '%/%' and ${condition} order by md5(dag_run.id || $1) limit ${limit}`,
    [String(turn)],
  );
}

function findTasks(server: AirflowServer, condition: string, limit: number, turn: number): Promise<TaskKey[]> {
  return server.query<TaskKey>(
    `select t.dag_id, t.run_id, t.task_id, t.map_index from task_instance t
     join dag_run r using (dag_id, run_id) join dag m using (dag_id)
     where not m.is_stale and ${condition} order by md5(t.id || $1) limit ${limit}`,
    [String(turn)],
  );
}

export const path = (...segments: string[]) => segments.map(encodeURIComponent).join("/");
export const pathOfRun = (run: RunKey) => path("dags", run.dag_id, "dagRuns", run.run_id);
const pathOfTask = (task: TaskKey) =>
  `${pathOfRun(task)}/${path("taskInstances", task.task_id, ...(task.map_index >= 0 ? [String(task.map_index)] : []))}`;

export async function signIn(server: AirflowServer): Promise<Call> {
  const send = async (method: string, address: string, body: unknown, headers: Record<string, string>) => {
    const response = await fetch(`${server.url}${address}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(300_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${address} answered ${response.status}: ${text.slice(0, 500)}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  };
  const login = { username: server.username, password: server.password };
  const { access_token: token } = (await send("POST", "/auth/token", login, {})) as { access_token: string };
  return (method, address, body) => send(method, `/api/v2/${address}`, body, { authorization: `Bearer ${token}` });
}
