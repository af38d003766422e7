/**
 * The required shape of Airflow's responses: the envelopes, and the fields that rules, keys and times depend on. Fields
 * that only fill a column are left to the destination, which rejects a row rather than a response. `answers.test.ts`
 * checks all of it against the interfaces of every version in specs/airflow.
 */
import { type Shape, shapes } from "@org/sync-engine/source";
import { NIL_REGION, NO_REGION, type TaskInstanceId } from "./keys.ts";

interface KeyedRows {
  readonly list: string;
  readonly key: readonly string[];
  /** Whether a row is included. @default all are */
  readonly includes?: (row: object) => boolean;
}

const { boolean, count, exactly, id, integer, list, nullable, object, optional, text } = shapes;

/** A response, and where in it there are rows that a table's key must distinguish. */
export interface AnswerShape {
  readonly shape: Shape;
  readonly rows?: KeyedRows;
}

const time = optional(text);
const version = object({ version_number: integer });

export const dagFields = {
  dag_id: id,
  is_paused: boolean,
  is_stale: boolean,
  owners: list(text),
  tags: list(object({ name: text })),
  last_parsed_time: time,
  next_dagrun_run_after: time,
  next_dagrun_logical_date: time,
  next_dagrun_data_interval_start: time,
  next_dagrun_data_interval_end: time,
};

export const dagRunFields = {
  dag_id: id,
  dag_run_id: id,
  run_type: text,
  state: nullable(text),
  run_after: text,
  logical_date: time,
  start_date: time,
  end_date: time,
  data_interval_start: time,
  data_interval_end: time,
  queued_at: time,
  dag_versions: list(version),
};

/** Shared by the current attempt and earlier ones. */
export const attemptFields = {
  dag_id: id,
  dag_run_id: id,
  task_id: id,
  map_index: integer,
  region_id: optional(text),
  region_index: optional(integer),
  try_number: integer,
  state: nullable(text),
  start_date: time,
  end_date: time,
  queued_when: time,
  scheduled_when: time,
  dag_version: optional(version),
};

export const taskInstanceFields = { ...attemptFields, id, run_after: text, logical_date: time };

export const eventLogFields = {
  event_log_id: integer,
  event: text,
  dag_id: optional(text),
  run_id: optional(text),
  extra: optional(text),
};

export const dagVersionFields = { id, dag_id: id, created_at: text };

/** Rows with a total. */
export function counted(name: string, fields: Readonly<Record<string, Shape>>, key: readonly string[]): AnswerShape {
  return { shape: object({ [name]: list(object(fields)), total_entries: count }), rows: { list: name, key } };
}

/** Rows by cursor, without a total. */
function byCursor(name: string, fields: Readonly<Record<string, Shape>>, key: readonly string[]): AnswerShape {
  const shape = object({ [name]: list(object(fields)), next_cursor: optional(text), total_entries: optional(count) });
  return { shape, rows: { list: name, key } };
}

const runKey = ["dag_id", "dag_run_id"];
const taskInstanceKey = [...runKey, "task_id", "map_index", "region_id", "region_index"];

/** The shapes of responses, by label. */
export const answers = {
  dags: counted("dags", dagFields, ["dag_id"]),
  dagRuns: counted("dag_runs", dagRunFields, runKey),
  changedDagRuns: byCursor("dag_runs", dagRunFields, runKey),
  taskInstances: counted("task_instances", taskInstanceFields, taskInstanceKey),
  changedTaskInstances: byCursor("task_instances", taskInstanceFields, taskInstanceKey),
  dagVersions: counted("dag_versions", dagVersionFields, ["id"]),
  eventLogs: counted("event_logs", eventLogFields, ["event_log_id"]),
  dagStats: {
    shape: object({ dags: list(object({ dag_id: id, stats: list(object({ state: text, count })) })) }),
    rows: { list: "dags", key: ["dag_id"] },
  },
  dag: { shape: object({ dag_id: id }) },
  dagDetails: { shape: object({ dag_id: id, timezone: optional(text) }) },
} as const satisfies Readonly<Record<string, AnswerShape>>;

/**
 * The tries of one task instance, and of no other: a cache that ignores the query would return another region's.
 *
 * @param numbersAreUnique whether each has its own number, as since Airflow 3.4. Before, a cleared task has its number
 * twice for a while: then those that started before the listed one do.
 */
export function triesOf(
  listed: TaskInstanceId & { readonly try_number: number },
  numbersAreUnique: boolean,
): AnswerShape {
  const { dag_id, dag_run_id, task_id, map_index, region_id, region_index } = listed;
  const region = region_id === NO_REGION ? exactly(NIL_REGION) : exactly(region_id);
  const of = {
    dag_id: exactly(dag_id),
    dag_run_id: exactly(dag_run_id),
    task_id: exactly(task_id),
    map_index: exactly(map_index),
    region_id: optional(region),
    region_index: optional(exactly(region_index)),
  };
  const shape = object({ task_instances: list(object({ ...attemptFields, ...of })) });
  const hasNumberOfItsOwn = (row: object) => {
    const { try_number, start_date } = row as { readonly try_number: number; readonly start_date?: string | null };
    return numbersAreUnique || (Boolean(start_date) && try_number < listed.try_number);
  };
  const key = [...taskInstanceKey, "try_number"];
  return { shape, rows: { list: "task_instances", key, includes: hasNumberOfItsOwn } };
}
