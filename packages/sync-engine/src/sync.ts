/**
 * The sync loop. A stream yields batches. Each is committed together with the state that becomes true once it is stored,
 * before the next one is read. There is no other way to save state, so a sync that stops at any point resumes when run
 * again.
 */
import type { Destination, Json, Session, State, Table } from "@org/destination";
import { toError } from "@org/kit";
import { untilAborted } from "./deadline.ts";
import { DeletionGuard } from "./deletions.ts";
import { SyncError } from "./errors.ts";
import type { SourceEvent, SourceMessage, SyncEvent } from "./events.ts";
import { limiterOf } from "./limiter.ts";
import { createRequest, type RequestOptions } from "./request.ts";
import type { StreamResult, SyncResult } from "./result.ts";
import { openSession, storedIn } from "./session.ts";
import { decodeState, encodeState, noState } from "./state.ts";
import type { ReadContext, Source, SourceContext, Stream, StreamBatch } from "./stream.ts";
import { chooseStreams, defaultPipeline } from "./streams.ts";
import { uniqueRows } from "./unique.ts";
import { UnstoredRows } from "./unstored.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export interface SyncOptions {
  readonly source: Source;
  readonly destination: Destination;
  /** The pipeline that owns the tables. Must be the same at every sync. @default the source's name and host */
  readonly pipeline?: string | undefined;
  /**
   * The streams to read, by name. `default` stands for those that are not opt-in, `all` for all of the source.
   * @default default
   */
  readonly streams?: readonly string[] | undefined;
  /** Discards the stored state and reads everything again. The tables stay readable throughout. @default false */
  readonly fullRefresh?: boolean | undefined;
  /**
   * Also looks for deletions, which costs more. `false`: not this time.
   * @default if the last time was at least `reconcileEveryMs` ago
   */
  readonly reconcile?: boolean | undefined;
  /** How often to look for deletions, in ms. @default a day */
  readonly reconcileEveryMs?: number | undefined;
  /** Accepts that more than 20 % and more than 100 rows of a table are gone from the server. @default false */
  readonly allowMassDelete?: boolean | undefined;
  /**
   * Maximum number of requests for what a first sync left for later: the earlier attempts of Airflow's task instances.
   * The next sync continues. `0`: none.
   * @default no limit
   */
  readonly outstandingBudget?: number | undefined;
  /**
   * How long samples, such as those of Airflow's pools, are kept, in ms. Older ones are removed for good.
   * @default 90 days
   */
  readonly keepSamplesMs?: number | undefined;
  /**
   * Limits the history, in ms: a first sync does not request runs older than this, by when they were due (Airflow) or last
   * changed (Dagster). Later, a longer limit reads what is missing (`Infinity`: everything), and a shorter one removes
   * nothing. Only for sources that support it: {@link Source.limitsHistory}.
   * @default the limit of the last sync; everything in a first sync
   */
  readonly historyMs?: number | undefined;
  /**
   * Reads only history newer than this, in ms since 1970, as a sample to compare. Needs an empty destination; do not sync
   * into it afterwards.
   */
  readonly sampleSince?: number | undefined;
  /**
   * Maximum number of concurrent requests to the source's host, shared by all syncs of this process. A sync starts with 2,
   * sends more while they make the server faster, and fewer if it is overloaded.
   * @default 8, or what another sync of the host has set
   */
  readonly concurrency?: number | undefined;
  readonly requests?: RequestOptions | undefined;
  /** Deadline of one call to the destination, in ms. @default 600000 */
  readonly destinationMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /** Our own clock, in ms since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** @throws SyncError `INVALID_OPTION` */
function checkHistory({ historyMs, source }: SyncOptions): void {
  if (historyMs === undefined || historyMs === Number.POSITIVE_INFINITY) return;
  const wrong = !(historyMs > 0)
    ? "it must be a positive number of milliseconds, or Infinity for everything"
    : !source.limitsHistory && `${source.name} cannot limit its history. Leave it out`;
  if (wrong) throw new SyncError("INVALID_OPTION", `historyMs is ${historyMs}: ${wrong}.`);
}

/**
 * Copies what changed in a source since the last sync into a destination.
 *
 * A failing stream does not stop the others. If a stream failed or a row was skipped, the promise rejects at the end with
 * SyncError `STREAMS_FAILED`, whose `result` says what was synced and what was not.
 *
 * @throws SyncError, DestinationError, or the signal's reason after an abort.
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const { source, destination } = options;
  checkHistory(options);
  const pipeline = options.pipeline ?? defaultPipeline(source);
  const signal = options.signal ?? new AbortController().signal;
  const streams = chooseStreams(source, options.streams);
  const problems: SourceMessage[] = [];
  let requests = 0;
  const emit = (event: SyncEvent) => {
    if (event.type === "request-finished") requests += 1;
    if (event.type === "problem") problems.push(event);
    options.onEvent?.(event);
  };
  const startedAt = performance.now();
  const limiter = limiterOf(source.url, options.concurrency);
  const request = createRequest({ limiter, signal, emit, options: options.requests });
  const context: SourceContext = { request, signal, emit, now: options.now ?? Date.now };

  const nameOf = (table: Table) => destination.realTable?.(table).name ?? table.name;
  const keepsRows = destination.capabilities.keepsRows ?? true;
  const session = await openSession(destination, {
    pipeline,
    signal,
    limitMs: options.destinationMs ?? 600_000,
    onNotice: (notice) => emit({ type: "notice", ...notice }),
  });
  const results: StreamResult[] = [];
  try {
    const names = streams.map((stream) => stream.name);
    emit({ type: "sync-started", source: source.url, destination: destination.name, pipeline, streams: names });
    // A full refresh does not read states, so it works even if a stored one is broken.
    const stored = options.fullRefresh ? undefined : await session.states();
    const states = new Map(streams.map((stream) => [stream, decodeState(stream, stored?.get(stream.name))]));
    await session.prepare(streams.map((stream) => stream.table));
    const shared = source.start(context);
    const left = stored ?? (await session.states().catch(() => undefined));
    const lastStates = new Map(source.streams.map((stream) => [stream.name, dataOf(stream, left?.get(stream.name))]));
    const guard = new DeletionGuard(session, options.allowMassDelete ?? false, nameOf);
    const needs = new Map(source.streams.map(({ table, needs = [] }) => [table.name, needs]));
    const tables = source.streams.map(({ table }) => table);
    const reported = new Set<string>();
    for (const stream of streams) {
      const state = states.get(stream);
      const passedMs = context.now() - (state?.reconciledAt ?? 0);
      // A time in the future came from a wrong clock. Ignore it, or deletions would not be looked for until then.
      const isDue = passedMs < 0 || passedMs >= (options.reconcileEveryMs ?? DAY_MS);
      const read = {
        ...context,
        shared,
        state: state?.isOutdated ? undefined : state?.data,
        outdated: state?.isOutdated ? state.data : undefined,
        stored: storedIn(session),
        reconcile: keepsRows && (options.fullRefresh === true || (state !== undefined && (options.reconcile ?? isDue))),
        keepsRows,
        sampleSince: options.sampleSince,
        historyMs: options.historyMs,
        expectDeletions: (table: Table, count: number) => guard.expect(table, count),
        outstandingBudget: options.outstandingBudget ?? Number.POSITIVE_INFINITY,
        keepSamplesMs: options.keepSamplesMs ?? 90 * DAY_MS,
        streams: new Set(names),
        stateOf: (name: string) => lastStates.get(name),
      };
      // A first sync has nothing to delete, so it counts as reconciled. A full refresh only does once it has finished.
      const reconciledAt = passedMs < 0 ? 0 : (state?.reconciledAt ?? (options.fullRefresh ? 0 : context.now()));
      const ownEmit = (event: SourceEvent) => emit({ stream: stream.name, ...event });
      const known = state?.unstored ?? {};
      const unstored = new UnstoredRows({ known, needs, nameOf, emit: ownEmit, reported }, stream.table, tables);
      const before = stored?.get(stream.name);
      results.push(
        await syncStream(stream, read, { session, guard, emit, reconciledAt, nameOf, unstored, before, lastStates }),
      );
    }
  } finally {
    await session.close();
  }
  const durationMs = performance.now() - startedAt;
  emit({ type: "sync-finished", durationMs, requests });
  const result = { pipeline, streams: results, problems, requests, durationMs };
  if (problems.length > 0 || results.some((each) => each.error)) throw streamsFailed(result);
  return result;
}

async function syncStream<S>(
  stream: Stream<S>,
  context: Omit<ReadContext<S>, "unstored">,
  {
    session,
    guard,
    emit,
    reconciledAt,
    nameOf,
    unstored,
    before = noState,
    lastStates,
  }: {
    readonly session: Session;
    readonly guard: DeletionGuard;
    readonly emit: (event: SyncEvent) => void;
    readonly reconciledAt: number;
    readonly nameOf: (table: Table) => string;
    readonly unstored: UnstoredRows;
    readonly before: State | undefined;
    /** Each stream's last state, by name. */
    readonly lastStates: Map<string, Json | undefined>;
  },
): Promise<StreamResult> {
  const mode = context.state === undefined ? "full_refresh" : "incremental";
  const summary = { stream: stream.name, table: nameOf(stream.table), mode } as const;
  const counts = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };
  const { signal } = context;
  const startedAt = performance.now();
  emit({ type: "stream-started", stream: stream.name, mode });
  const ownEmit = (event: SourceEvent) => emit({ stream: stream.name, ...event });
  let lastState = before;
  try {
    const read = stream.read({
      ...context,
      emit: ownEmit,
      unstored: (table) => unstored.of(table),
    });
    for await (const batch of untilAborted(read, signal)) {
      const { state: data, table = stream.table, reconciled, ...given } = batch;
      if (table.name !== stream.table.name) {
        throw new TypeError(
          `Stream ${stream.name} read rows of ${table.name}: it may only write ${stream.table.name}.`,
        );
      }
      const rows = { ...given, ...uniqueIn(given, table, nameOf(table)) };
      await guard.check({ ...rows, table });
      const reconciledNow = reconciled ? context.now() : reconciledAt;
      const result = await unstored.commit({ ...rows, table }, async (fitting, unstored) => {
        // If there are too many missing rows to list in the state, it does not advance, so that they are read again.
        const state = unstored ? encodeState(stream, { data, reconciledAt: reconciledNow, unstored }) : lastState;
        const result = await session.commit(stream.name, { ...fitting, state });
        lastState = state;
        if (unstored) lastStates.set(stream.name, data);
        return result;
      });
      guard.deleted(table, result.deleted);
      for (const key of Object.keys(counts) as (keyof typeof counts)[]) {
        counts[key] += result[key];
      }
      emit({ type: "batch-committed", stream: stream.name, table: nameOf(table), ...result });
    }
    unstored.finish();
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toError(thrown);
    emit({ type: "stream-failed", stream: stream.name, error });
    return { ...summary, ...counts, error };
  }
  emit({ type: "stream-finished", stream: stream.name, durationMs: performance.now() - startedAt, ...counts });
  return { ...summary, ...counts };
}

/** The data of a stored state. Undefined if it cannot be decoded, which syncing that stream reports. */
function dataOf(stream: Stream<never>, state: State | undefined): Json | undefined {
  try {
    return decodeState(stream, state)?.data;
  } catch {
    return undefined;
  }
}

/** Removes duplicate rows from a batch. @throws SyncError `KEY_COLLISION` */
function uniqueIn(
  { upserts, replace }: Pick<StreamBatch, "upserts" | "replace">,
  { primaryKey }: Table,
  name: string,
): Pick<StreamBatch, "upserts" | "replace"> {
  const all = [...(replace ?? []).flatMap(({ rows }) => rows), ...(upserts ?? [])];
  const once = uniqueRows(all, primaryKey, `The rows read for table ${name}`);
  if (once.length === all.length) return {};
  const left = new Set<object>(once);
  const unique = <R extends object>(rows: readonly R[]) => rows.filter((row) => left.delete(row));
  const parts = replace?.map((part) => ({ ...part, rows: unique(part.rows) }));
  return { ...(parts && { replace: parts }), ...(upserts && { upserts: unique(upserts) }) };
}

/** Maximum number of problems in an error's message; `result` has all of them. */
const MOST_TOLD = 20;

function streamsFailed(result: SyncResult): SyncError {
  const failed = result.streams.filter((stream) => stream.error);
  const said = [
    ...failed.map(({ stream, error }) => `${stream}: ${error?.message}`),
    ...result.problems.slice(0, MOST_TOLD).map(({ stream, message }) => (stream ? `${stream}: ${message}` : message)),
    ...(result.problems.length > MOST_TOLD ? [`${result.problems.length - MOST_TOLD} more problems of this sync`] : []),
  ].map((text) => text.replace(/\.$/, ""));
  const done = result.streams.filter((stream) => !stream.error).map(({ stream }) => stream);
  const rest = done.length > 0 ? ` Synced: ${done.join(", ")}.` : " No stream was synced completely.";
  const retryable =
    failed.length > 0 && failed.every(({ error }) => (error as { retryable?: boolean })?.retryable === true);
  return new SyncError("STREAMS_FAILED", `Not everything was synced. ${said.join("; ")}.${rest}`, {
    result,
    retryable,
    ...(failed[0]?.error && { cause: failed[0].error }),
  });
}
