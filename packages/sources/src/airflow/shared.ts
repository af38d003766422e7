/** Shared by the streams of one sync: the server as it was before anything was read, requested once. */
import type { AirflowClient, Dag } from "@org/airflow-client";
import { isTooLarge, type Position, type SourceContext, windowStart } from "@org/sync-engine/source";
import { once } from "../once.ts";
import { reportUntested } from "../tested-versions.ts";
import { isTimestamp, timestamp } from "../timestamp.ts";
import { type AirflowApi, airflowApi } from "./api.ts";
import type { OnUnreadable, UnreadableRow } from "./ask.ts";
import { type ChangedRuns, createChangedRuns } from "./changed-runs.ts";
import { allDags, type ListedDags } from "./dag-list.ts";
import { createDagTasks, type DagTasks } from "./dag-tasks.ts";
import { numberOfRuns, type RunCounts } from "./doubts.ts";
import { createEvents, type Events } from "./event-log.ts";
import { LARGEST_GET } from "./listings.ts";
import type { AirflowScope } from "./scope.ts";
import { caught500 } from "./server-errors.ts";
import { type AskTries, createTries } from "./tries.ts";
import { createVersions, type Versions } from "./versions.ts";
import { createVisibility, type Visibility } from "./visibility.ts";

export interface AirflowOptions {
  readonly client: AirflowClient;
  /**
   * How far each sync looks back behind the last one, in ms: a transaction may become visible long after the time in
   * its rows.
   * @default 600000
   */
  readonly overlapMs?: number | undefined;
  /** Dag runs per response of the server's batch endpoint; five times as many task instances. @default 1000 */
  readonly runsPerAnswer?: number | undefined;
  /**
   * `false`: lists by GET, DAG by DAG, in pages of 100. Slower, and leaves no lines in the server's audit log.
   * @default true
   */
  readonly batch?: boolean | undefined;
  /**
   * `false`: leaves out of `event_logs` what the server logs for each call of its batch endpoint for task instances, such
   * as a first sync sends, whoever sent it.
   * @default true
   */
  readonly batchEvents?: boolean | undefined;
}

/** The assumed number of task instances per run. With more, responses are cut; with fewer, they are smaller. */
const TASKS_PER_RUN = 5;

/** The server before a sync read anything. */
export interface Before extends ListedDags {
  readonly runCounts: RunCounts;
}

type RunAfter = NonNullable<AirflowScope["runAfter"]>;

/** The oldest or newest run that is due in a range. Empty if it cannot be read. */
export interface OutermostRun {
  /** In ms since 1970. */
  readonly dueMs?: number;
  /** The number of runs in the range. */
  readonly total?: number;
}

/** The server's version; null if it does not report one. */
export type ServerVersion = string | null;

export interface AirflowSync extends Visibility, Events, Versions, ChangedRuns, DagTasks {
  readonly api: AirflowApi;
  /** Says once that the user may not read a list, so that its tables stay as they are. */
  onUnavailable(what: string, error: Error): void;
  /** The newest page of a list by its name, requested once. */
  newestPage<T>(name: string, read: () => Promise<T>): Promise<T>;
  /** The same, if it has been requested in this sync. */
  seenPage<T>(name: string): Promise<T> | undefined;
  /** Whether `event_logs` contains calls of the batch endpoints. */
  readonly batchEvents: boolean;
  /** Whether the batch endpoints may be used. */
  readonly batch: boolean;
  readonly runsPerAnswer: number;
  readonly tasksPerAnswer: number;
  before(): Promise<Before>;
  readonly tries: AskTries;
  /** The same without what requires permission to read dag runs. */
  listedDags(): Promise<ListedDags>;
  /** Ids of the DAGs that the server lists now. */
  listedNow(): Promise<ReadonlySet<string>>;
  /** The start of the window that follows a position, in ms since 1970. */
  windowFrom(position: Position): Promise<number>;
  outermostRun(which: "oldest" | "newest", runAfter: RunAfter): Promise<OutermostRun>;
  /** The number of task instances of every DAG that it lists and still has. One request for each that has runs. */
  taskCounts(floor?: string): Promise<ReadonlyMap<string, number>>;
  /** The earliest start of the runs and of the task instances that the server still has; null if there is none. */
  oldestRunStart(): Promise<string | null>;
  oldestTaskStart(): Promise<string | null>;
  /**
   * The server's version, for a stream's state, and says where that was not tested. Asking is a request that an idle
   * sync is spared: what the state holds is believed until something changes.
   *
   * @param known what the stream's state holds
   * @param isDue whether to ask although that is something
   */
  version(known: ServerVersion | undefined, isDue: boolean): Promise<ServerVersion>;
  /** Records a row that cannot be read. The sync skips it, and fails at its end. */
  readonly onUnreadable: OnUnreadable;
}

export function startAirflowSync(options: AirflowOptions, context: SourceContext): AirflowSync {
  const { overlapMs = 600_000, batch = true, batchEvents = true, runsPerAnswer = batch ? 1000 : LARGEST_GET } = options;
  const api = airflowApi(options.client, context, batch);
  const listedDags = once(async (): Promise<ListedDags> => {
    const dags = await allDags(api, onUnreadable);
    const listed = { position: api.position(), dags };
    list(listed);
    return listed;
  });
  const before = once(async (): Promise<Before> => {
    const [listed, runCounts] = await Promise.all([listedDags(), api.runCounts()]);
    return { ...listed, runCounts };
  });
  const { list, ...visibility } = createVisibility(api, listedDags, context);
  function onUnreadable({ where, isTooLarge: isLarge = false }: UnreadableRow): void {
    const text = where.replace(/\.$/, "");
    const message = isLarge
      ? `Not synced, since it is too large: ${text}. The next sync retries it; everything else was synced.`
      : `Airflow cannot read ${text}. Its own log names the row; everything else was synced.`;
    context.emit({ type: "problem", code: isLarge ? "ROW_TOO_LARGE" : "UNREADABLE_ROW", message });
  }
  const said = new Set<string>();
  function onUnavailable(what: string, { message: why }: Error): void {
    if (said.has(what)) return;
    said.add(what);
    const message = `The list of ${what} cannot be read: ${why.replace(/\.$/, "")}. Its tables stay as they are.`;
    context.emit({ type: "notice", code: "LIST_UNAVAILABLE", message });
  }
  const earliest = async () => (await listedDags()).position.server - overlapMs;
  const outermost = new Map<string, Promise<OutermostRun>>();
  async function askOutermost(which: "oldest" | "newest", runAfter: RunAfter): Promise<OutermostRun> {
    const scope = { dags: (await before()).dags.map(({ dag_id }) => dag_id), runAfter };
    const answer = await api.dagRuns.ask(scope, 1, { newestFirst: which === "newest" }).catch(caught500);
    if (answer instanceof Error || answer.unreachable) return {};
    const time = answer.rows[0]?.run_after;
    return { total: answer.total, ...(isTimestamp(time) && { dueMs: Date.parse(timestamp(time)) }) };
  }
  return {
    ...visibility,
    ...createEvents(api, earliest, context),
    ...createVersions(api, listedDags),
    ...createNewestPages(),
    ...createChangedRuns(api),
    ...createDagTasks(api),
    onUnavailable,
    api,
    batch,
    batchEvents,
    runsPerAnswer,
    tasksPerAnswer: batch ? runsPerAnswer * TASKS_PER_RUN : LARGEST_GET,
    before,
    tries: createTries(api, onUnreadable, context),
    listedDags,
    listedNow: async () => new Set((await allDags(api, onUnreadable)).map(({ dag_id }) => dag_id)),
    windowFrom: async (position) => windowStart(position, (await listedDags()).position, overlapMs),
    outermostRun(which, runAfter) {
      const key = JSON.stringify([which, runAfter]);
      const asked = outermost.get(key) ?? askOutermost(which, runAfter);
      outermost.set(key, asked);
      return asked;
    },
    async taskCounts(floor) {
      const { dags, runCounts } = await before();
      const count = async ({ dag_id: dag }: Dag): Promise<[string, number | undefined]> => {
        const found = numberOfRuns(runCounts, dag) > 0 ? await api.taskCount(dag, floor).catch(caught500) : 0;
        if (!(found instanceof Error)) return [dag, found];
        onUnreadable({
          where: `the number of task instances of ${dag}: ${found.message}`,
          isTooLarge: isTooLarge(found),
        });
        return [dag, undefined];
      };
      const counts = await Promise.all(dags.map(count));
      return new Map(counts.filter((each): each is [string, number] => each[1] !== undefined));
    },
    oldestRunStart: once(async () => api.oldestRunStart((await before()).runCounts)),
    oldestTaskStart: once(async () => api.oldestTaskStart((await listedDags()).position.server - 1)),
    version: createVersion(api, context),
    onUnreadable,
  };
}

function createNewestPages(): Pick<AirflowSync, "newestPage" | "seenPage"> {
  const pages = new Map<string, Promise<unknown>>();
  const seenPage = <T>(name: string) => pages.get(name) as Promise<T> | undefined;
  return {
    seenPage,
    newestPage<T>(name: string, read: () => Promise<T>) {
      const page = seenPage<T>(name) ?? read();
      pages.set(name, page);
      return page;
    },
  };
}

function createVersion(api: AirflowApi, context: SourceContext): AirflowSync["version"] {
  const ask = once(api.version);
  const said = new Set<ServerVersion>();
  return async (known, isDue) => {
    const version = isDue || known === undefined ? ((await ask()) ?? known ?? null) : known;
    if (!said.has(version)) reportUntested("Airflow", version, context);
    said.add(version);
    return version;
  };
}
