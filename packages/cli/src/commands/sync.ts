import { SyncError, type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import type { Command } from "commander";
import { parseDestination, parseSource } from "../config.ts";
import { UsageError } from "../errors.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { explained } from "../explain.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { parseDuration } from "../parse-duration.ts";
import { duration } from "../render/duration.ts";
import { resultLine } from "../render/json.ts";
import { jsonReporter, lineReporter, type Reporter, terminalReporter } from "../render/reporter.ts";
import { grouped, textTable } from "../render/table.ts";

interface SyncCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly streams?: string;
  readonly fullRefresh?: true;
  readonly reconcile?: true;
  readonly reconcileEvery?: string;
  readonly allowMassDelete?: true;
  readonly pipeline?: string;
  readonly batch: boolean;
  readonly json?: true;
}

export function addSync(program: Command, io: Io, outcome: Outcome): void {
  program
    .command("sync")
    .description("copy what changed since the last sync; the first one copies everything")
    .requiredOption("--from <source>", "airflow:http://… or dagster:http://…")
    .requiredOption("--to <destination>", "duckdb:file")
    .option("--streams <names>", "only these, separated by commas (default: all)")
    .option("--full-refresh", "forget the stored state and read everything again")
    .option("--reconcile", "look for deletions too, now")
    .option("--reconcile-every <duration>", "how often to look for deletions: 12h, 1d, off (default: 1d)")
    .option("--allow-mass-delete", "believe it when more than 20 % and more than 100 rows of a table are gone")
    .option("--no-batch", "list Airflow's rows by GET: slower, and writes no lines into its audit log")
    .option("--pipeline <name>", "owner of the tables, the same from sync to sync (default: source and host)")
    .option("--json", "write every event, and the result, as a line of JSON to stdout")
    .action(async (options: SyncCommandOptions) => {
      outcome.exitCode = options.json ? await syncAsJson(options, io) : await syncForPeople(options, io);
    });
}

async function syncAsJson(options: SyncCommandOptions, io: Io): Promise<number> {
  let result: SyncResult | undefined;
  let thrown: unknown;
  try {
    result = await runSync(options, io, jsonReporter(io.stdout));
  } catch (error) {
    thrown = error;
    if (error instanceof SyncError) result = error.result;
  }
  const exitCode = thrown === undefined ? exitCodes.done : exitCodeOf(thrown);
  io.stdout.write(resultLine(exitCode, result, thrown));
  return exitCode;
}

async function syncForPeople(options: SyncCommandOptions, io: Io): Promise<number> {
  const reporter = io.stderr.isTTY ? terminalReporter(io.stderr) : lineReporter(io.stderr);
  try {
    const result = await runSync(options, io, reporter);
    io.stdout.write(resultTable(result));
    io.stdout.write(
      `Done in ${duration(result.durationMs)} with ${grouped(result.requests)} requests: ${options.to}\n`,
    );
    return exitCodes.done;
  } catch (error) {
    if (error instanceof SyncError && error.result) io.stdout.write(resultTable(error.result));
    throw error;
  }
}

async function runSync(options: SyncCommandOptions, io: Io, reporter: Reporter): Promise<SyncResult> {
  const source = parseSource(options.from, io.env, { batch: options.batch });
  const { destination } = parseDestination(options.to);
  const pipeline = options.pipeline?.trim();
  if (pipeline === "") throw new UsageError("--pipeline is empty: name the pipeline, or leave the option out.");
  const streams = options.streams?.split(",").flatMap((name) => name.trim() || []);
  const { reconcileEvery: every } = options;
  const reconcileEveryMs = every === undefined ? undefined : parseDuration("--reconcile-every", every);
  const timer = setInterval(() => reporter.tick(), reporter.tickMs);
  try {
    return await sync({
      source,
      destination,
      ...(pipeline && { pipeline }),
      ...(streams && { streams }),
      ...(io.signal && { signal: io.signal }),
      ...(io.requests && { requests: io.requests }),
      ...(options.reconcile && { reconcile: true }),
      ...(reconcileEveryMs !== undefined && { reconcileEveryMs }),
      fullRefresh: options.fullRefresh ?? false,
      allowMassDelete: options.allowMassDelete ?? false,
      onEvent: (event: SyncEvent) => reporter.event(event),
    });
  } catch (error) {
    throw await explained(error, source, io);
  } finally {
    clearInterval(timer);
    reporter.end();
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
