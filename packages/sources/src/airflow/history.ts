/**
 * Reads everything in slices of `run_after` across all DAGs, newest first, resumably: at once in a first sync, or little
 * by little. A timestamp says how far it got: everything from there on is stored.
 */
import { inOrder } from "@org/sync-engine/source";
import type { Answer, Ask, Leaf, ListedRow, OnUnreadable } from "./ask.ts";
import { numberOfRuns } from "./doubts.ts";
import { isOneMoment, leaves } from "./leaves.ts";
import type { AirflowScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { type Slice, Slices, type SlicesOptions } from "./slices.ts";
import type { Frontier, TablePosition } from "./state.ts";

export interface HistoryLeaf<T> extends Leaf<T> {
  /** At the end of a slice: how far everything is stored once this leaf is. `{}`: to the end. */
  readonly reached?: Frontier;
}

interface HistoryOptions<T> {
  readonly ask: Ask<T>;
  readonly onUnreadable: OnUnreadable;
  /** The number of rows per response. */
  readonly limit: number;
  readonly from: Frontier;
  /** Slices read at the same time, while their rows are small. @default 3 */
  readonly ahead?: number;
  /** Excludes runs that were due before. @default none */
  readonly floor?: string | undefined;
}

/** How full the response to a slice should be: a fuller one would often not suffice. */
const FULLNESS = 0.7;
/**
 * A slice that is fuller by this factor is divided, since its rows come oldest first, and it is done only as a whole.
 * Shorter ones are not: rows of one moment cannot be divided by time.
 */
const MOST_FULL = 4;
const SHORTEST_MS = 60_000;

/** Reads the rest of the history, and yields it in order. */
export async function* walkHistory<T extends ListedRow>(
  airflow: AirflowSync,
  { ahead = 3, from, floor, ...options }: HistoryOptions<T>,
): AsyncGenerator<HistoryLeaf<T>> {
  // Always with their DAGs: a slice replaces its rows, and those of a DAG that is not listed must stay.
  const dags = (await airflow.before()).dags.map(({ dag_id }) => dag_id);
  if (dags.length === 0) {
    yield { rows: [], reached: {} };
    return;
  }
  const parts = options.ask.parts?.({ dags }).length ?? 1;
  const wanted = FULLNESS * options.limit * parts;
  const time = { ...(await firstSlice(airflow, { from, floor }, parts)), floor, before: from.before };
  const slices = new Slices(time);
  let isLarge = false;
  const ask = Object.assign(async (...request: Parameters<Ask<T>>) => {
    const answer = await options.ask(...request);
    isLarge ||= answer.limit < Math.min(request[1], options.limit);
    return answer;
  }, options.ask);
  const read = (slice: Slice) => readSlice(slice, slices, { ...options, ask, airflow, dags, parts, wanted, time });
  // One that is stored, one that waits for it, and one in flight: unless responses are as large as memory allows.
  yield* inOrder(readersOf(slices, read), () => (isLarge ? Math.min(ahead, 2) : ahead));
}

function* readersOf<T>(slices: Slices, read: (slice: Slice) => AsyncIterable<T>): Generator<() => AsyncIterable<T>> {
  for (const slice of slices) yield () => read(slice);
}

type SliceOptions<T> = Pick<HistoryOptions<T>, "ask" | "limit" | "onUnreadable"> & {
  readonly airflow: AirflowSync;
  readonly dags: readonly string[];
  /** The number of requests for a slice, at least. */
  readonly parts: number;
  /** The number of rows that a slice should have. */
  readonly wanted: number;
  readonly time: SlicesOptions;
};

async function* readSlice<T extends ListedRow>(
  slice: Slice,
  slices: Slices,
  options: SliceOptions<T>,
): AsyncGenerator<HistoryLeaf<T>> {
  const { from, to, isLast, lengthMs } = slice;
  const { airflow, dags, parts, wanted, ask, limit, onUnreadable, time } = options;
  const runAfter = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const scope = { dags, ...(Object.keys(runAfter).length > 0 && { runAfter }) };
  const first = parts === 1 ? ask(scope, limit) : undefined;
  const answer = await first?.catch(() => undefined);
  const share = (answer?.total ?? 0) / wanted;
  if (share > MOST_FULL && lengthMs > SHORTEST_MS && new Set(answer?.rows.map((row) => row.run_after)).size > 1) {
    slices.learn(slice, share);
    const within = new Slices({ ...time, before: to, floor: from, lengthMs: lengthMs / share, gapMs: slices.gapMs });
    for (const part of within) yield* readSlice({ ...part, isLast: part.isLast && isLast }, within, options);
    return;
  }
  let last: Leaf<T> = { rows: [] };
  let [rows, leavesRead] = [0, 0];
  for await (const leaf of leaves(first ? answeredFirst(ask, first) : ask, scope, limit, onUnreadable)) {
    if (leavesRead > 0) yield last;
    last = leaf;
    rows += leaf.rows.length;
    leavesRead += 1;
  }
  if (rows === 0 && !isLast) slices.learnGap(slice, (await airflow.outermostRun("newest", { to: from! })).dueMs);
  // Large rows need more responses than their number suggests.
  else slices.learn(slice, Math.max(rows / wanted, leavesRead > 2 * parts ? leavesRead / parts : 0));
  yield { ...last, reached: isLast ? {} : { before: from! } };
}

/** The same, but its first request has been sent already. */
function answeredFirst<T>(ask: Ask<T>, first: Promise<Answer<T>>): Ask<T> {
  let left: Promise<Answer<T>> | undefined = first;
  const answer: Ask<T> = (...request) => {
    const answered = left ?? ask(...request);
    left = undefined;
    return answered;
  };
  return Object.assign(answer, ask.parts && { parts: ask.parts });
}

/** Estimates the slices' length from the number of runs, if one slice would be too full, and their span. */
async function firstSlice(
  airflow: AirflowSync,
  { from, floor }: Pick<HistoryOptions<unknown>, "from" | "floor">,
  parts: number,
): Promise<Pick<SlicesOptions, "nowMs" | "oldestMs" | "lengthMs">> {
  const { position, runCounts } = await airflow.before();
  // If a clock is behind, nearly everything would be in the first slice, which has no end.
  const latest = Math.max(position.server, position.local);
  const fitting = FULLNESS * airflow.runsPerAnswer * parts;
  const runs = [...runCounts.keys()].reduce((sum, dag) => sum + numberOfRuns(runCounts, dag), 0);
  if (runs <= fitting) return { nowMs: latest, oldestMs: latest, lengthMs: Number.POSITIVE_INFINITY };
  const range = { ...(floor !== undefined && { from: floor }), ...(from.before !== undefined && { to: from.before }) };
  const [oldest, newest] = await Promise.all([
    airflow.outermostRun("oldest", range),
    from.before === undefined ? airflow.outermostRun("newest", range) : undefined,
  ]);
  const { dueMs: oldestMs = 0, total = runs } = oldest;
  const nowMs = Math.min(newest?.dueMs ?? latest, from.before === undefined ? latest : Date.parse(from.before));
  return { nowMs, oldestMs, lengthMs: ((nowMs - oldestMs) * fitting) / Math.max(1, total) };
}

/** A thirtieth at each reconcile, once a day: what neither windows nor doubts show is correct after a month. */
const SCRUBS = 30;
/** A tenth at each sync, if the rows lack what a new revision adds. */
const RENEWALS = 10;

/**
 * Re-reads a part of the history, starting where the last one stopped. At its end it pauses once, then starts over.
 *
 * @param held the table's number of rows
 */
export async function* reread<T extends ListedRow>(
  airflow: AirflowSync,
  { reread: from = {}, ...state }: TablePosition,
  { held, ...options }: Omit<HistoryOptions<T>, "from" | "ahead"> & { readonly held: number },
): AsyncGenerator<Leaf<T> & { readonly state: TablePosition }> {
  if (from.isDone) {
    yield { rows: [], state };
    return;
  }
  const share = held / (from.isRenewal ? RENEWALS : SCRUBS);
  let [read, at]: [number, typeof from] = [0, from];
  const ask = acrossDags(options.ask);
  for await (const { reached, ...leaf } of walkHistory(airflow, { ...options, ask, from, ahead: 1 })) {
    read += leaf.rows.length;
    const isEnd = reached !== undefined && reached.before === undefined;
    if (reached) at = { ...reached, ...(from.isRenewal ? { isRenewal: true } : isEnd && { isDone: true }) };
    yield { ...leaf, state: { ...state, ...(!(isEnd && from.isRenewal) && { reread: at }) } };
    if (isEnd || (reached && read >= share)) return;
  }
}

/**
 * Asks for a scope across DAGs even if only GET is allowed, which costs a request for each DAG otherwise, however few rows
 * there are. Where many rows share a moment, and there is no cursor, only the DAGs divide it.
 */
function acrossDags<T>(ask: Ask<T>): Ask<T> {
  const { parts } = ask;
  if (!parts) return ask;
  const across: Ask<T> = (...request) => ask(...request);
  return Object.assign(across, { parts: (scope: AirflowScope) => (isOneMoment(scope) ? parts(scope) : [scope]) });
}
