import { textAnswer } from "../http/answer.ts";
import type { Instant } from "../time.ts";
import { seconds } from "./documents.ts";
import { type OrderFields, readOrder } from "./listing.ts";
import { readList, readNumber, readPattern, readRange, readStates } from "./parameters.ts";
import { detail, invalid, Problem } from "./problems.ts";
import type { SimulatedRun, SimulatedTask } from "./records.ts";

/** A requested list: filter, order and page. */
export interface Query<T> {
  readonly filter: (row: T) => boolean;
  readonly order: ReturnType<typeof readOrder<T>>;
  readonly byId: (row: T) => string | number | null;
  readonly limit: number;
  readonly offset: number;
  readonly cursor: string | undefined;
}

const dateFields = ["run_after", "logical_date", "start_date", "end_date"] as const;
const runStates = ["queued", "running", "success", "failed"];
const runTypes = ["backfill", "scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"];
const taskStates =
  "removed scheduled queued running success restarting failed up_for_retry up_for_reschedule upstream_failed skipped deferred awaiting_input".split(
    " ",
  );

/** What the two lists share: their rows belong to a run and have dates. */
interface Kind<T> {
  readonly run: (row: T) => SimulatedRun;
  readonly dates: { readonly [field in (typeof dateFields)[number] | "updated_at"]: (row: T) => Instant | null };
  readonly fields: OrderFields<T>;
  readonly states: readonly string[];
  readonly defaultOrder: string;
}

const runFields = {
  id: (run) => run.id,
  state: (run) => run.state,
  dag_id: (run) => run.dag.dagId,
  run_id: (run) => run.runId,
  dag_run_id: (run) => run.runId,
  logical_date: (run) => run.logicalDate,
  run_after: (run) => run.runAfter,
  start_date: (run) => run.startDate,
  end_date: (run) => run.endDate,
  updated_at: (run) => run.updatedAt,
  duration: (run) => seconds(run.startDate, run.endDate),
} satisfies OrderFields<SimulatedRun>;

const taskFields = {
  id: (task) => task.id,
  state: (task) => task.state,
  duration: (task) => seconds(task.startDate, task.endDate),
  start_date: (task) => task.startDate,
  end_date: (task) => task.endDate,
  map_index: (task) => task.mapIndex,
  try_number: (task) => task.tryNumber,
  logical_date: (task) => task.run.logicalDate,
  run_after: (task) => task.run.runAfter,
  data_interval_start: (task) => task.run.intervalStart,
  data_interval_end: (task) => task.run.intervalEnd,
  rendered_map_index: (task) => task.renderedMapIndex,
  operator: (task) => task.definition.operator ?? "PythonOperator",
} satisfies OrderFields<SimulatedTask>;

const runKind: Kind<SimulatedRun> = {
  run: (run) => run,
  dates: runFields,
  fields: runFields,
  states: runStates,
  defaultOrder: "id",
};

const taskKind: Kind<SimulatedTask> = {
  run: (task) => task.run,
  dates: { ...taskFields, updated_at: (task) => task.updatedAt },
  fields: taskFields,
  states: taskStates,
  defaultOrder: "map_index",
};

const suffixes = ["gte", "gt", "lte", "lt"] as const;
const ranges = (fields: readonly string[]) => fields.flatMap((field) => suffixes.map((suffix) => `${field}_${suffix}`));
const common = ["limit", "offset", "cursor", "order_by", "state", "run_id_pattern", "dag_id_pattern"];
const bodyCommon = ["order_by", "page_limit", "page_offset", "dag_ids", ...ranges(dateFields)];

/** What the simulator supports; the specification says what else a real server would. */
export const understood = {
  runQuery: [...common, "run_type", ...ranges([...dateFields, "updated_at"])],
  taskQuery: [...common, "task_id", "map_index", "try_number", ...ranges([...dateFields, "updated_at"])],
  runBody: [...bodyCommon, "states"],
  taskBody: [...bodyCommon, "dag_run_ids", "task_ids", "state"],
};

function dateTests<T>(kind: Kind<T>, get: (name: string) => unknown, place: "query" | "body", now: Instant) {
  const fields = place === "query" ? ([...dateFields, "updated_at"] as const) : dateFields;
  return fields.flatMap((field) => {
    const underWay = field === "start_date" || field === "end_date";
    const test = readRange(field, get, place, underWay ? now : undefined);
    const read = kind.dates[field];
    return test ? [(row: T) => test(read(row))] : [];
  });
}

function queryFor<T>(
  kind: Kind<T>,
  query: URLSearchParams,
  maximum: number,
  now: Instant,
  more: ((row: T) => boolean)[],
) {
  const tests = [...more, ...dateTests(kind, (name) => query.get(name), "query", now)];
  const states = query.getAll("state");
  if (states.length > 0) {
    const wanted = readStates(states, kind.states);
    tests.push((row) => wanted.has(kind.fields.state!(row) as string | null));
  }
  const runPattern = readPattern(query.get("run_id_pattern"));
  if (runPattern) tests.push((row) => runPattern(kind.run(row).runId));
  const dagPattern = readPattern(query.get("dag_id_pattern"));
  if (dagPattern) tests.push((row) => dagPattern(kind.run(row).dag.dagId));
  const names = query.getAll("order_by");
  return {
    filter: (row: T) => tests.every((test) => test(row)),
    order: readOrder(names.length > 0 ? names : [kind.defaultOrder], kind.fields),
    byId: kind.fields.id,
    limit: Math.min(maximum, readNumber(query.get("limit") ?? 50, ["query", "limit"])),
    offset: readNumber(query.get("offset") ?? 0, ["query", "offset"]),
    cursor: query.get("cursor") ?? undefined,
  };
}

/** Parses the query of a GET of runs. @param maximum the maximum number of rows per page */
export function runQuery(query: URLSearchParams, maximum: number, now: Instant): Query<SimulatedRun> {
  const types = new Set(query.getAll("run_type"));
  for (const type of types) {
    if (!runTypes.includes(type)) {
      throw detail(422, `Invalid value for run type. Valid values are ${runTypes.join(", ")}`);
    }
  }
  return queryFor(runKind, query, maximum, now, types.size > 0 ? [(run) => types.has(run.runType)] : []);
}

/** Parses the query of a GET of task instances. */
export function taskQuery(query: URLSearchParams, maximum: number, now: Instant): Query<SimulatedTask> {
  const tests: ((task: SimulatedTask) => boolean)[] = [];
  const taskId = query.get("task_id");
  if (taskId !== null) tests.push((task) => task.definition.taskId === taskId);
  for (const [name, read] of [
    ["map_index", taskFields.map_index],
    ["try_number", taskFields.try_number],
  ] as const) {
    const numbers = query.getAll(name).map((value, index) => readNumber(value, ["query", name, index], -1));
    if (numbers.length > 0) tests.push((task) => numbers.includes(read(task)));
  }
  const order = query.getAll("order_by").map((name) => name.replace(/^-/, ""));
  if (query.has("cursor") && order.some((name) => name.startsWith("data_interval_"))) {
    throw new Problem(textAnswer(500, "Internal Server Error"));
  }
  return queryFor(taskKind, query, maximum, now, tests);
}

/** Parses the body of a POST to a `list`; its pages have no maximum of their own. */
function bodyFor<T>(
  kind: Kind<T>,
  body: Body,
  maximum: number,
  now: Instant,
  lists: readonly ListFilter<T>[],
): Query<T> {
  const tests = dateTests(kind, (name) => body[name], "body", now);
  for (const { field, read, allowed } of lists) {
    const wanted = readList(body[field], field, allowed);
    if (wanted) tests.push((row) => wanted.has(read(row)));
  }
  const order = body.order_by;
  if (order !== undefined && order !== null && typeof order !== "string") {
    throw invalid(["body", "order_by"], "string_type", "Input should be a valid string", order);
  }
  return {
    filter: (row) => tests.every((test) => test(row)),
    order: readOrder([order ?? "id"], kind.fields),
    byId: kind.fields.id,
    limit: Math.min(maximum, readNumber(body.page_limit ?? 100, ["body", "page_limit"])),
    offset: readNumber(body.page_offset ?? 0, ["body", "page_offset"]),
    cursor: undefined,
  };
}

interface ListFilter<T> {
  readonly field: string;
  readonly read: (row: T) => string | null;
  readonly allowed?: readonly string[];
}

/** A request's body, an object. */
export type Body = { readonly [field: string]: unknown };

export function runBody(body: Body, maximum: number, now: Instant): Query<SimulatedRun> {
  return bodyFor(runKind, body, maximum, now, [
    { field: "dag_ids", read: runFields.dag_id },
    { field: "states", read: runFields.state, allowed: runStates },
  ]);
}

export function taskBody(body: Body, maximum: number, now: Instant): Query<SimulatedTask> {
  return bodyFor(taskKind, body, maximum, now, [
    { field: "dag_ids", read: (task) => task.run.dag.dagId },
    { field: "dag_run_ids", read: (task) => task.run.runId },
    { field: "task_ids", read: (task) => task.definition.taskId },
    { field: "state", read: taskFields.state, allowed: taskStates },
  ]);
}
