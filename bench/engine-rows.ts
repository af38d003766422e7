/** A source in memory: rows as wide as Airflow's task instances, made as they are read, the same ones at each sync. */
import type { Row } from "@org/destination";
import { taskInstancesTable as table } from "@org/sources/airflow";
import { defineStream, type Source } from "@org/sync-engine/source";

export type TaskInstanceRow = Row<typeof table>;

/** About what an answer of the batch endpoint holds. */
const BATCH_ROWS = 5000;

const TASKS = 50;
const DAGS = 200;

/** Three digits of each number: making rows should cost little beside storing them. */
const digits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, "0"));
const minutes = new Map<number, string>();

/** A timestamp's text. */
function text(ms: number, microseconds: number): string {
  const minute = Math.floor(ms / 60_000);
  let start = minutes.get(minute);
  if (start === undefined) {
    if (minutes.size > 1000) minutes.clear();
    start = new Date(minute * 60_000).toISOString().slice(0, 17);
    minutes.set(minute, start);
  }
  const inMinute = ms % 60_000;
  const second = digits[Math.floor(inMinute / 1000)] as string;
  return `${start}${second.slice(1)}.${digits[inMinute % 1000]}${digits[microseconds]}Z`;
}

/** When the newest run begins, and how much earlier the next one does. */
const NEWEST = 1_798_761_600_000;
const BETWEEN_RUNS = 60_000;

/** The row with a number, newest first: a run of one of many DAGs has 50 of them. */
function rowAt(index: number): TaskInstanceRow {
  const run = Math.floor(index / TASKS);
  const task = index % TASKS;
  const runAfter = NEWEST - run * BETWEEN_RUNS;
  const start = runAfter + task * 1000;
  const seconds = (index % 7777) / 10 + 0.123;
  return {
    dag_id: `dag_${run % DAGS}`,
    dag_run_id: `scheduled__${text(runAfter, 0).slice(0, 19)}+00:00`,
    task_id: `transform_step_${task}`,
    try_number: 1,
    state: index % 10 === 0 ? "failed" : "success",
    start_date: text(start, index % 1000),
    end_date: text(start + Math.round(seconds * 1000), (index * 7) % 1000),
    duration: seconds,
    operator: "PythonOperator",
    hostname: `worker-${index % 33}.airflow.svc.cluster.local`,
    map_index: -1,
    is_latest: true,
    id: `0198c0de-6a1b-7000-8000-${String(index).padStart(12, "0")}`,
    logical_date: text(runAfter, 0),
    run_after: text(runAfter, 0),
    task_display_name: `transform_step_${task}`,
    operator_name: "PythonOperator",
    max_tries: 2,
    pool: "default_pool",
    pool_slots: 1,
    queue: "default",
    priority_weight: TASKS - task,
    executor: null,
    queued_when: text(start - 900, (index * 3) % 1000),
    scheduled_when: text(start - 1800, (index * 11) % 1000),
    pid: 100 + (index % 30_000),
    unixname: "airflow",
    rendered_map_index: null,
    note: index % 100 === 0 ? "Looked at, and fine." : null,
    dag_version: 1,
    region_id: "",
    region_index: -1,
    loop_id: null,
    iteration: null,
    state_reason: null,
    team_name: null,
    purged_at: null,
  };
}

/** The rows, batch by batch. */
export function* batches(count: number): Generator<TaskInstanceRow[]> {
  for (let start = 0; start < count; start += BATCH_ROWS) {
    yield Array.from({ length: Math.min(BATCH_ROWS, count - start) }, (_, index) => rowAt(start + index));
  }
}

/** A source that replaces one slice of time after the other, newest first, as Airflow's does with its history. */
export function syntheticSource(count: number): Source {
  const stream = defineStream({
    name: "task_instances",
    table,
    revision: 1,
    async *read() {
      let end = text(NEWEST + 1, 0);
      for (const rows of batches(count)) {
        const begin = rows.at(-1)?.run_after as string;
        yield { replace: [{ scope: { run_after: { gte: begin, lt: end } }, rows }], state: { begin } };
        end = begin;
      }
    },
  });
  return {
    name: "synthetic",
    url: "http://synthetic.invalid",
    streams: [stream],
    start: () => undefined,
    check: async () => ({ version: "1", notes: [] }),
  };
}
