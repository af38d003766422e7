/** What the streams of one sync share: the server as it was before anything was read, asked for once. */
import type { AirflowClient, Dag, EventLog, TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import { type Position, type SourceContext, widenedOverlap, windowStart } from "@org/sync-engine";
import { once } from "../once.ts";
import { type AirflowApi, airflowApi, isForbidden } from "./api.ts";
import type { Window } from "./changes.ts";
import { allDags } from "./dag-list.ts";
import { deletedRuns, numberOfRuns, type RunCounts, type RunId, runKey } from "./doubts.ts";
import { LARGEST_GET } from "./listings.ts";
import type { AirflowScope } from "./scope.ts";
import { serverError } from "./unreadable.ts";

export interface AirflowOptions {
  readonly client: AirflowClient;
  /**
   * How far each sync looks back behind the last one, in ms: a transaction may become visible long after the time that
   * it wrote into its rows.
   * @default 600000
   */
  readonly overlapMs?: number;
  /** Dag runs asked for in one answer of the server's batch endpoint; of task instances five times as many. @default 1000 */
  readonly runsPerAnswer?: number;
  /**
   * `false`: lists by GET, DAG by DAG, in pages of 100. Slower, and leaves no lines in the server's audit log.
   * @default true
   */
  readonly batch?: boolean;
}

/** About as many task instances has a run. Where it has more, answers are cut; where it has fewer, they are smaller. */
const TASKS_PER_RUN = 5;

/** More DAGs than this that the list lacks are asked for at a reconcile only: it is rather a role that sees less. */
const MOST_MISSING = 20;

/** What the server listed before a sync read anything else. */
export interface ListedDags {
  readonly position: Position;
  readonly dags: readonly Dag[];
}

/** The server before a sync read anything. */
export interface Before extends ListedDags {
  readonly runCounts: RunCounts;
}

export interface AirflowSync {
  readonly api: AirflowApi;
  readonly runsPerAnswer: number;
  readonly tasksPerAnswer: number;
  before(): Promise<Before>;
  /** The same without what only a user who may read dag runs is told. */
  listedDags(): Promise<ListedDags>;
  /** The window that follows a position, with the overlap of the source's options, or a wider one. */
  windowFrom(last: { readonly position: Position; readonly overlapMs?: number }): Promise<Window>;
  /**
   * The overlap to store after a window in whose older half so many rows were found late; nothing where the option's
   * is wide enough.
   */
  widened(window: Window, late: number): { readonly overlapMs?: number };
  /**
   * Whether the user may see all DAGs of a scope. What lies in a DAG that became invisible is not listed any more, and
   * must not be taken for gone.
   */
  isVisible(scope: AirflowScope): boolean;
  /**
   * Which of these DAGs the server no longer has. Those that it lists are there; the others are asked for, one by one,
   * unless this is no reconcile and they are many, or one of them is hidden. One that the user may not see is not gone.
   */
  gone(dags: readonly string[], reconcile: boolean): Promise<readonly string[]>;
  /**
   * Those of these DAGs that the server did not list. What changes in them meanwhile no window shows: they are read
   * whole once they are listed again.
   */
  unlisted(dags: readonly string[]): readonly string[];
  /**
   * To be called once rows of these DAGs did not come any more, and before they are taken for deleted.
   *
   * @throws an error where the user may not see one of them by now
   */
  expectVisible(dags: readonly string[]): Promise<void>;
  /** DAGs that have a version made after a moment; none where the user may not read versions. */
  versionedSince(since: number): Promise<ReadonlySet<string>>;
  /** The number of task instances of every DAG that it lists and still has. One request for each that has runs. */
  taskCounts(): Promise<ReadonlyMap<string, number>>;
  /** The earliest start of what the server still has, of runs and of task instances; null where it has nothing. */
  oldestRunStart(): Promise<string | null>;
  oldestTaskStart(): Promise<string | null>;
  /** Records a row that the server cannot read. The sync goes around it, and fails at its end. */
  onUnreadable(where: string): void;
  /** All attempts of a task instance that the server knows, or undefined where they cannot be had. */
  tries(row: TaskInstance): Promise<readonly TaskInstanceAttempt[] | undefined>;
  /** Runs of which the server could not read some tries in this sync. */
  unreadTries(): readonly RunId[];
  /** Makes the tries of runs due: those that could not be read in the last sync. */
  askTriesAgain(runs: readonly RunId[]): void;
  triesAreDue(row: RunId): boolean;
  /** What people did since a moment that may leave no stamp on a row; nothing where the user may not read it. */
  silentEvents(since: number): Promise<readonly EventLog[]>;
  /**
   * Whether people deleted a run, by the event log as it is now: it says so before the run goes, so it must be asked
   * after something was found missing. What is missing of such a run did not go with retention.
   */
  deletions(): Promise<(row: RunId) => boolean>;
}

export function startAirflowSync(options: AirflowOptions, context: SourceContext): AirflowSync {
  const { overlapMs = 600_000, batch = true, runsPerAnswer = batch ? 1000 : LARGEST_GET } = options;
  const api = airflowApi(options.client, context, batch);
  let visible: ReadonlySet<string> = new Set();
  const presences = new Map<string, "there" | "gone" | "hidden">();
  const unreadTries = new Map<string, RunId>();
  const dueTries = new Set<string>();
  let unreachable = false;
  let saidHidden = false;
  let saidForbidden = false;
  const listedDags = once(async (): Promise<ListedDags> => {
    const dags = await allDags(api, onUnreadable);
    visible = new Set(dags.map(({ dag_id }) => dag_id));
    const position = { server: api.clock(context.now), local: context.now() };
    return { position, dags };
  });
  const before = once(async (): Promise<Before> => ({ ...(await listedDags()), runCounts: await api.runCounts() }));
  const sayHidden = (dags: readonly string[], isKnown: boolean) => {
    if (saidHidden || dags.length === 0) return;
    saidHidden = true;
    const [some, more] = [dags.slice(0, 10).join(", "), dags.length > 10 ? ` and ${dags.length - 10} more` : ""];
    const why = isKnown ? "this user may not see them any more" : "this user sees less than before, or they are gone";
    const message = `The server does not list these DAGs any more: ${some}${more}: ${why}. Their rows stay as they are.`;
    context.emit({ type: "notice", code: "DAGS_HIDDEN", message });
  };
  function onUnreadable(where: string): void {
    const message = `Airflow cannot read ${where}. Its own log names the row; everything else was synced.`;
    context.emit({ type: "problem", code: "UNREADABLE_ROW", message });
  }
  async function eventsOf(since: number): Promise<readonly EventLog[]> {
    return api.silentEvents(since).catch((error) => {
      if (!isForbidden(error)) throw error;
      const message =
        "This user may not read the event log, so notes changed by hand are not found until the row changes otherwise.";
      if (!saidForbidden) context.emit({ type: "notice", code: "EVENT_LOG_FORBIDDEN", message });
      saidForbidden = true;
      return [];
    });
  }
  let eventsSince = Number.POSITIVE_INFINITY;
  let events: Promise<readonly EventLog[]> | undefined;
  return {
    api,
    runsPerAnswer,
    tasksPerAnswer: batch ? runsPerAnswer * TASKS_PER_RUN : LARGEST_GET,
    before,
    listedDags,
    async windowFrom(last) {
      const widest = Math.max(overlapMs, last.overlapMs ?? 0);
      return { since: windowStart(last.position, (await listedDags()).position, widest), overlapMs: widest };
    },
    widened(window, late) {
      const next = widenedOverlap(window.overlapMs, late);
      if (next > window.overlapMs) {
        const [was, is] = [window.overlapMs / 1000, next / 1000];
        const message = `${late} rows became visible more than ${was / 2} s after the time that they carry. From now on every sync looks back ${is} s instead of ${was} s.`;
        context.emit({ type: "notice", code: "OVERLAP_WIDENED", message });
      }
      return next > overlapMs ? { overlapMs: next } : {};
    },
    async gone(dags, reconcile) {
      await listedDags();
      const missing = [...new Set(dags)].filter((dag) => !visible.has(dag));
      if (missing.length > MOST_MISSING && !reconcile) {
        sayHidden(missing, false);
        return [];
      }
      for (const dag of missing) {
        if (!presences.has(dag)) presences.set(dag, await api.presence(dag));
        // Who sees less than before would be asked about at every sync, one by one.
        if (!reconcile && presences.get(dag) === "hidden") break;
      }
      const hidden = missing.filter((dag) => presences.get(dag) === "hidden");
      sayHidden(hidden, true);
      return missing.filter((dag) => presences.get(dag) === "gone");
    },
    unlisted: (dags) => dags.filter((dag) => !visible.has(dag)),
    async expectVisible(dags) {
      for (const dag of new Set(dags)) if ((await api.presence(dag)) === "hidden") throw new HiddenDag(dag);
    },
    versionedSince: (since) =>
      api.versionedSince(since).catch((error) => {
        if (!isForbidden(error)) throw error;
        const message = "This user may not read DAG versions, so a DAG's new timezone is not found.";
        context.emit({ type: "notice", code: "DAG_VERSIONS_FORBIDDEN", message });
        return new Set();
      }),
    async taskCounts() {
      const { dags, runCounts } = await before();
      const count = async ({ dag_id: dag }: Dag): Promise<[string, number | undefined]> => [
        dag,
        numberOfRuns(runCounts, dag) > 0 ? await api.taskCount(dag) : 0,
      ];
      const counts = await Promise.all(dags.map(count));
      return new Map(counts.filter((each): each is [string, number] => each[1] !== undefined));
    },
    oldestRunStart: once(async () => api.oldestRunStart((await before()).runCounts)),
    oldestTaskStart: once(() => api.oldestTaskStart()),
    onUnreadable,
    isVisible: ({ dags }) => dags?.every((dag) => visible.has(dag)) ?? true,
    unreadTries: () => [...unreadTries.values()],
    askTriesAgain(runs) {
      for (const run of runs) dueTries.add(runKey(run));
    },
    triesAreDue: (row) => dueTries.has(runKey(row)),
    async tries(row) {
      const tries = await api.tries(row).catch(serverError);
      if (tries instanceof Error) {
        unreadTries.set(runKey(row), { dag_id: row.dag_id, dag_run_id: row.dag_run_id });
        onUnreadable(`the tries of ${row.task_id} in run ${row.dag_run_id} of ${row.dag_id}: ${tries.message}`);
        return undefined;
      }
      if (!tries && !unreachable) {
        unreachable = true;
        const message = `The earlier attempts of ${row.task_id} in run ${row.dag_run_id} of ${row.dag_id}, and maybe of others, cannot be asked for: a slash in an id does not fit into the server's address, or the run is gone. What was seen of them is kept.`;
        context.emit({ type: "notice", code: "TRIES_UNREACHABLE", message });
      }
      return tries;
    },
    silentEvents(since) {
      if (!events || since < eventsSince) {
        eventsSince = since;
        events = eventsOf(since);
      }
      return events;
    },
    async deletions() {
      const since = Math.min(eventsSince, (await before()).position.server - overlapMs);
      const runs = new Set(deletedRuns(await eventsOf(since)).map(runKey));
      return (row) => runs.has(runKey(row));
    },
  };
}

/** A right was taken away while it was used: what it showed is not gone. */
class HiddenDag extends Error {
  override readonly name = "HiddenDag";
  readonly retryable = true;

  constructor(dag: string) {
    super(
      `The user lost the right to see ${dag} while it was read: nothing in it is taken for deleted. Sync again, and what the user still sees is synced.`,
    );
  }
}
