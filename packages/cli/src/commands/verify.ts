import type { SyncEvent } from "@org/sync-engine";
import type { Command } from "commander";
import { parseDestination, parseSource } from "../config.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { explained } from "../explain.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { parseDuration } from "../parse-duration.ts";
import { jsonLine, toError } from "../render/json.ts";
import { lineReporter, type Reporter, terminalReporter } from "../render/reporter.ts";
import { differenceCount, verificationText } from "../render/verification.ts";
import { type VerifyResult, verify } from "../verify/verify.ts";

interface VerifyCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly streams?: string;
  readonly since?: string;
  readonly json?: true;
}

export function addVerify(program: Command, io: Io, outcome: Outcome): void {
  program
    .command("verify")
    .description(
      "read the server again, compare it with the tables column by column, and show every difference's cause",
    )
    .requiredOption("--from <source>", "airflow:http://… or dagster:http://…")
    .requiredOption("--to <destination>", "duckdb:file; it is only read")
    .option("--streams <names>", "only these, separated by commas (default: all)")
    .option("--since <duration>", "only a sample: what is newer than 7d, 12h, … (default: everything)")
    .option("--json", "write tables, their first differences and the result as lines of JSON to stdout")
    .action(async (options: VerifyCommandOptions) => {
      outcome.exitCode = options.json ? await verifyAsJson(options, io) : await verifyForPeople(options, io);
    });
}

async function verifyAsJson(options: VerifyCommandOptions, io: Io): Promise<number> {
  try {
    const result = await runVerify(options, io);
    for (const { differences, ...counts } of result.tables) {
      io.stdout.write(jsonLine({ type: "table", ...counts }));
      for (const each of differences) io.stdout.write(jsonLine({ type: "difference", table: counts.table, ...each }));
    }
    const exitCode = exitCodeOfResult(result);
    const { requests, durationMs } = result;
    io.stdout.write(jsonLine({ type: "result", exitCode, differences: differenceCount(result), requests, durationMs }));
    return exitCode;
  } catch (thrown) {
    const exitCode = exitCodeOf(thrown);
    io.stdout.write(jsonLine({ type: "result", exitCode, error: toError(thrown) }));
    return exitCode;
  }
}

async function verifyForPeople(options: VerifyCommandOptions, io: Io): Promise<number> {
  const reporter = io.stderr.isTTY ? terminalReporter(io.stderr) : lineReporter(io.stderr);
  const result = await runVerify(options, io, reporter);
  io.stdout.write(verificationText(result, options.to));
  return exitCodeOfResult(result);
}

function exitCodeOfResult(result: VerifyResult): number {
  return differenceCount(result) === 0 ? exitCodes.done : exitCodes.incomplete;
}

async function runVerify(options: VerifyCommandOptions, io: Io, reporter?: Reporter): Promise<VerifyResult> {
  const source = parseSource(options.from, io.env);
  const { path } = parseDestination(options.to);
  const newerThanMs = parseDuration("--since", options.since ?? "off");
  const streams = options.streams?.split(",").flatMap((name) => name.trim() || []);
  const timer = reporter && setInterval(() => reporter.tick(), reporter.tickMs);
  try {
    return await verify({
      source,
      path,
      ...(streams && { streams }),
      ...(Number.isFinite(newerThanMs) && { since: Date.now() - newerThanMs }),
      ...(io.signal && { signal: io.signal }),
      ...(io.requests && { requests: io.requests }),
      // Its destination is a temporary file, which is nobody's business.
      onEvent: (event: SyncEvent) => event.type !== "sync-started" && reporter?.event(event),
      onPhase: (text) => {
        reporter?.end();
        if (reporter) io.stderr.write(`${text}\n`);
      },
    });
  } catch (error) {
    throw await explained(error, source, io);
  } finally {
    clearInterval(timer);
    reporter?.end();
  }
}
