import { createRandom } from "../random.ts";
import { type Clock, createClock, formatShort, type Instant } from "../time.ts";
import { furtherTables } from "./further.ts";
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
} from "./records.ts";
import { type AirflowRows, airflowRows, type TruthRow } from "./rows.ts";
import { AirflowScheduler } from "./scheduler.ts";
import type { AirflowWorldVersion } from "./store.ts";

/**
 * The content of an Airflow deployment, and what can happen to it. Every method leaves the rows as a real 3.3.2, or
 * 3.4, would: which `updated_at` changes, which ids are new, what becomes history.
 */
export class AirflowWorld extends AirflowScheduler {
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

  /** Changes a DAG's properties. Stale DAGs keep their runs. */
  setDag(dag: SimulatedDag, settings: Partial<DagSettings>): void {
    Object.assign(dag, settings);
  }

  /** The DAG's file changed: later attempts use a new version of it. */
  addVersion(dag: SimulatedDag): void {
    dag.versions.push({ id: this.versionId(), number: dag.versions.length + 1, createdAt: this.now() });
    dag.lastParsed = this.now();
  }

  /** Deletes a DAG with everything that belongs to it. The API shows nothing of it afterwards. */
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
      loops: new Map(),
    };
    this.putRun(run);
    this.addTasks(run, options.tasks ?? dag.tasks);
    if (runType === "manual") {
      this.#logFor(run, "trigger_dag_run", { conf: run.conf, method: "POST" }, { runId: null });
    }
    return run;
  }

  /** The scheduler starts a run. */
  startRun(run: SimulatedRun): void {
    this.change(run, { state: "running", startDate: this.now(), lastSchedulingDecision: this.now() });
  }

  /** The scheduler checks a running run, about once a second, and finds nothing to do. */
  tick(run: SimulatedRun): void {
    this.change(run, { lastSchedulingDecision: this.now() });
  }

  /** Ends a run: every unfinished task gets an attempt. With `failed` the last of those tasks fails. */
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

  /** Sets a run's state as a user or the scheduler does, without touching its task instances. */
  setRunState(run: SimulatedRun, state: RunState): void {
    const ended = state === "success" || state === "failed";
    this.change(run, { state, endDate: ended ? this.now() : null });
  }

  /**
   * Clears a task instance, as a user does; its run is queued again if it had ended. A running one is told to stop, and
   * is then retried ({@link retry}).
   */
  clearTask(task: SimulatedTask): void {
    const { run } = task;
    this.#logFor(run, "post_clear_task_instances", { dag_run_id: run.runId, task_ids: [task.definition.taskId] });
    this.clearAttempt(task);
    this.#queueAgain(run);
  }

  /**
   * Clears an iteration of a loop, from 3.4 on: it starts again, with later ones in another region. Their earlier
   * results are no longer listed.
   *
   * @param silently without a line in the audit log
   */
  clearIteration(run: SimulatedRun, loop: string, iteration: number, silently = false): void {
    if (!silently) this.#logFor(run, "post_clear_task_instances", { dag_run_id: run.runId, task_ids: [loop] });
    this.forkLoop(run, loop, iteration);
    this.#queueAgain(run);
  }

  /** Clears a run: each of its tasks, and each loop from its beginning. */
  clearRun(run: SimulatedRun): void {
    this.#logFor(run, "clear_dag_run", { method: "POST" });
    for (const loop of run.loops.keys()) this.forkLoop(run, loop, 0);
    for (const task of run.tasks) if (task.definition.loop === undefined) this.clearAttempt(task);
    this.#queueAgain(run);
  }

  /**
   * Clears all of a mapped task that expanded before the server had regions: it expands again in one. Earlier attempts
   * keep their numbers, and are no longer listed.
   */
  regenerate(run: SimulatedRun, taskId: string): void {
    this.#logFor(run, "post_clear_task_instances", { dag_run_id: run.runId, task_ids: [taskId] });
    this.expandAnew(run, taskId);
    this.#queueAgain(run);
  }

  #queueAgain(run: SimulatedRun): void {
    const hasEnded = run.state === "success" || run.state === "failed";
    const again = { state: "queued", queuedAt: this.now(), startDate: null, endDate: null } as const;
    this.change(run, hasEnded ? { ...again, lastSchedulingDecision: null } : {});
  }

  /** Writes a note on a run or a task instance: no `updated_at` changes, only the audit log shows it. */
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

  /** Writes a note on runs of one DAG in one request: the audit log names them only in its `extra`. */
  noteRuns(dag: SimulatedDag, runs: readonly SimulatedRun[], text: string | null): void {
    const entities = runs.map((run) => ({ dag_run_id: run.runId, note: text }));
    const extra = JSON.stringify({ actions: [{ action: "update", entities }], method: "PATCH" });
    this.log({ event: "bulk_dag_runs", dagId: dag.dagId, runId: null, taskId: null, mapIndex: null, extra });
    for (const run of runs) run.note = text;
  }

  /** Deletes a run with everything that belongs to it. @param silently without a line in the audit log */
  deleteRun(run: SimulatedRun, silently = false): void {
    if (!silently) this.#logFor(run, "delete_dag_run", { method: "DELETE" });
    this.dropRun(run);
  }

  /** Removes a row's `updated_at`. */
  unstamp(row: SimulatedRun | SimulatedTask): void {
    row.updatedAt = null;
  }

  /** Makes every page with this row a 500, or undoes that. */
  poison(row: SimulatedDag | SimulatedRun | SimulatedTask, poisoned = true): void {
    row.poisoned = poisoned;
  }

  /** @internal The expected content of the sync's tables after it. */
  rows(): AirflowRows {
    return airflowRows(this);
  }

  /** @internal The same of the tables of opt-in streams. */
  furtherRows(): { readonly [table: string]: readonly TruthRow[] } {
    return furtherTables(this.further);
  }

  #nameRun(dag: SimulatedDag, runType: RunType, runAfter: Instant): string {
    const name = `${runType}__${formatShort(runAfter).replace("Z", "+00:00")}`;
    return dag.runs.has(name) ? `${name}_${this.random.hex(8)}` : name;
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

/** Options of {@link createEmptyAirflowWorld}. */
export interface EmptyAirflowOptions {
  /** Determines host names, ids and the like. @default 1 */
  readonly seed?: number | undefined;
  /** @default one that stands still */
  readonly clock?: Clock | undefined;
  /** The version of its server. @default "3.3" */
  readonly version?: AirflowWorldVersion | undefined;
}

/** An empty world. */
export function createEmptyAirflowWorld(options: EmptyAirflowOptions = {}): AirflowWorld {
  return new AirflowWorld(options.clock ?? createClock(), createRandom(options.seed ?? 1), options.version);
}
