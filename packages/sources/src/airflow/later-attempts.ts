/**
 * Earlier attempts that a first sync left for later. A first sync stores listed rows as fast as they arrive. Earlier
 * attempts take one request per task instance that was retried or cleared. They are read from the newest run backwards,
 * and the state says how far.
 */
import type { TaskInstance } from "@org/airflow-client";
import { inOrder, type StreamBatch } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import { type AttemptRow, askingFor, attemptKey, earlierAttempts, heldOf } from "./attempts.ts";
import { taskInstanceKey } from "./keys.ts";
import { type Reading, stateNow } from "./kind.ts";
import { runScope } from "./pending.ts";
import { columnsOf, unpurged } from "./purged.ts";
import type { TablePosition, TableState } from "./state.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";

type TaskReading = Reading<TaskInstance, typeof taskInstancesTable>;
type Range = { readonly gte?: string; readonly lt?: string };

/** Progress is told after so many task instances. */
const TELL_EVERY = 25;
/** Maximum task instances per step of the state, unless more share a `run_after`. Two steps are held at once. */
const MOST_AT_ONCE = 250;
/** Requests that are waiting for their turn: enough for the server to have some while a step is stored. */
const AHEAD = 64;
const FIRST_SLICE_MS = 24 * 60 * 60 * 1000;

/** No earlier attempts are stored yet. */
export const allOutstanding = { what: "earlier attempts", before: null } as const;

/** Task instances whose attempts are requested and stored together. */
interface Step {
  /** With them, all attempts of runs since this time are stored; of all runs, if there is no such time. */
  readonly from: string | undefined;
  readonly rows: Promise<readonly AttemptRow[]>;
  /** Settles once all its requests are on their way. Never rejects. */
  readonly sent: Promise<void>;
}

/** Reads the remaining ones, for up to `outstandingBudget` task instances. While a step is stored, the next is requested. */
export async function* readLaterAttempts(
  reading: TaskReading,
  state: TablePosition,
): AsyncGenerator<StreamBatch<typeof taskInstancesTable, TableState>> {
  const batchOfStep = async ({ from, rows }: Step) => {
    const upserts = await rows;
    reachTo(reading, from);
    return { upserts, state: stateNow(reading, state) };
  };
  let last: Step | undefined;
  for await (const step of steps(reading)) {
    if (last) yield await batchOfStep(last);
    last = step;
  }
  if (last) yield await batchOfStep(last);
}

/** Each step is requested when it is yielded. The one after it is planned once all its requests are on their way. */
async function* steps(reading: TaskReading): AsyncGenerator<Step> {
  const { stored, before, context, kept } = reading;
  let budget = context.outstandingBudget;
  let lengthMs = FIRST_SLICE_MS;
  // If a clock is behind, nearly everything would be in the first slice, which has no upper bound.
  const newest = Math.max(before.position.server, before.position.local);
  const stop = { isStopped: false };
  let running: Step | undefined;
  try {
    for (let to = kept.outstanding?.before; to !== undefined; ) {
      const until = to === null ? {} : { lt: to };
      const left = await stored.count(taskInstancesTable, retried(until));
      if (left > 0) tell(reading, { left, to, isOver: budget <= 0 });
      if (left > 0 && budget <= 0) return;
      const beginMs = (to === null ? newest : Date.parse(to)) - lengthMs;
      const from = left > 0 && beginMs > 0 ? timestampOf(beginMs) : undefined;
      const slice = { ...(from !== undefined && { gte: from }), ...until };
      const count = left > 0 ? await stored.count(taskInstancesTable, retried(slice)) : 0;
      if (count > Math.min(MOST_AT_ONCE, budget) && lengthMs > 1) {
        lengthMs = Math.max(1, Math.floor(lengthMs / 4));
        continue;
      }
      if (count > 0 || from === undefined) {
        running = { from, ...(await request(reading, slice, { left, to, stop })) };
        yield running;
        await running.sent;
      }
      budget -= count;
      if (count < MOST_AT_ONCE / 4) lengthMs *= 4;
      to = from;
    }
  } finally {
    stop.isStopped = true;
    await running?.rows.catch(() => {});
  }
}

/** All attempts of runs since this time are stored; of all runs, if there is no such time. */
function reachTo(reading: TaskReading, from: string | undefined): void {
  const { outstanding: _, ...kept } = reading.kept;
  reading.kept = { ...kept, ...(from !== undefined && { outstanding: { ...allOutstanding, before: from } }) };
}

/** Task instances that are past their first attempt. */
function retried(runAfter: Range) {
  return { ...unpurged, is_latest: { in: [true] }, try_number: { gte: 2 }, run_after: runAfter };
}

/**
 * Reads the stored rows, then begins to request their attempts.
 *
 * @param stop when it says so, no further requests are sent
 */
async function request(
  reading: TaskReading,
  runAfter: Range,
  {
    left,
    to,
    stop,
  }: { readonly left: number; readonly to: string | null; readonly stop: { readonly isStopped: boolean } },
): Promise<Pick<Step, "rows" | "sent">> {
  const { stored, airflow, pending } = reading;
  const found = await stored.keys(taskInstancesTable, retried(runAfter), columnsOf(taskInstancesTable));
  const listed = found.map((row) => listedFrom(row as AttemptRow, reading.kept.regions === true));
  const held = Map.groupBy(await heldOf(listed, stored), taskInstanceKey);
  const ask = askingFor(reading);
  let done = 0;
  const askTries: typeof ask = async (row) => {
    const attempts = await ask(row);
    done += 1;
    if (done % TELL_EVERY === 0) tell(reading, { left: left - done, to, isOver: false });
    return attempts;
  };
  const attemptsOf = async (row: TaskInstance, known: readonly AttemptRow[]): Promise<readonly AttemptRow[]> => {
    if (reading.asked.has(attemptKey(row))) return [];
    if (airflow.isVisible({ dags: [row.dag_id] })) {
      const earlier = await earlierAttempts(row, { known, moved: [], triesAreDue: true, askTries });
      // A task instance is always stored with all its attempts.
      return [...known.filter(({ is_latest }) => is_latest === true), ...earlier];
    }
    pending.keep("tries", runScope(row));
    return [];
  };
  const { promise: sent, resolve: isSent } = Promise.withResolvers<void>();
  function* requests() {
    for (const row of listed) {
      if (stop.isStopped) return;
      yield async function* () {
        yield await attemptsOf(row, held.get(taskInstanceKey(row)) ?? []);
      };
    }
    isSent();
  }
  const read = async () => {
    const rows: AttemptRow[] = [];
    for await (const attempts of inOrder(requests(), AHEAD)) rows.push(...attempts);
    return rows;
  };
  const rows = read().finally(isSent);
  rows.catch(() => {}); // Awaited in its turn. Until then, avoid an unhandled rejection.
  return { rows, sent };
}

/** The listed fields of a task instance that its attempts depend on. */
function listedFrom(row: AttemptRow, regions: boolean): TaskInstance {
  const [try_number, map_index] = [Number(row.try_number), Number(row.map_index)];
  const listed = { ...row, try_number, map_index, ...(regions && { in_loop: row.loop_id !== null }) };
  return listed as unknown as TaskInstance;
}

function tell(
  { context }: TaskReading,
  { left, to, isOver }: { readonly left: number; readonly to: string | null; readonly isOver: boolean },
): void {
  context.emit({ type: "outstanding", ...allOutstanding, rows: left, before: to });
  if (!isOver) return;
  const since = to === null ? "" : ` of runs before ${to}`;
  const message = `The earlier attempts of ${left} task instances${since} are not stored yet: a sync requests those of at most ${context.outstandingBudget}. The next sync continues.`;
  context.emit({ type: "notice", code: "ATTEMPTS_OUTSTANDING", message });
}
