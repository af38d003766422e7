/** A sync of one source into one destination, as the options name them. */
import { SyncError, type SyncResult } from "@org/sync-engine";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import type { Io } from "../io.ts";
import type { Pipeline } from "../pipeline.ts";
import { duration } from "../render/duration.ts";
import { resultLine } from "../render/json.ts";
import { jsonReporter, lineReporter, terminalReporter } from "../render/reporter.ts";
import { canMove, type SafeIo } from "../render/safe-output.ts";
import { grouped, textTable } from "../render/table.ts";
import { runSync, type SyncFlags } from "./run.ts";

/** @returns the exit code. Never rejects: the last line says what went wrong. */
export async function syncAsJson(open: () => Promise<Pipeline>, flags: SyncFlags, io: Io): Promise<number> {
  let result: SyncResult | undefined;
  let thrown: unknown;
  try {
    result = await runSync(await open(), flags, io, jsonReporter(io.stdout));
  } catch (error) {
    thrown = error;
    if (error instanceof SyncError) result = error.result;
  }
  const exitCode = thrown === undefined ? exitCodes.done : exitCodeOf(thrown);
  io.stdout.write(resultLine(exitCode, result, thrown));
  return exitCode;
}

/** @returns the exit code */
export async function syncForPeople(pipeline: Pipeline, flags: SyncFlags, io: SafeIo): Promise<number> {
  const reporter = canMove(io) ? terminalReporter(io.stderr) : lineReporter(io.stderr);
  try {
    const result = await runSync(pipeline, flags, io, reporter);
    const { name } = pipeline.place.destination;
    io.stdout.write(resultTable(result));
    io.stdout.write(`Done in ${duration(result.durationMs)} with ${grouped(result.requests)} requests: ${name}\n`);
    return exitCodes.done;
  } catch (error) {
    if (error instanceof SyncError && error.result) io.stdout.write(resultTable(error.result));
    throw error;
  }
}

function resultTable({ streams }: SyncResult): string {
  const head = ["stream", "table", "new", "changed", "unchanged", "deleted", "read", ""];
  return textTable(
    head,
    streams.map((each) => [
      each.stream,
      each.table,
      each.inserted,
      each.updated,
      each.unchanged,
      each.deleted,
      each.mode === "incremental" ? "what changed" : "everything",
      each.error ? "FAILED" : "",
    ]),
  );
}
