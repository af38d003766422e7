/** Events of an Airflow and of our syncs, as data, so that a failing history can be printed, shrunk and kept. */
import type { AirflowWorldVersion } from "@org/simulators/internal";
import fc from "fast-check";

/** Numbers select existing rows, modulo their count. `lateMs`: how long before its commit the transaction started. */
export type WorldStep = { readonly lateMs?: number | undefined } & (
  | {
      readonly do: "add run";
      dag: number;
      id: number;
      kind: "manual" | "scheduled" | "backfill" | "ahead";
      few: boolean;
    }
  | { readonly do: "start run" | "finish run" | "fail run" | "set success" | "set failed"; run: number }
  /** By SQL. Never random: it can cancel out a deletion without a trace until a reconcile. */
  | { readonly do: "end run without a stamp"; run: number }
  | { readonly do: "delete run"; run: number; silently: boolean }
  | { readonly do: "make run again"; run: number; silently: boolean; few: boolean }
  | { readonly do: TaskAction; run: number; task: number }
  | { readonly do: "expand" | "shrink"; run: number; count: number }
  /** Since Airflow 3.4. Ignored before. */
  | { readonly do: "iterate"; run: number }
  | { readonly do: "clear iteration"; run: number; iteration: number; silently: boolean }
  | { readonly do: "note run"; run: number; text: number }
  | { readonly do: "note task"; run: number; task: number; text: number }
  | { readonly do: "add dag"; dag: number; few: boolean }
  | { readonly do: "delete dag" | "rename dag" | "pause dag" | "make stale" | "parse dag"; dag: number }
  | { readonly do: "purge"; days: number }
);

const taskActions = [
  ...["queue", "start", "succeed", "fail", "retry", "skip", "set upstream_failed", "defer", "reschedule", "resume"],
  ...["clear", "clear", "clear", "finish without a stamp"],
] as const;
export type TaskAction =
  | "queue"
  | "start"
  | "succeed"
  | "fail"
  | "retry"
  | "skip"
  | "set upstream_failed"
  | "defer"
  | "reschedule"
  | "resume"
  | "clear"
  | "finish without a stamp";

/** Events between syncs. */
export type OuterStep =
  | { readonly do: "wait"; readonly byMs: number }
  | { readonly do: "set clock"; readonly byMs: number }
  | { readonly do: "hide dag" | "show dags"; readonly dag: number }
  | { readonly do: "change server"; readonly cursor: boolean; readonly pageLimit: number }
  /** The next syncs' limit of the history, in days. Undefined: none. */
  | { readonly do: "limit"; readonly days: number | undefined };

/** An event at the nth request of a sync. */
export type RequestStep =
  | { readonly at: number; readonly fails: Failure; readonly times: number }
  | { readonly at: number; readonly when: "before" | "after"; readonly world: WorldStep };

/** All but the last two are transient: a sync continues. Mostly, it also does after a 500. */
export const failures = ["429", "503", "reset", "cut", "short", "500", "html"] as const;
export type Failure = (typeof failures)[number];

export interface SyncStep {
  readonly do: "sync";
  readonly reconcile: boolean;
  /** Maximum requests for earlier attempts. @default no limit */
  readonly budget?: number | undefined;
  readonly requests: readonly RequestStep[];
  /** Kills the process at its nth request or nth commit, before or after that is durable. */
  readonly dies?: { readonly at: number; readonly where: "request" | "before" | "after" } | undefined;
}

export type Step = WorldStep | OuterStep | SyncStep;

/** A world's initial state. */
export interface Beginning {
  readonly dags: number;
  readonly runs: number;
  readonly runsPerAnswer: number;
  /** @default "3.3" */
  readonly version?: AirflowWorldVersion;
  /** Whether the server's batch endpoints are used. @default true */
  readonly batch?: boolean;
  readonly cursor: boolean;
  readonly pageLimit: number;
  /** The limit of the history, in days. @default none */
  readonly limit?: number | undefined;
}

export interface Story {
  readonly beginning: Beginning;
  readonly steps: readonly Step[];
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const number = fc.nat(7);
const few = fc.boolean();
/** Backfilled runs are forty days old. */
const days = fc.constantFrom(undefined, 1, 1.5, 3, 40, 60);
const constant = <const T>(value: T) => fc.constant(value);

/** @param longestLateMs how late a commit may become visible, which is the syncs' overlap */
export function stories(longestLateMs: number, length: number): fc.Arbitrary<Story> {
  const lateMs = fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...[0.1, 0.4, 0.9, 1].map((share) => Math.floor(share * longestLateMs))) },
  );
  const late = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record({ lateMs, ...shape });
  const world = fc.oneof(
    {
      weight: 5,
      arbitrary: late({
        do: constant("add run"),
        dag: number,
        id: fc.nat(5),
        kind: fc.constantFrom("manual", "manual", "scheduled", "backfill", "ahead"),
        few,
      }),
    },
    {
      weight: 6,
      arbitrary: late({
        do: fc.constantFrom(
          "start run",
          "start run",
          "finish run",
          "finish run",
          "fail run",
          "set success",
          "set failed",
        ),
        run: number,
      }),
    },
    { weight: 8, arbitrary: late({ do: fc.constantFrom(...taskActions), run: number, task: number }) },
    { weight: 2, arbitrary: late({ do: fc.constantFrom("expand", "shrink"), run: number, count: fc.nat(3) }) },
    { weight: 2, arbitrary: late({ do: constant("iterate"), run: number }) },
    {
      weight: 2,
      arbitrary: late({ do: constant("clear iteration"), run: number, iteration: fc.nat(3), silently: fc.boolean() }),
    },
    { weight: 2, arbitrary: late({ do: constant("delete run"), run: number, silently: fc.boolean() }) },
    { weight: 1, arbitrary: late({ do: constant("make run again"), run: number, silently: fc.boolean(), few }) },
    { weight: 1, arbitrary: late({ do: constant("note run"), run: number, text: number }) },
    { weight: 1, arbitrary: late({ do: constant("note task"), run: number, task: number, text: number }) },
    { weight: 1, arbitrary: late({ do: constant("add dag"), dag: number, few }) },
    {
      weight: 2,
      arbitrary: late({
        do: fc.constantFrom("delete dag", "rename dag", "pause dag", "make stale", "parse dag"),
        dag: number,
      }),
    },
    { weight: 1, arbitrary: late({ do: constant("purge"), days: fc.nat(3) }) },
  ) as fc.Arbitrary<WorldStep>;
  const at = fc.integer({ min: 1, max: 14 });
  const sync: fc.Arbitrary<SyncStep> = fc.record({
    do: constant("sync"),
    reconcile: fc.boolean(),
    budget: fc.constantFrom(undefined, undefined, undefined, 0, 1),
    requests: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      {
        weight: 2,
        arbitrary: fc.array(
          fc.oneof(
            {
              weight: 1,
              arbitrary: fc.record({ at, fails: fc.constantFrom(...failures), times: fc.integer({ min: 1, max: 3 }) }),
            },
            {
              weight: 2,
              arbitrary: fc.record({ at, when: fc.constantFrom("before" as const, "after" as const), world }),
            },
          ),
          { minLength: 1, maxLength: 4 },
        ),
      },
    ),
    dies: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.record({ at, where: fc.constantFrom("request" as const, "before" as const, "after" as const) }),
      },
    ),
  });
  const outer: fc.Arbitrary<OuterStep> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: constant("wait"),
        byMs: fc.constantFrom(1, 1000, 30_000, 5 * minute, 12 * minute, hour, 25 * hour),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: constant("set clock"),
        byMs: fc.constantFrom(-3 * hour, -20 * minute, -30_000, 20 * minute, day),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom("hide dag" as const, "show dags" as const), dag: number }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: constant("change server"),
        cursor: fc.boolean(),
        pageLimit: fc.constantFrom(2, 3, 7, 100),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("limit" as const), days }) },
  );
  return fc.record({
    beginning: fc.record({
      dags: fc.integer({ min: 0, max: 4 }),
      runs: fc.nat(3),
      runsPerAnswer: fc.constantFrom(1, 2, 3, 5, 1000),
      version: fc.constantFrom("3.3" as const, "3.4" as const),
      batch: fc.constantFrom(true, true, true, false),
      cursor: fc.boolean(),
      pageLimit: fc.constantFrom(2, 3, 7, 100),
      limit: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: days }),
    }),
    steps: fc.array(
      fc.oneof(
        { weight: 10, arbitrary: world },
        { weight: 4, arbitrary: outer },
        { weight: 5, arbitrary: sync },
      ) as fc.Arbitrary<Step>,
      { minLength: 1, maxLength: length, size: "max" },
    ),
  });
}
