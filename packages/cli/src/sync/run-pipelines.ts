/** Runs the same work for several pipelines, or for one. An error in one does not stop the others. */
import { exitCodeOf, exitCodes, worstOf } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { inParallel } from "./in-parallel.ts";

/** How the work on a pipeline ended: with a result, or with a thrown value. */
export interface Ended<T> {
  readonly name: string;
  readonly exitCode: number;
  readonly result?: T | undefined;
  /** Undefined if the work succeeded. */
  readonly thrown?: unknown;
}

/** Receives the outcome of the work. */
export interface Report<T> {
  ended(ended: Ended<T>): void;
  /** Called at the end. @default nothing more is reported */
  summary?(all: readonly Ended<T>[], exitCode: number): void;
}

export interface RunOptions<P, T> {
  /** The work for each pipeline. */
  readonly work: (pipeline: P, name: string) => Promise<T>;
  /** The exit code for a result. @default 0 */
  readonly exitCodeFor?: (result: T) => number;
  /** How many pipelines run at once. @default 1 */
  readonly parallel?: number;
  /** A resource that no two pipelines may hold at once; undefined if one holds none. @default none */
  readonly keyOf?: (pipeline: P) => string | undefined;
}

/** @returns the worst of the exit codes. Rejects only if the report throws. */
export async function runPipelines<P, T>(
  pipelines: readonly { readonly name: string; open(): Promise<P> }[],
  { work, exitCodeFor = () => exitCodes.done, parallel = 1, keyOf = () => undefined }: RunOptions<P, T>,
  { signal }: Pick<Io, "signal">,
  report: Report<T>,
): Promise<number> {
  const opened = await Promise.all(
    pipelines.map(async ({ name, open }) => ({ name, pipeline: await settled(open()) })),
  );
  const lockOf = ({ pipeline }: (typeof opened)[number]) => ("value" in pipeline ? keyOf(pipeline.value) : undefined);
  const all = await inParallel(opened, { limit: parallel, keyOf: lockOf }, async ({ name, pipeline }) => {
    const done = async (value: P) => {
      signal?.throwIfAborted();
      return work(value, name);
    };
    const outcome = "value" in pipeline ? await settled(done(pipeline.value)) : pipeline;
    const ended: Ended<T> =
      "value" in outcome
        ? { name, exitCode: exitCodeFor(outcome.value), result: outcome.value }
        : { name, exitCode: exitCodeOf(outcome.thrown), thrown: outcome.thrown };
    report.ended(ended);
    return ended;
  });
  const exitCode = worstOf(all.map((each) => each.exitCode));
  report.summary?.(all, exitCode);
  return exitCode;
}

type Settled<T> = { readonly value: T } | { readonly thrown: unknown };

async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work };
  } catch (thrown) {
    return { thrown };
  }
}
