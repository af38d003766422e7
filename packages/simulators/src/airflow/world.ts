import { createRandom } from "../random.ts";
import { type Clock, createClock, formatShort, type Instant, minute } from "../time.ts";
import {
  type AddDag,
  type AddRun,
  type DagSettings,
  defaultSettings,
  finalTaskStates,
  type RunState,
  type RunType,
  type SimulatedDag,
  type SimulatedRun,
  type SimulatedTask,
  type TaskDefinition,
  type TaskState,
} from "./records.ts";
import { type AirflowRows, airflowRows } from "./rows.ts";
import { AirflowStore } from "./store.ts";

/**
 * What an Airflow deployment holds, and what can happen to it. Every method leaves the rows as a real 3.3.2 would:
 * which `updated_at` moves, which ids are new, what becomes history.
 */
export class AirflowWorld extends AirflowStore {
  addDag({ dagId, tasks = [{ taskId: "run" }], ...settings }: AddDag): SimulatedDag {
    const dag: SimulatedDag = {
      dagId,
      tasks,
      ...defaultSettings(dagId),
      ...settings,
      versions: [{ id: this.versionId(), number: 1, createdAt: this.now() }],
      lastParsed: this.now(),
      poisoned: false,
      runs: new Map(),
    };
    this.putDag(dag);
    return dag;
  }

  /** Changes what a DAG says of itself. Stale DAGs keep their runs. */
  setDag(dag: SimulatedDag, settings: Partial<DagSettings>): void {
    Object.assign(dag, settings);
  }

  /** The DAG's file changed: later attempts use a new version of it. */
  addVersion(dag: SimulatedDag): void {
    dag.versions.push({ id: this.versionId(), number: dag.versions.length + 1, createdAt: this.now() });
    dag.lastParsed = this.now();
  }

  /** Deletes a DAG with all that belongs to it. Leaves nothing that the API would show. */
  deleteDag(dag: SimulatedDag): void {
    this.dropDag(dag);
  }

  /** Creates a run, queued, with its task instances, none of them scheduled. */
  addRun(dag: SimulatedDag, options: AddRun = {}): SimulatedRun {
    const runAfter = options.runAfter ?? this.now();
    const runType = options.runType ?? "manual";
    const run: SimulatedRun = {
      id: this.nextRunId(),
      dag,
      runId: options.runId ?? this.#nameRun(dag, runType, runAfter),
      runType,
      state: "queued",
      logicalDate: options.logicalDate ?? null,
      intervalStart: options.interval?.[0] ?? null,
      intervalEnd: options.interval?.[1] ?? null,
      runAfter,
      queuedAt: this.now(),
      startDate: null,
      endDate: null,
      lastSchedulingDecision: null,
      conf: options.conf ?? {},
      note: options.note ?? null,
      triggeredBy: options.triggeredBy ?? (runType === "scheduled" ? "timetable" : "rest_api"),
      triggeringUser: runType === "manual" ? "admin" : null,
      bundleVersion: dag.bundleVersion,
      partitionKey: options.partitionKey ?? null,
      updatedAt: this.stamp(),
      poisoned: false,
      gone: false,
      tasks: [],
    };
    this.putRun(run);
    for (const definition of options.tasks ?? dag.tasks) this.#addTask(run, definition, -1);
    if (runType === "manual") {
      this.#logFor(run, "trigger_dag_run", { conf: run.conf, method: "POST" }, { runId: null });
    }
    return run;
  }

  /** The scheduler starts a run. */
  startRun(run: SimulatedRun): void {
    this.change(run, { state: "running", startDate: this.now(), lastSchedulingDecision: this.now() });
  }

  /** The scheduler looks at a running run, about once a second, and finds nothing to do. */
  tick(run: SimulatedRun): void {
    this.change(run, { lastSchedulingDecision: this.now() });
  }

  /** Ends a run: all that is not final gets an attempt. With `failed` the last of those tasks fails. */
  finishRun(run: SimulatedRun, state: "success" | "failed" = "success"): void {
    if (run.state === "queued") this.startRun(run);
    for (const task of [...run.tasks]) {
      if (task.definition.mapped && task.mapIndex < 0) this.expand(task);
    }
    const open = run.tasks.filter((task) => !finalTaskStates.has(task.state));
    open.forEach((task, index) => {
      this.finishTask(task, state === "failed" && index === open.length - 1 ? "failed" : "success");
    });
    this.setRunState(run, state);
  }

  /** Sets a run's state as a person or the scheduler does, without touching its task instances. */
  setRunState(run: SimulatedRun, state: RunState): void {
    const ended = state === "success" || state === "failed";
    this.change(run, { state, endDate: ended ? this.now() : null });
  }

  /** The scheduler hands an attempt to the executor: it gets the next number, and keeps the dates of the last. */
  queueTask(task: SimulatedTask): void {
    if (task.state === "restarting") this.retry(task);
    const version = task.run.dag.versions.at(-1)!;
    this.change(task, {
      state: "queued",
      tryNumber: task.tryNumber + 1,
      scheduledWhen: this.now(),
      queuedWhen: this.now(),
      version,
    });
  }

  /** A worker starts an attempt, which is queued first where it is not yet. */
  startTask(task: SimulatedTask): void {
    if (task.state !== "queued") this.queueTask(task);
    const hostname = `worker-${this.random.between(1, 4)}`;
    const pid = this.random.between(100, 30_000);
    this.change(task, { state: "running", startDate: this.now(), endDate: null, hostname, pid });
  }

  /** An attempt ends now; one that was not running is started first, as long ago as it takes. */
  finishTask(task: SimulatedTask, state: "success" | "failed" | "skipped" = "success"): void {
    if (task.state !== "running") {
      const end = this.now();
      this.at(end - (task.definition.duration ?? minute), () => this.startTask(task));
    }
    this.change(task, { state, endDate: this.now() });
  }

  /** An attempt fails with retries left: it becomes history, and the row waits under a new id with its number. */
  retry(task: SimulatedTask): void {
    if (task.state !== "running" && task.state !== "restarting") this.finishTask(task, "failed");
    else this.change(task, { state: "failed", endDate: this.now() });
    this.archive(task);
    this.renew(task);
    this.change(task, { state: "up_for_retry" });
  }

  /** Sets a task instance's state without an attempt. */
  setTaskState(task: SimulatedTask, state: TaskState | null): void {
    this.change(task, { state });
  }

  /** A placeholder becomes index 0 under its own id, and the other indexes are born. */
  expand(task: SimulatedTask, count: number = task.definition.mapped ?? 1): void {
    if (count === 0) return void this.change(task, { state: "skipped", startDate: this.now(), endDate: this.now() });
    this.change(task, { mapIndex: 0 });
    for (let index = 1; index < count; index++) this.#addTask(task.run, task.definition, index);
  }

  /** A mapped task expands to fewer indexes than before: the others stay, removed. */
  shrink(run: SimulatedRun, taskId: string, count: number): void {
    for (const task of run.tasks) {
      if (task.definition.taskId === taskId && task.mapIndex >= count) this.change(task, { state: "removed" });
    }
  }

  /**
   * Clears a task instance, as a person does; its run is queued again if it had ended. One that runs is told to stop,
   * and tried again then ({@link retry}).
   */
  clearTask(task: SimulatedTask): void {
    const { run } = task;
    this.#logFor(run, "post_clear_task_instances", { dag_run_id: run.runId, task_ids: [task.definition.taskId] });
    const maxTries = task.tryNumber + (task.definition.retries ?? 0);
    const isRunning = task.state === "running";
    this.archive(task);
    this.renew(task);
    this.change(task, isRunning ? { state: "restarting" } : { state: null, maxTries });
    const hasEnded = run.state === "success" || run.state === "failed";
    const again = { state: "queued", queuedAt: this.now(), startDate: null, endDate: null } as const;
    this.change(run, hasEnded ? { ...again, lastSchedulingDecision: null } : {});
  }

  /** Writes a note on a run or a task instance: no `updated_at` moves, only the audit log tells. */
  note(row: SimulatedRun | SimulatedTask, text: string | null): void {
    row.note = text;
    const extra = { note: text, method: "PATCH" };
    if ("runId" in row) {
      this.#logFor(row, "patch_dag_run", extra);
    } else {
      const { taskId } = row.definition;
      const mapIndex = row.mapIndex < 0 ? null : row.mapIndex;
      this.#logFor(row.run, "patch_task_instance", extra, { taskId, mapIndex });
    }
  }

  /** Writes a note on runs of one DAG in one request: only in its `extra` does the audit log name them. */
  noteRuns(dag: SimulatedDag, runs: readonly SimulatedRun[], text: string | null): void {
    const entities = runs.map((run) => ({ dag_run_id: run.runId, note: text }));
    const extra = JSON.stringify({ actions: [{ action: "update", entities }], method: "PATCH" });
    this.log({ event: "bulk_dag_runs", dagId: dag.dagId, runId: null, taskId: null, mapIndex: null, extra });
    for (const run of runs) run.note = text;
  }

  /** Deletes a run with all that belongs to it. @param silently - without a line in the audit log */
  deleteRun(run: SimulatedRun, silently = false): void {
    if (!silently) this.#logFor(run, "delete_dag_run", { method: "DELETE" });
    this.dropRun(run);
  }

  /** Takes a row's `updated_at` away. */
  unstamp(row: SimulatedRun | SimulatedTask): void {
    row.updatedAt = null;
  }

  /** Makes every page with this row a 500, or mends that. */
  poison(row: SimulatedDag | SimulatedRun | SimulatedTask, poisoned = true): void {
    row.poisoned = poisoned;
  }

  /** What the sync's tables should hold after it. */
  rows(): AirflowRows {
    return airflowRows(this);
  }

  #nameRun(dag: SimulatedDag, runType: RunType, runAfter: Instant): string {
    const name = `${runType}__${formatShort(runAfter).replace("Z", "+00:00")}`;
    return dag.runs.has(name) ? `${name}_${this.random.hex(8)}` : name;
  }

  #addTask(run: SimulatedRun, definition: TaskDefinition, mapIndex: number): void {
    this.putTask({
      run,
      definition,
      mapIndex,
      renderedMapIndex: mapIndex < 0 ? null : String(mapIndex),
      tryNumber: 0,
      state: null,
      startDate: null,
      endDate: null,
      scheduledWhen: null,
      queuedWhen: null,
      hostname: "",
      pid: null,
      maxTries: definition.retries ?? 0,
      version: run.dag.versions.at(-1)!,
      note: null,
      updatedAt: this.stamp(),
      poisoned: false,
      history: [],
    });
  }

  #logFor(
    run: SimulatedRun,
    event: string,
    extra: object,
    which: { runId?: null; taskId?: string; mapIndex?: number | null } = {},
  ): void {
    this.log({
      event,
      dagId: run.dag.dagId,
      runId: which.runId === null ? null : run.runId,
      taskId: which.taskId ?? null,
      mapIndex: which.mapIndex ?? null,
      extra: JSON.stringify(extra),
    });
  }
}

/** A world without anything in it. @param seed - makes host names, ids and the like; the same seed the same ones */
export function createEmptyAirflowWorld(options: { seed?: number; clock?: Clock } = {}): AirflowWorld {
  return new AirflowWorld(options.clock ?? createClock(), createRandom(options.seed ?? 1));
}
