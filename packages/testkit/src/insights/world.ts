/**
 * A small world whose expected answers were computed by hand. It is the Monday after clocks went back in New York
 * (1 November 2026, 06:00 UTC): the tables are as of 12:00 UTC on 2 November, so the week starts on 26 October at 12:00.
 * Times are written as `11-02 06:00`, in UTC.
 */
import type { Row, Session, StoredValues, Table } from "@org/destination";
import { dagRunsTable, dagsTable, taskInstancesTable } from "@org/sources/airflow";
import { assetsTable, runsTable, schedulesTable, sensorsTable } from "@org/sources/dagster";

type Dag = Row<typeof dagsTable>;
type DagRun = Row<typeof dagRunsTable>;
type TaskInstance = Row<typeof taskInstancesTable> & { readonly region_id: string; readonly region_index: number };
type Run = Row<typeof runsTable>;

/** `11-02 06:00` or `11-02 06:00:30` of 2026 as a timestamp. */
export function at(text: string): string;
export function at(text: string | null): string | null;
export function at(text: string | null): string | null {
  return text === null ? null : `2026-${text.replace(" ", "T")}${text.length < 12 ? ":00" : ""}.000000Z`;
}

/** A moment some minutes later: `after("11-02 06:00", 90)` is `11-02 07:30`. */
export function after(text: string, minutes: number): string {
  return new Date(Date.parse(at(text)) + minutes * 60_000).toISOString().slice(5, 19).replace("T", " ");
}

const nulls = (table: Table) =>
  Object.fromEntries(Object.entries(table.columns).flatMap(([name, { nullable }]) => (nullable ? [[name, null]] : [])));

export function dag(dag_id: string, more: Partial<Dag> = {}): Dag {
  const settings = { dag_id, dag_display_name: dag_id, is_paused: false, is_stale: false, is_active: !more.is_stale };
  return { ...nulls(dagsTable), max_active_runs: 16, owners: "ann", tags: "", ...settings, ...more } as Dag;
}

interface Timing {
  /** When it was due. */
  readonly due: string;
  /** Minutes from then to its start. Null: not started. @default 0 */
  readonly delay?: number | null;
  /** Minutes from its start to its end. Null: still running. */
  readonly took: number | null;
}

export function run(
  dag_id: string,
  dag_run_id: string,
  { due, delay = 0, took }: Timing,
  more: Partial<DagRun> = {},
): DagRun {
  const start = delay === null ? null : after(due, delay);
  const end = start === null || took === null ? null : after(start, took);
  return {
    ...nulls(dagRunsTable),
    dag_id,
    dag_run_id,
    run_type: "scheduled",
    state: start === null ? "queued" : end === null ? "running" : "success",
    external_trigger: more.run_type === "manual",
    logical_date: at(due),
    run_after: at(due),
    queued_at: at(due),
    start_date: at(start),
    end_date: at(end),
    triggered_by: "timetable",
    ...more,
  } as DagRun;
}

/** An attempt of a task. Queued when the run was due unless given. */
export function attempt(
  { dag_id, dag_run_id, run_after }: DagRun,
  task_id: string,
  [start, end]: readonly [start: string | null, end: string | null],
  more: Partial<TaskInstance> = {},
): TaskInstance {
  return {
    ...nulls(taskInstancesTable),
    dag_id,
    dag_run_id,
    task_id,
    map_index: -1,
    region_id: "",
    region_index: -1,
    try_number: 1,
    is_latest: true,
    state: end === null ? "running" : "success",
    run_after,
    scheduled_when: at(start),
    queued_when: at(start),
    start_date: at(start),
    end_date: at(end),
    operator: "PythonOperator",
    hostname: "worker-1",
    pool: "default_pool",
    pool_slots: 1,
    queue: "default",
    max_tries: 0,
    dag_version: 1,
    ...more,
  } as TaskInstance;
}

export function jobRun(
  run_id: string,
  job: string,
  [created, start, end]: readonly (string | null)[],
  more: Partial<Run> = {},
): Run {
  return {
    ...nulls(runsTable),
    run_id,
    pipeline_name: job,
    status: start === null ? "QUEUED" : end === null ? "STARTED" : "SUCCESS",
    mode: "default",
    creation_time: at(created ?? null),
    start_time: at(start ?? null),
    end_time: at(end ?? null),
    update_time: at(end ?? start ?? created ?? null),
    tags: {},
    root_run_id: run_id,
    repository: "__repository__",
    code_location: "warehouse",
    ...more,
  } as Run;
}

export interface World {
  readonly dags: readonly Dag[];
  readonly runs: readonly DagRun[];
  readonly tasks: readonly TaskInstance[];
  readonly jobRuns: readonly Run[];
  readonly assets: readonly Row<typeof assetsTable>[];
  readonly schedules: readonly Row<typeof schedulesTable>[];
  readonly sensors: readonly Row<typeof sensorsTable>[];
  /** The tables of opt-in streams: see {@link further}. */
  readonly further: readonly Further[];
}

interface Further {
  readonly table: Table;
  readonly rows: readonly StoredValues[];
  /** When its stream was last synced. @default with the others */
  readonly synced?: string;
}

/** Rows of an opt-in stream. What is not given is null. */
export function further<const T extends Table>(table: T, rows: readonly Partial<Row<T>>[], synced?: string): Further {
  const complete = rows.map((row) => ({ ...nulls(table), ...row }) as StoredValues);
  return { table, rows: complete, ...(synced !== undefined && { synced }) };
}

const noWorld: World = {
  dags: [],
  runs: [],
  tasks: [],
  jobRuns: [],
  assets: [],
  schedules: [],
  sensors: [],
  further: [],
};

/** Stores a world as a pipeline would, with the states of a sync at a given time. */
export async function store(session: Session, world: Partial<World>, synced = "11-02 12:00"): Promise<void> {
  const { dags, runs, tasks, jobRuns, assets, schedules, sensors, further } = { ...noWorld, ...world };
  const isDagster = jobRuns.length + assets.length + schedules.length + sensors.length > 0;
  const streams = isDagster
    ? ([
        ["runs", runsTable, jobRuns],
        ["assets", assetsTable, assets],
        ["schedules", schedulesTable, schedules],
        ["sensors", sensorsTable, sensors],
      ] as const)
    : ([
        ["dags", dagsTable, dags],
        ["dag_runs", dagRunsTable, runs],
        ["task_instances", taskInstancesTable, tasks],
      ] as const);
  const more = further.map(({ table, rows, ...own }) => [streamOf(table), table, rows, own.synced] as const);
  for (const [stream, table, rows, own = synced] of [
    ...streams.map((each) => [...each, undefined] as const),
    ...more,
  ]) {
    const moment = Date.parse(at(own));
    const position = { server: moment, local: moment };
    const state = { version: 2, value: { revision: 1, data: { position }, reconciled_at: moment } };
    const upserts = rows.map((row) =>
      Object.fromEntries(Object.keys(table.columns).map((name) => [name, (row as StoredValues)[name]])),
    );
    await session.prepare([table]);
    await session.commit(stream, { table, upserts, state } as Parameters<Session["commit"]>[1]);
  }
}

const streamOf = ({ name }: Table) => name.slice(name.indexOf("_") + 1);
