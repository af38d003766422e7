import { sleep, toError } from "@org/kit";
import { SyncError } from "./errors.ts";
import type { SyncEvent } from "./events.ts";
import type { SyncResult } from "./result.ts";
import { chooseStreams, defaultPipeline } from "./streams.ts";
import { type SyncOptions, sync } from "./sync.ts";

const HOUR_MS = 60 * 60 * 1000;

export interface SyncEveryOptions {
  /**
   * The options of {@link sync} for each pipeline. Syncs run one at a time, in this order, so pipelines may share a DuckDB
   * file.
   */
  readonly syncs: readonly Omit<SyncOptions, "signal" | "onEvent" | "now">[];
  /** Time between the starts of two syncs of a pipeline, in ms. If a sync takes longer, the next one starts right away. */
  readonly intervalMs: number;
  /**
   * The longest interval of a pipeline while none of its streams can be synced, such as during an outage, in ms. From the
   * second failure in a row, the interval doubles. A server's Retry-After may be longer.
   * @default an hour, or `intervalMs` if that is longer
   */
  readonly maxIntervalMs?: number | undefined;
  /** Ends the loop. A running sync stops; its committed batches stay. */
  readonly signal: AbortSignal;
  /** Receives the events of each sync, and its outcome. */
  readonly onEvent?: ((event: SyncLoopEvent) => void) | undefined;
  /** Our own clock, in ms since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Waits for `durationMs`; rejects if the signal aborts. Replace it in tests. @default a timer */
  readonly wait?: ((durationMs: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** An event of one of the loop's syncs, or its outcome. */
export type SyncLoopEvent = (SyncEvent | SyncOutcome) & { readonly pipeline: string };

/** How a sync ended. An aborted sync has no outcome. */
export type SyncOutcome =
  | {
      readonly type: "sync-succeeded";
      readonly result: SyncResult;
      /** Time until the pipeline's next sync, in ms. */
      readonly nextInMs: number;
    }
  | {
      readonly type: "sync-failed";
      readonly error: Error;
      /** What was synced despite the error. Undefined if no stream was read. */
      readonly result: SyncResult | undefined;
      /** The pipeline's failed syncs in a row. */
      readonly failures: number;
      readonly nextInMs: number;
    };

/**
 * Syncs repeatedly until the signal aborts, as the loop of a service. Runs one sync at a time.
 *
 * A failed sync does not end the loop: it emits the error, and the next sync resumes. A pipeline whose streams all failed
 * backs off; the others keep their interval. To give up on an error, abort the signal.
 *
 * @returns once the signal has aborted and the running sync has stopped
 * @throws SyncError `INVALID_OPTION` or `UNKNOWN_STREAM`, before the first sync
 * @example
 * const stop = new AbortController();
 * process.once("SIGTERM", () => stop.abort());
 * await syncEvery({
 *   syncs: [
 *     { source: airflow({ client: airflowClient }), destination },
 *     { source: dagster({ client: dagsterClient }), destination },
 *   ],
 *   intervalMs: 300_000,
 *   signal: stop.signal,
 *   onEvent: (event) => console.log(event),
 * });
 */
export async function syncEvery(options: SyncEveryOptions): Promise<void> {
  const { signal, now = Date.now, wait = sleep } = options;
  const turns = turnsOf(options);
  while (!signal.aborted) {
    for (const turn of turns) {
      if (!signal.aborted && leftMs(turn, now()) <= 0) await take(turn, options);
    }
    const waitMs = Math.min(...turns.map((turn) => leftMs(turn, now())));
    if (waitMs > 0) {
      await wait(waitMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }
}

/** One pipeline's place in the loop. */
interface Turn {
  readonly pipeline: string;
  readonly sync: SyncEveryOptions["syncs"][number];
  /** When its last sync started. Undefined before the first. */
  startedAt: number | undefined;
  /** Time from that start to the next, in ms. */
  intervalMs: number;
  /** Failed syncs in a row. */
  failures: number;
  /** Syncs in a row in which every stream failed. */
  fruitless: number;
}

/** Time until a pipeline's next sync, in ms. Never longer than the interval, even if the clock was set back. */
function leftMs({ startedAt, intervalMs }: Turn, now: number): number {
  return startedAt === undefined ? 0 : Math.min(intervalMs, startedAt + intervalMs - now);
}

async function take(turn: Turn, options: SyncEveryOptions): Promise<void> {
  const { signal, onEvent, now = Date.now } = options;
  const emit = (event: SyncEvent | SyncOutcome) => onEvent?.({ ...event, pipeline: turn.pipeline });
  turn.startedAt = now();
  const ended = await sync({ ...turn.sync, signal, now, onEvent: emit }).then(
    (result) => ({ result, error: undefined }),
    (thrown: unknown) => ({ result: thrown instanceof SyncError ? thrown.result : undefined, error: toError(thrown) }),
  );
  const { result, error } = ended;
  // An aborted sync has no outcome.
  if (error && signal.aborted) return;
  turn.failures = error ? turn.failures + 1 : 0;
  // Do not back off for single rows or streams, which would make the other streams stale.
  turn.fruitless = result?.streams.some((stream) => !stream.error) ? 0 : turn.fruitless + 1;
  turn.intervalMs = intervalOf(turn, ended, options);
  const nextInMs = Math.max(0, leftMs(turn, now()));
  if (error) emit({ type: "sync-failed", error, result, failures: turn.failures, nextInMs });
  else if (result) emit({ type: "sync-succeeded", result, nextInMs });
}

function intervalOf(
  { fruitless }: Turn,
  { result, error }: { readonly result: SyncResult | undefined; readonly error: Error | undefined },
  options: SyncEveryOptions,
): number {
  const { intervalMs } = options;
  const growingMs = intervalMs * 2 ** Math.max(0, fruitless - 1);
  const failed = [error, ...(result?.streams ?? []).map((stream) => stream.error)];
  const wantedMs = failed.map((each) => (each as { readonly retryAfterMs?: number } | undefined)?.retryAfterMs ?? 0);
  return Math.max(Math.min(growingMs, longestOf(options)), ...wantedMs);
}

function longestOf({ intervalMs, maxIntervalMs = Math.max(HOUR_MS, intervalMs) }: SyncEveryOptions): number {
  return maxIntervalMs;
}

/** @throws SyncError `INVALID_OPTION` or `UNKNOWN_STREAM` */
function turnsOf(options: SyncEveryOptions): readonly Turn[] {
  const { syncs, intervalMs } = options;
  const maxIntervalMs = longestOf(options);
  for (const [name, value] of Object.entries({ intervalMs, maxIntervalMs })) {
    if (!(value > 0 && Number.isFinite(value))) throw invalid(`${name} must be a number of ms above 0, not ${value}.`);
  }
  if (maxIntervalMs < intervalMs) {
    throw invalid(`maxIntervalMs (${maxIntervalMs}) must not be less than intervalMs (${intervalMs}).`);
  }
  if (syncs.length === 0) throw invalid("syncs is empty: give it at least one source with its destination.");
  return syncs.map((each) => {
    chooseStreams(each.source, each.streams);
    const pipeline = each.pipeline ?? defaultPipeline(each.source);
    return { pipeline, sync: each, startedAt: undefined, intervalMs, failures: 0, fruitless: 0 };
  });
}

function invalid(message: string): SyncError {
  return new SyncError("INVALID_OPTION", message);
}
