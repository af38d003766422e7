/** Syncs of a configuration's pipelines: several at once, one's failure does not stop the others. */
import { SyncError, type SyncEvent, type SyncResult } from "@org/sync-engine";
import type { ConfiguredPipeline } from "../config/pipelines.ts";
import { exitCodeOf, exitCodes, worstOf } from "../exit-code.ts";
import type { Io } from "../io.ts";
import type { Pipeline } from "../pipeline.ts";
import { duration } from "../render/duration.ts";
import { failureText } from "../render/failure.ts";
import { jsonLine, resultLine } from "../render/json.ts";
import { jsonReporter, lineReporter, type Reporter } from "../render/reporter.ts";
import { textTable } from "../render/table.ts";
import { told } from "../render/told.ts";
import { inParallel } from "./in-parallel.ts";
import { runSync, type SyncFlags } from "./run.ts";

export interface ManyOptions {
  readonly flags: SyncFlags;
  /** Whether Airflow's batch endpoints may be used. */
  readonly batch: boolean;
  /** How many pipelines at once. */
  readonly parallel: number;
  readonly json: boolean;
}

/** How a pipeline's sync ended. */
export interface Ended {
  readonly name: string;
  readonly exitCode: number;
  readonly result?: SyncResult | undefined;
}

/** @returns the worst of the exit codes. What went wrong is told as it happens. */
export async function syncMany(
  pipelines: readonly ConfiguredPipeline[],
  { json, ...options }: ManyOptions,
  io: Io,
): Promise<number> {
  return syncAll(pipelines, options, io, json ? asJson(io) : forPeople(io));
}

/** The same, told to somebody else. @returns the worst of the exit codes */
export async function syncAll(
  pipelines: readonly ConfiguredPipeline[],
  { flags, batch, parallel }: Omit<ManyOptions, "json">,
  io: Io,
  report: ManyReport,
): Promise<number> {
  const opened = await Promise.all(
    pipelines.map(async ({ name, open }) => ({ name, pipeline: await settled(open({ batch })) })),
  );
  const ended = await inParallel(opened, { limit: parallel, keyOf: lockOf }, async ({ name, pipeline }) => {
    const { value, thrown } = io.signal?.aborted
      ? { thrown: io.signal.reason }
      : "thrown" in pipeline
        ? pipeline
        : await settled(runSync(pipeline.value, flags, io, report.reporterOf(name)));
    const result = thrown instanceof SyncError ? thrown.result : (value as SyncResult | undefined);
    const exitCode = thrown === undefined ? exitCodes.done : exitCodeOf(thrown);
    report.ended({ name, exitCode, result }, thrown);
    return { name, exitCode, result };
  });
  const exitCode = worstOf(ended.map((each) => each.exitCode));
  report.summary(ended, exitCode);
  return exitCode;
}

type Settled<T> =
  | { readonly value: T; readonly thrown?: undefined }
  | { readonly value?: undefined; readonly thrown: unknown };

async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work };
  } catch (thrown) {
    return { thrown };
  }
}

/** Two pipelines into one file go one after the other, since the first one holds it. */
function lockOf({ pipeline }: { readonly pipeline: Settled<Pipeline> }): string | undefined {
  const destination = pipeline.value?.place.destination;
  return destination?.capabilities.fencing === "lock" ? destination.name : undefined;
}

/** Is told of several syncs. */
export interface ManyReport {
  /** Called when the sync of a pipeline begins. */
  reporterOf(name: string): Reporter;
  ended(ended: Ended, thrown: unknown): void;
  /** Called at last. */
  summary(all: readonly Ended[], exitCode: number): void;
}

/** Lines that begin with the pipeline's name; a moving line would have to be several. */
function forPeople(io: Io): ManyReport {
  const named = (name: string) => ({
    write: (text: string) => io.stderr.write(text.replace(/^(?=.)/gm, `${told(name)}: `)),
  });
  return {
    reporterOf: (name) => lineReporter(named(name)),
    ended({ name }, thrown) {
      if (thrown !== undefined) named(name).write(`${failureText(thrown)}\n`);
    },
    summary(all) {
      const head = ["pipeline", "new", "changed", "deleted", "requests", "time", ""];
      io.stdout.write(textTable(head, all.map(summaryRow)));
    },
  };
}

function summaryRow({ name, exitCode, result }: Ended) {
  const sum = (what: "inserted" | "updated" | "deleted") =>
    result?.streams.reduce((total, stream) => total + stream[what], 0);
  const time = result ? duration(result.durationMs) : "–";
  return [
    name,
    sum("inserted"),
    sum("updated"),
    sum("deleted"),
    result?.requests,
    time,
    outcomes[exitCode] ?? "STOPPED",
  ];
}

const outcomes: Readonly<Record<number, string>> = {
  [exitCodes.done]: "done",
  [exitCodes.incomplete]: "FAILED",
  [exitCodes.configuration]: "FAILED: configuration",
  [exitCodes.comeBackLater]: "FAILED: may work later",
};

function asJson(io: Io): ManyReport {
  return {
    reporterOf(name) {
      const reporter = jsonReporter(io.stdout);
      const event = (event: SyncEvent) => io.stdout.write(jsonLine({ ...event, pipeline: name }));
      return { ...reporter, event };
    },
    ended({ name, exitCode, result }, thrown) {
      io.stdout.write(resultLine(exitCode, result, thrown, name));
    },
    summary(all, exitCode) {
      const pipelines = all.map((each) => ({ pipeline: each.name, exitCode: each.exitCode }));
      io.stdout.write(jsonLine({ type: "summary", exitCode, pipelines }));
    },
  };
}
