/**
 * What no window shows. Each doubt is a pure function of the server's answers before the sync, the table's content and
 * what this sync has already read; none of them reads or writes. It returns what to re-read.
 */
import type { StoredValues } from "@org/destination";
import { identityOf, key, type ListedId, NO_REGION, type RunId, runKey, taskInstanceKey } from "./keys.ts";
import type { AirflowScope } from "./scope.ts";

/** The server's counts of runs by DAG and state. */
export type RunCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function numberOfRuns(counts: RunCounts, dag: string): number {
  return [...(counts.get(dag)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
}

/** Final states of task instances. */
export const finalTaskStates = ["success", "failed", "skipped", "upstream_failed", "removed"];
export const unfinishedRunStates = ["queued", "running"];
export const unfinishedTaskStates = [
  null,
  "scheduled",
  "queued",
  "running",
  "restarting",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
  "awaiting_input",
];

/**
 * States in which a DAG has more runs than the table: runs that reached them without a stamp, were created without one,
 * or belong to a DAG that was invisible until now. A DAG that the server omits has no runs.
 *
 * A run may also have moved on between the server's count and the window. That happens to unfinished ones, of which
 * there are few, so those of all DAGs form one scope.
 */
export function grownStates(
  counts: RunCounts,
  stored: readonly { readonly values: StoredValues; readonly count: number }[],
): AirflowScope[] {
  const held = new Map(stored.map(({ values, count }) => [key(values.dag_id, values.state), count]));
  const grown = [...counts].flatMap(([dag, states]) =>
    [...states].filter(([state, count]) => count > (held.get(key(dag, state)) ?? 0)).map(([state]) => ({ dag, state })),
  );
  const moving = grown.filter(({ state }) => unfinishedRunStates.includes(state));
  const settled = Map.groupBy(
    grown.filter(({ state }) => !unfinishedRunStates.includes(state)),
    ({ dag }) => dag,
  );
  return [
    ...(moving.length > 0 ? [{ dags: [...new Set(moving.map(({ dag }) => dag))], states: unfinishedRunStates }] : []),
    ...[...settled].map(([dag, states]) => ({ dags: [dag], states: states.map(({ state }) => state) })),
  ];
}

/** How many of the runs that the server counts are missing from the table, by DAG and state. */
export function missingRuns(
  counts: RunCounts,
  stored: readonly { readonly values: StoredValues; readonly count: number }[],
): number {
  const held = new Map(stored.map(({ values, count }) => [key(values.dag_id, values.state), count]));
  const missing = [...counts].flatMap(([dag, states]) =>
    [...states].map(([state, count]) => Math.max(0, count - (held.get(key(dag, state)) ?? 0))),
  );
  return missing.reduce((sum, each) => sum + each, 0);
}

/**
 * The table's unfinished task instances that no window returned, and whose run is not final or ended less than a day
 * ago (any run, if that is unknown): in scopes of at most `runsPerScope` runs, or, if every run is requested by its own
 * URL, of one DAG each.
 */
export function unfinished(
  stored: readonly StoredValues[],
  liveRuns: ReadonlySet<string> | undefined,
  seen: ReadonlySet<string>,
  { runsPerScope = 200, byAddress = false } = {},
): AirflowScope[] {
  const waiting = stored.filter((row) => (liveRuns?.has(runKey(row)) ?? true) && !seen.has(taskInstanceKey(row)));
  const runs = [...new Map(waiting.map((row) => [runKey(row), row])).values()];
  if (byAddress) return runScopes(runs as unknown as RunId[]);
  const scopes: AirflowScope[] = [];
  for (let start = 0; start < runs.length; start += runsPerScope) {
    const chunk = runs.slice(start, start + runsPerScope);
    const keys = new Set(chunk.map(runKey));
    scopes.push({
      dags: distinct(chunk, "dag_id"),
      runs: distinct(chunk, "dag_run_id"),
      tasks: distinct(
        waiting.filter((row) => keys.has(runKey(row))),
        "task_id",
      ),
    });
  }
  return scopes;
}

/**
 * DAGs whose number of rows in the table differs from the server's count before the sync read anything: the table holds
 * everything that the server had then, so if it holds more, something was deleted.
 *
 * @param stored the table's counts by DAG
 */
export function differingCounts(
  counts: ReadonlyMap<string, number>,
  stored: readonly { readonly values: StoredValues; readonly count: number }[],
): { readonly dag: string; readonly missing: number }[] {
  const held = new Map(stored.map(({ values, count }) => [values.dag_id as string, count]));
  return [...new Set([...counts.keys(), ...held.keys()])].flatMap((dag) => {
    const missing = (held.get(dag) ?? 0) - (counts.get(dag) ?? 0);
    return missing === 0 ? [] : [{ dag, missing }];
  });
}

/**
 * DAGs that have runs, although the table held none before the window: new ones, and ones that were invisible until
 * now. A window returns only their recent changes.
 */
export function unknownDags(counts: RunCounts, stored: readonly { readonly values: StoredValues }[]): string[] {
  const held = new Set(stored.map(({ values }) => values.dag_id));
  return [...counts.keys()].filter((dag) => !held.has(dag) && numberOfRuns(counts, dag) > 0);
}

/**
 * Whole DAGs as scopes, a hundred in each: even if they contain nothing, each scope costs one request in every sync.
 */
export function dagScopes(dags: readonly string[]): AirflowScope[] {
  const starts = Array.from({ length: Math.ceil(dags.length / 100) }, (_, index) => index * 100);
  return starts.map((start) => ({ dags: dags.slice(start, start + 100) }));
}

/**
 * Runs with user actions that leave no stamp, such as a note, from the server's event log. Bulk actions on runs of one
 * DAG name them only in their request. Bulk actions on runs of all DAGs, or on many task instances, are in no log that
 * the server shows.
 */
export function eventDoubts(events: readonly LoggedEvent[], about: "dag_run" | "task"): AirflowScope[] {
  return runScopes(
    events
      .filter(({ event }) => event.includes(about) || deletesRuns.includes(event) || clearsRuns.includes(event))
      .flatMap((event) => runsOfEvent(event)),
  );
}

export interface LoggedEvent {
  readonly event: string;
  readonly dag_id?: string | null;
  readonly run_id?: string | null;
  /** The request, as JSON. */
  readonly extra?: string | null;
}

/** With their task instances. */
export const deletesRuns = ["delete_dag_run", "bulk_dag_runs"];
/** Since Airflow 3.4 this also removes a loop's later iterations from the lists. */
const clearsRuns = ["clear_dag_run", "clear_dag_runs"];

/** Runs that users deleted, from the server's event log. */
export function deletedRuns(events: readonly LoggedEvent[]): RunId[] {
  return events.filter(({ event }) => deletesRuns.includes(event)).flatMap((event) => runsOfEvent(event, "delete"));
}

/**
 * The runs that an event is about.
 *
 * @param action only those with this action in a bulk request; any if omitted
 */
function runsOfEvent({ dag_id, run_id, extra }: LoggedEvent, action?: string): RunId[] {
  const named = [{ dag_id, dag_run_id: run_id }, ...(run_id ? [] : requestedRuns(extra, action))];
  return named.flatMap((run) => {
    const dag = run.dag_id || dag_id;
    return dag && dag !== "~" && run.dag_run_id && run.dag_run_id !== "~"
      ? [{ dag_id: dag, dag_run_id: run.dag_run_id }]
      : [];
  });
}

type RequestedRun = { readonly dag_id?: string | null | undefined; readonly dag_run_id?: string | null | undefined };

/** The runs that a request names: `{ actions: [{ action, entities: [run id or run] }] }`, or `{ dag_runs: [run] }`. */
function requestedRuns(extra: string | null | undefined, action: string | undefined): RequestedRun[] {
  type Action = { readonly action?: string; readonly entities?: readonly (string | RequestedRun)[] };
  try {
    const request = JSON.parse(extra ?? "{}") as { actions?: Action[]; dag_runs?: RequestedRun[] };
    const actions = (request.actions ?? []).filter((each) => !action || each.action === action);
    const runs = [...actions.flatMap(({ entities }) => entities ?? []), ...(request.dag_runs ?? [])];
    return runs.map((run) => (typeof run === "string" ? { dag_run_id: run } : run));
  } catch {
    // Truncated, or of another form: the log records user actions, and guarantees no more.
    return [];
  }
}

/**
 * Runs with a task instance whose listed number is lower than the table's: they were deleted and recreated under their
 * ids, possibly with fewer task instances.
 */
export function recreatedRuns<T extends ListedId>(
  listed: readonly (T & { readonly try_number: number })[],
  held: readonly StoredValues[],
): T[] {
  const latest = held.filter((row) => row.is_latest === true);
  const numbers = new Map(latest.map((row) => [taskInstanceKey(row), Number(row.try_number)]));
  return listed.filter((row) => row.try_number < (numbers.get(taskInstanceKey(row)) ?? 0));
}

/**
 * Runs with an iteration that is new in one region, while the table holds it in another: a loop was cleared, and
 * started again from there. The old region's iterations from there on are no longer listed. Every iteration has a task
 * that is not mapped, its condition; mapped tasks have another region in each iteration anyway.
 */
export function clearedLoops<T extends ListedId & { readonly in_loop?: boolean }>(
  listed: readonly T[],
  held: readonly StoredValues[],
): T[] {
  const latest = held.filter((row) => row.is_latest === true);
  const known = new Set(latest.map(taskInstanceKey));
  const places = new Set(latest.filter(({ region_id }) => region_id !== NO_REGION).map(placeKey));
  return listed.filter(
    (row) => row.in_loop && row.map_index < 0 && !known.has(taskInstanceKey(row)) && places.has(placeKey(row)),
  );
}

/** Identifies a task's position in its loop, whatever its region. */
function placeKey(row: ListedId | StoredValues): string {
  return taskInstanceKey({ ...identityOf(row), region_id: "any" });
}

/** Runs as scopes, one for each DAG: a run's id is unique only within its DAG. */
export function runScopes(runs: readonly RunId[]): AirflowScope[] {
  return [...Map.groupBy(runs, ({ dag_id }) => dag_id)].map(([dag, ofDag]) => ({
    dags: [dag],
    runs: [...new Set(ofDag.map(({ dag_run_id }) => dag_run_id))],
  }));
}

function distinct(rows: readonly StoredValues[], column: string): string[] {
  return [...new Set(rows.map((row) => row[column] as string))];
}
