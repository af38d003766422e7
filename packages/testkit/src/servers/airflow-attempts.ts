import type { Random } from "@org/simulators/internal";
import type { AirflowServer } from "./airflow.ts";
import { copyDags } from "./airflow-dag-files.ts";
import { signIn } from "./airflow-mutations.ts";

/** Allows run ids with a slash, as some deployments do. */
export const slashesAllowed = { AIRFLOW__SCHEDULER__ALLOWED_RUN_ID_PATTERN: "^[A-Za-z0-9_.~:+/-]+$" };

export const attemptDags = ["retries", "mapped", "branches", "slow", "waits"];

/** With this many unfinished runs, users stop triggering more: two cores cannot handle more. */
const MOST_UNFINISHED = 5;

/** No action is done this many times more often than the rarest one. */
const MOST_AHEAD = 1;

export const writeAttemptDags = (folder: string): Promise<void> => copyDags(folder, "attempts.py");

interface TaskKey {
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly map_index: number;
}

/** Performs users' actions, the least frequent possible one first. */
export interface People {
  /** How often each action was done. */
  readonly done: Readonly<Record<string, number>>;
  trigger(dag: string, runId: string): Promise<unknown>;
  clear(task: Omit<TaskKey, "map_index"> & { readonly map_index?: number }, more?: object): Promise<unknown>;
  /** Clears hanging tasks: on 3.0, a task that was cleared while running stays `restarting` until cleared again. */
  unhang(): Promise<void>;
  /** Performs one action that is currently possible. @returns its name */
  act(): Promise<string>;
}

/** @param random chooses actions and rows */
export async function people(server: AirflowServer, random: Random): Promise<People> {
  const send = await signIn(server);
  let triggered = 0;
  // The row may have changed since, or two writers collided: the server may reject that.
  const call: typeof send = (method, address, body) =>
    send(method, address, body).catch((error: Error) => {
      if (!/answered (404|409|500)/.test(error.message)) throw error;
    });

  async function pick(condition: string): Promise<TaskKey | undefined> {
    const rows = await server.query<TaskKey>(
      `select t.dag_id, t.run_id, t.task_id, t.map_index from task_instance t join dag_run r using (dag_id, run_id)
       where ${condition} order by t.dag_id, t.run_id, t.task_id, t.map_index`,
    );
    return rows.length > 0 ? random.pick(rows) : undefined;
  }
  const trigger = (dag: string, dag_run_id: string) =>
    call("POST", path("dags", dag, "dagRuns"), { logical_date: null, dag_run_id });
  const clear: People["clear"] = ({ dag_id, run_id, task_id, map_index = -1 }, more = {}) =>
    call("POST", path("dags", dag_id, "clearTaskInstances"), {
      dry_run: false,
      dag_run_id: run_id,
      task_ids: [map_index >= 0 ? [task_id, map_index] : task_id],
      only_failed: false,
      reset_dag_runs: true,
      ...more,
    });

  async function unhang(): Promise<void> {
    const task = await pick("t.state = 'restarting' and t.updated_at < now() - interval '10 s'");
    if (task) await clear(task);
  }

  const over = "t.state in ('success', 'failed') and r.state in ('success', 'failed')";
  // The task that decides the number of parts is not touched otherwise, so that each of its attempts expands again.
  const other = "t.task_id <> 'list_parts'";
  const ended = `${over} and ${other}`;
  const addressable = "r.run_id not like '%/%'";
  /** Each action: its precondition, and what it does. */
  const things: Record<string, readonly [condition: string, how: (task: TaskKey) => Promise<unknown>]> = {
    "clear and expand anew": [
      `t.task_id = 'list_parts' and ${over}`,
      (task) => clear(task, { include_downstream: true }),
    ],
    "clear one": [ended, (task) => clear(task)],
    "clear twice at once": [ended, (task) => clear(task).then(() => clear(task))],
    "clear with what follows": [`${ended} and t.map_index = -1`, (task) => clear(task, { include_downstream: true })],
    "clear while it runs": [`t.state = 'running' and ${other}`, (task) => clear(task)],
    "clear while it lingers": ["t.state = 'running' and t.task_id = 'linger'", (task) => clear(task)],
    "clear while it waits": ["t.state in ('up_for_retry', 'up_for_reschedule', 'deferred', 'queued')", (t) => clear(t)],
    "clear what was skipped": ["t.state = 'skipped' and r.state = 'success'", (task) => clear(task)],
    "clear a run": [
      `${ended} and ${addressable}`,
      (task) => call("POST", `${pathOfRun(task)}/clear`, { dry_run: false }),
    ],
    "mark as failed": [
      `t.state = 'success' and ${addressable} and t.map_index = -1 and ${other}`,
      (task) => call("PATCH", `${pathOfRun(task)}/taskInstances/${task.task_id}`, { new_state: "failed" }),
    ],
    "delete and make again": [
      `${ended} and ${addressable}`,
      (task) => call("DELETE", pathOfRun(task), undefined).then(() => trigger(task.dag_id, task.run_id)),
    ],
    delete: [`${ended} and ${addressable}`, (task) => call("DELETE", pathOfRun(task), undefined)],
  };
  const done: Record<string, number> = Object.fromEntries(Object.keys(things).map((name) => [name, 0]));

  return {
    done,
    trigger,
    clear,
    unhang,
    async act() {
      await unhang();
      const [row] = await server.query<{ n: number }>(
        "select count(*)::int n from dag_run where state in ('queued', 'running')",
      );
      if ((row?.n ?? 0) < MOST_UNFINISHED) {
        triggered += 1;
        await trigger(attemptDags[triggered % attemptDags.length]!, `people_${triggered}`);
      }
      const rarest = Object.entries(things).toSorted(([a], [b]) => (done[a] ?? 0) - (done[b] ?? 0));
      const least = Math.min(...Object.values(done));
      for (const [name, [condition, how]] of rarest) {
        // Actions that are always possible would leave the scheduler no time for those that enable others.
        if ((done[name] ?? 0) > least + MOST_AHEAD) break;
        const task = await pick(condition);
        if (!task) continue;
        await how(task);
        done[name] = (done[name] ?? 0) + 1;
        return `${name}: ${Object.values(task).join(" ")}`;
      }
      return "nothing";
    },
  };
}

const path = (...segments: readonly string[]) => segments.map(encodeURIComponent).join("/");
const pathOfRun = ({ dag_id, run_id }: TaskKey) => path("dags", dag_id, "dagRuns", run_id);
