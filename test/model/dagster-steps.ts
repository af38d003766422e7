/** Events of a Dagster, as data, so that a failing history can be printed, shrunk and kept as a test. */
import type { DagsterRunStatus } from "@org/simulators/internal";
import fc from "fast-check";

/** Numbers select existing rows, counted from the end, modulo their count. Times are in ms. */
export type WorldStep =
  | { readonly do: "add"; readonly location: number; readonly sensor?: number | undefined }
  | { readonly do: "start"; readonly run: number; readonly agoMs: number }
  | { readonly do: "status"; readonly run: number; readonly status: DagsterRunStatus }
  | { readonly do: "finish"; readonly run: number; readonly status: "SUCCESS" | "FAILURE" | "CANCELED"; agoMs: number }
  /** A worker reports another end of a finished run, with a time long past, which leaves no trace. */
  | { readonly do: "finish late"; readonly run: number; readonly status: "SUCCESS" | "FAILURE"; readonly agoMs: number }
  | { readonly do: "tag"; readonly run: number; readonly value: number }
  /** Several runs that start and end at once, by a worker's clock that is behind or ahead. */
  | { readonly do: "brief"; readonly count: number; readonly agoMs: number }
  | { readonly do: "delete"; readonly run: number; readonly count: number }
  /** Deletes the run after which the requested page starts; with `page`, the whole previous page. */
  | { readonly do: "delete-cursor"; readonly page: boolean }
  | { readonly do: "materialize"; readonly asset: number; readonly run?: number | undefined }
  | { readonly do: "wipe"; readonly asset: number }
  | { readonly do: "switch"; readonly what: "schedules" | "sensors"; readonly which: number; readonly on: boolean }
  | { readonly do: "define"; readonly what: Definition; readonly which: number; readonly location: number }
  | { readonly do: "undefine"; readonly what: Definition; readonly which: number }
  | { readonly do: "location"; readonly which: number; readonly becomes: "failed" | "loading" | "loaded" | "removed" }
  | { readonly do: "advance"; readonly byMs: number }
  | { readonly do: "clock"; readonly byMs: number }
  | { readonly do: "zone"; readonly hours: number }
  | { readonly do: "upgrade" };

export type Definition = "assets" | "schedules" | "sensors";

/** An event at the nth request of a sync. */
export type RequestStep =
  | { readonly at: number; readonly fails: Failure; readonly times: number }
  | { readonly at: number; readonly when: "before" | "after"; readonly world: WorldStep };

/** The first ones are transient: a sync continues. */
export const failures = ["429", "503", "reset", "cut", "errors", "python", "html"] as const;
export type Failure = (typeof failures)[number];

export interface SyncStep {
  readonly do: "sync";
  readonly pageSize: number;
  readonly reconcile: boolean;
  readonly fullRefresh?: boolean | undefined;
  /** The limit of the history, in ms; infinite: everything; none: as before. */
  readonly historyMs?: number | undefined;
  readonly requests: readonly RequestStep[];
  /** Kills the process at its nth request or nth commit, before or after that is durable. */
  readonly dies?: { readonly at: number; readonly where: "request" | "before" | "after" } | undefined;
}

export type Step = WorldStep | SyncStep;

/** A world's initial state. */
export interface Beginning {
  readonly version: number;
  readonly hours: number;
  readonly overlapMs: number;
  readonly runs: number;
}

const minute = 60_000;
const hour = 60 * minute;
const number = fc.nat(11);
/** Usually hours old, sometimes in the future. */
const agoMs = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 30 * hour }) },
  { weight: 1, arbitrary: fc.integer({ min: -24 * hour, max: -1 }) },
);
const what = fc.constantFrom("assets" as const, "schedules" as const, "sensors" as const);
const on = fc.boolean();

const happens = {
  add: fc.record({ do: fc.constant("add" as const), location: number, sensor: fc.option(number, { nil: undefined }) }),
  start: fc.record({ do: fc.constant("start" as const), run: number, agoMs }),
  status: fc.record({
    do: fc.constant("status" as const),
    run: number,
    status: fc.constantFrom<DagsterRunStatus>("STARTING", "CANCELING", "NOT_STARTED", "MANAGED", "SUSPENDED"),
  }),
  finish: fc.record({
    do: fc.constant("finish" as const),
    run: number,
    status: fc.constantFrom("SUCCESS" as const, "FAILURE" as const, "CANCELED" as const),
    agoMs,
  }),
  finishLate: fc.record({
    do: fc.constant("finish late" as const),
    run: fc.nat(80),
    status: fc.constantFrom("SUCCESS" as const, "FAILURE" as const),
    agoMs: fc.integer({ min: 1, max: 30 * hour }),
  }),
  tag: fc.record({ do: fc.constant("tag" as const), run: fc.nat(80), value: number }),
  brief: fc.record({
    do: fc.constant("brief" as const),
    count: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) },
      { weight: 1, arbitrary: fc.constant(55) },
    ),
    agoMs,
  }),
  delete: fc.record({
    do: fc.constant("delete" as const),
    run: fc.nat(80),
    count: fc.oneof(
      { weight: 9, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 60 }) },
    ),
  }),
  deleteCursor: fc.record({ do: fc.constant("delete-cursor" as const), page: fc.boolean() }),
  materialize: fc.record({
    do: fc.constant("materialize" as const),
    asset: number,
    run: fc.option(number, { nil: undefined }),
  }),
  wipe: fc.record({ do: fc.constant("wipe" as const), asset: number }),
  switch: fc.record({
    do: fc.constant("switch" as const),
    what: fc.constantFrom("schedules" as const, "sensors" as const),
    which: number,
    on,
  }),
  define: fc.record({ do: fc.constant("define" as const), what, which: number, location: number }),
  undefine: fc.record({ do: fc.constant("undefine" as const), what, which: number }),
  location: fc.record({
    do: fc.constant("location" as const),
    which: number,
    becomes: fc.constantFrom(
      "failed" as const,
      "loading" as const,
      "loaded" as const,
      "loaded" as const,
      "removed" as const,
    ),
  }),
  advance: fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 1, max: 3 * hour }) }),
  clock: fc.record({ do: fc.constant("clock" as const), byMs: fc.integer({ min: -2 * hour, max: 2 * hour }) }),
  zone: fc.record({ do: fc.constant("zone" as const), hours: fc.constantFrom(-5, 0, 9) }),
  upgrade: fc.record({ do: fc.constant("upgrade" as const) }),
};

const weighted = (weight: number, arbitrary: fc.Arbitrary<WorldStep>) => ({ weight, arbitrary });
const common = [
  weighted(8, happens.add),
  weighted(4, happens.start),
  weighted(2, happens.status),
  weighted(9, happens.finish),
  weighted(2, happens.finishLate),
  weighted(9, happens.tag),
  weighted(5, happens.brief),
  weighted(5, happens.delete),
  weighted(5, happens.materialize),
  weighted(2, happens.wipe),
  weighted(2, happens.switch),
  weighted(3, happens.define),
  weighted(2, happens.undefine),
  weighted(4, happens.location),
  weighted(10, happens.advance),
];
const whileSyncing = fc.oneof(...common, weighted(12, happens.deleteCursor));
const request: fc.Arbitrary<RequestStep> = fc.oneof(
  fc.record({ at: fc.nat(9), fails: fc.constantFrom(...failures), times: fc.constantFrom(1, 1, 2, 100) }),
  fc.record({ at: fc.nat(9), when: fc.constantFrom("before" as const, "after" as const), world: whileSyncing }),
  fc.record({ at: fc.nat(9), when: fc.constantFrom("before" as const, "after" as const), world: whileSyncing }),
);

/** Those of the initial runs that are not among the newest 50 by insertion are up to 3 hours old. */
const historyMs = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 * hour }) },
  { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
);

const syncStep: fc.Arbitrary<SyncStep> = fc.record({
  do: fc.constant("sync" as const),
  pageSize: fc.constantFrom(1, 2, 3, 7, 20, 1000),
  reconcile: fc.boolean(),
  historyMs,
  fullRefresh: fc.oneof({ weight: 15, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constant(true) }),
  requests: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 5, arbitrary: fc.array(request, { minLength: 1, maxLength: 5 }) },
  ),
  dies: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        at: fc.nat(7),
        where: fc.constantFrom("request" as const, "before" as const, "after" as const),
      }),
    },
  ),
});

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(...common, weighted(3, happens.clock), weighted(1, happens.zone), weighted(1, happens.upgrade), {
    weight: 22,
    arbitrary: syncStep,
  }),
  { minLength: 1, maxLength: 120, size: "max" },
);

export const beginning: fc.Arbitrary<Beginning> = fc.record({
  version: fc.nat(2),
  hours: fc.constantFrom(0, 0, -5, 9),
  overlapMs: fc.constantFrom(1000, minute, 10 * minute),
  // Every sync reads the newest 50, so only older runs show whether windows are right.
  runs: fc.oneof({ weight: 1, arbitrary: fc.nat(12) }, { weight: 2, arbitrary: fc.integer({ min: 52, max: 62 }) }),
});
