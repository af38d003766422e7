/**
 * Rows as Airflow 3.4, the newest that is simulated, answers them, for tests that need a few of them and no server. They come from a small world, so
 * that what belongs together fits: a failed run has ended, and has a duration.
 */

import type { components } from "../generated/airflow-rows.ts";
import { hour, type Instant, minute, parseInstant, second } from "../time.ts";
import {
  attemptDocument,
  dagDetailsDocument,
  dagDocument,
  eventDocument,
  runDocument,
  seconds,
  taskDocument,
} from "./documents.ts";
import type { SimulatedRun, SimulatedTask } from "./records.ts";
import { type AirflowWorld, createEmptyAirflowWorld } from "./world.ts";

type Schemas = components["schemas"];

/** A DAG as `GET /api/v2/dags` lists it. */
export interface DagRow extends Writable<Schemas["DAGResponse"]> {}
/** A DAG as `GET /api/v2/dags/{dag_id}/details` shows it. */
export interface DagDetailsRow extends Writable<Schemas["DAGDetailsResponse"]> {}
/** A DAG run. */
export interface DagRunRow extends Writable<Schemas["DAGRunResponse"]> {}
/** A task instance. */
export interface TaskInstanceRow extends Writable<Schemas["TaskInstanceResponse"]> {}
/** One attempt of a task instance, as `…/tries` lists it. */
export interface TaskInstanceAttemptRow extends Writable<Schemas["TaskInstanceHistoryResponse"]> {}
/** An entry of the audit log. */
export interface EventLogRow extends Writable<Schemas["EventLogResponse"]> {}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Fields of a row that a test cares about.
 *
 * @typeParam Row the row that gets them
 */
export type Some<Row> = { readonly [Name in keyof Row]?: Row[Name] | undefined };

/**
 * A DAG, scheduled daily and not paused.
 *
 * @param fields what differs from that; `dag_id` is `example` where it is left out
 */
export function dag(fields: Some<DagRow> = {}): DagRow {
  return withFields(dagDocument(exampleDag(fields).dag, "3.4"), fields);
}

/** A DAG with its details. @param fields what differs from {@link dag} */
export function dagDetails(fields: Some<DagDetailsRow> = {}): DagDetailsRow {
  return withFields(dagDetailsDocument(exampleDag(fields).dag, "3.4"), fields);
}

/**
 * A run that succeeded, or is in another state: its dates fit that.
 *
 * @param fields what differs; give each run a `dag_run_id` where there are several
 * @example const failed = dagRun({ dag_id: "sales", state: "failed" });
 */
export function dagRun(fields: Some<DagRunRow> = {}): DagRunRow {
  const { world, run } = exampleRun(fields);
  advanceRun(world, run, fields.state ?? "success");
  return withDuration(withFields(runDocument(run, "3.4"), fields), fields);
}

/**
 * A task instance that succeeded, or is in another state: its dates fit that.
 *
 * @param fields what differs; `task_id` is `extract` where it is left out
 */
export function taskInstance(fields: Some<TaskInstanceRow> = {}): TaskInstanceRow {
  return withDuration(withFields(taskDocument(exampleTask(fields), "3.4"), fields), fields);
}

/** An attempt that succeeded, or ended in another state. @param fields what differs */
export function taskInstanceAttempt(fields: Some<TaskInstanceAttemptRow> = {}): TaskInstanceAttemptRow {
  const task = exampleTask(fields);
  return withDuration(withFields(attemptDocument(task, task, "3.4"), fields), fields);
}

/** The entry that triggering a run leaves in the audit log. @param fields what differs */
export function eventLog(fields: Some<EventLogRow> = {}): EventLogRow {
  const { world } = exampleRun({ dag_id: fields.dag_id ?? undefined, dag_run_id: fields.run_id ?? undefined });
  return withFields(eventDocument(world.events()[0]!, "3.4"), fields);
}

function exampleDag({ dag_id = "example" }: { readonly dag_id?: string | undefined }, taskId = "extract") {
  const world = createEmptyAirflowWorld({ version: "3.4" });
  const start = world.now() - (world.now() % (24 * hour));
  const day = { logicalDate: start, intervalStart: start, intervalEnd: start + 24 * hour, runAfter: start + 24 * hour };
  const schedule = { schedule: "0 0 * * *", scheduleInWords: "At 00:00", nextRun: day };
  return { world, dag: world.addDag({ dagId: dag_id, tasks: [{ taskId, retries: 1 }], ...schedule }) };
}

interface RunFields {
  readonly dag_id?: string | undefined;
  readonly dag_run_id?: string | undefined;
  readonly run_type?: DagRunRow["run_type"] | undefined;
  readonly run_after?: string | undefined;
}

function exampleRun({ dag_id, dag_run_id, run_type, run_after }: RunFields, taskId?: string) {
  const { world, dag } = exampleDag({ dag_id }, taskId);
  const runAfter = run_after === undefined ? Number.NaN : parseInstant(run_after);
  const run = world.addRun(dag, {
    ...(dag_run_id !== undefined && { runId: dag_run_id }),
    ...(run_type !== undefined && { runType: run_type }),
    ...(!Number.isNaN(runAfter) && { runAfter }),
  });
  return { world, dag, run };
}

function advanceRun(world: AirflowWorld, run: SimulatedRun, state: SimulatedRun["state"]): void {
  if (state === "queued") return;
  later(world, 2 * second, () => world.startRun(run));
  if (state === "running") return;
  later(world, 5 * minute, () => world.finishRun(run, state));
}

function exampleTask(
  fields: RunFields & { readonly task_id?: string | undefined; readonly state?: SimulatedTask["state"] | undefined },
) {
  const { world, run } = exampleRun(fields, fields.task_id);
  advanceRun(world, run, "running");
  const task = run.tasks[0]!;
  const { state = "success" } = fields;
  if (state === null || state === "scheduled") return task;
  if (state === "queued") later(world, second, () => world.queueTask(task));
  else later(world, 2 * second, () => world.startTask(task));
  if (state === "running" || state === "queued") return task;
  const ends = state === "success" || state === "failed" || state === "skipped";
  later(world, minute, () => {
    if (ends) world.finishTask(task, state);
    else if (state === "up_for_retry") world.retry(task);
    else world.setTaskState(task, state);
  });
  return task;
}

function later(world: AirflowWorld, by: Instant, change: () => void): void {
  world.advance(by / 1000);
  change();
}

/** @param row as the simulator prints it */
function withFields<Row extends object>(row: object, fields: Some<Row>): Row {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...row, ...Object.fromEntries(set) } as Row;
}

interface Dated {
  start_date: string | null;
  end_date: string | null;
  duration: number | null;
}

/** The duration follows from dates that were given. */
function withDuration<Row extends Dated>(row: Row, { start_date, end_date, duration }: Some<Dated>): Row {
  if (duration !== undefined || (start_date === undefined && end_date === undefined)) return row;
  const instant = (text: string | null) => (text === null ? null : parseInstant(text));
  return { ...row, duration: seconds(instant(row.start_date), instant(row.end_date)) };
}
