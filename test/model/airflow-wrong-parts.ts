/** What wrong sources and engines are made of, and the lives that show them. */
import type { Batch, Json, StoredValues } from "@org/destination";
import type { Source, Stream, StreamBatch } from "@org/sync-engine/source";
import type { Breaks } from "./airflow-model.ts";
import type { Beginning, Step, SyncStep } from "./airflow-steps.ts";

export interface WrongCase {
  readonly wrong: Breaks;
  /** How the model says it. */
  readonly because: RegExp;
  readonly beginning?: Partial<Beginning>;
  /**
   * The shortest life in which it shows, where something happens at the nth request or commit: which one that is, is
   * found by trying.
   */
  readonly steps: (n: number) => readonly Step[];
}

export const minute = 60_000;
const hour = 60 * minute;
export const day: Step = { do: "wait", byMs: 25 * hour };
export const sync: SyncStep = { do: "sync", reconcile: false, requests: [] };
export const reconcile: SyncStep = { ...sync, reconcile: true };
export const later: Step = { do: "wait", byMs: hour };
export const addRun = (id: number, kind: "manual" | "ahead" = "manual"): Step => ({
  do: "add run",
  dag: 0,
  id,
  kind,
  few: false,
});
export const finish = (run: number): Step => ({ do: "finish run", run });
export const clear = (run: number, task: number): Step => ({ do: "clear", run, task });
export const start = (run: number, task: number): Step => ({ do: "start", run, task });
export const vanish = (run: number) => ({ do: "delete run", run, silently: true }) as const;
/** A run that is born and ends between two syncs. */
export const newRun = (id: number, run: number) => [addRun(id), finish(run)];
/** A run whose first task instance runs for the first time. */
export const running: readonly Step[] = [addRun(0), { do: "start run", run: 0 }, start(0, 0)];

export function late(step: Step, lateMs: number): Step {
  return { ...step, lateMs } as Step;
}

export function happens(at: number, world: Step): SyncStep["requests"][number] {
  return { at, when: "before", world: world as Extract<SyncStep["requests"][number], { world: unknown }>["world"] };
}

export function during(step: SyncStep, at: number, world: Step): SyncStep {
  return { ...step, requests: [happens(at, world)] };
}

type Batches = AsyncIterable<StreamBatch>;

export function rowsOf({ upserts = [], replace = [] }: StreamBatch): readonly StoredValues[] {
  return [...upserts, ...replace.flatMap(({ rows }) => rows)] as StoredValues[];
}

export function partOf(batch: Batch, isPart: (row: StoredValues) => boolean): Batch {
  const { upserts = [], replace = [] } = batch;
  const rows = [...replace.flatMap((each) => each.rows), ...upserts];
  return { ...batch, replace: [], upserts: rows.filter((row) => isPart(row as StoredValues)) };
}

export function withStreams(source: Source, change: (batches: Batches) => Batches): Source {
  return {
    ...source,
    streams: source.streams.map((stream) => ({ ...stream, read: (context) => change(stream.read(context)) })),
  };
}

/** Gives streams another state than was stored. */
export function withState(
  source: Source,
  change: (state: { readonly [name: string]: Json }, now: number) => object,
): Source {
  const streams = source.streams.map(
    (stream): Stream => ({
      ...stream,
      read: (context) => {
        const { state, now } = context;
        return stream.read({ ...context, state: state && (change(state as { [name: string]: Json }, now()) as Json) });
      },
    }),
  );
  return { ...source, streams };
}

// biome-ignore lint/suspicious/noExplicitAny: what the streams share is the source's own
type Shared = any;

/** Gives streams something else to share. */
export function withShared(source: Source, change: (right: Shared) => Shared): Source {
  return { ...source, start: (context) => change(source.start(context)) };
}

/** The last moment that a position may name. */
const LATEST = Date.UTC(9999, 0);

/** Puts another position where a state has one, which no elapsed time of ours corrects. */
export function withPosition(batch: StreamBatch, server: number): StreamBatch {
  const state = batch.state as { readonly [name: string]: Json };
  if (!("position" in state)) return batch;
  return { ...batch, state: { ...state, position: { server, local: LATEST } } };
}
