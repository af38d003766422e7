/** Building blocks of broken sources and engines, and of the histories that expose them. */
import type { Batch, Json, StoredValues } from "@org/destination";
import type { Source, Stream, StreamBatch } from "@org/sync-engine/source";
import type { Breaks } from "./airflow-model.ts";
import type { Beginning, Step, SyncStep } from "./airflow-steps.ts";

export interface WrongCase {
  readonly wrong: Breaks;
  /** The model's message. */
  readonly because: RegExp;
  readonly beginning?: Partial<Beginning>;
  /**
   * The shortest history that exposes it, with an event at the nth request or commit. The test finds n by trying.
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
/** A run that starts and ends between two syncs. */
export const newRun = (id: number, run: number) => [addRun(id), finish(run)];
/** A run whose first task instance is in its first attempt. */
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

/** Gives streams a different state than the stored one. */
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

// biome-ignore lint/suspicious/noExplicitAny: the type is private to the source
type Shared = any;

/** Replaces what streams share. */
export function withShared(source: Source, change: (right: Shared) => Shared): Source {
  return { ...source, start: (context) => change(source.start(context)) };
}

/** The latest valid position. */
const LATEST = Date.UTC(9999, 0);

/** Replaces a state's position, without one that our own clock could correct. */
export function withPosition(batch: StreamBatch, server: number): StreamBatch {
  const state = batch.state as { readonly [name: string]: Json };
  if (!("position" in state)) return batch;
  return { ...batch, state: { ...state, position: { server, local: LATEST } } };
}
