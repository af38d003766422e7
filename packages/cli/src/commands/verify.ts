import { toError } from "@org/kit";
import type { SyncEvent } from "@org/sync-engine";
import type { Command } from "commander";
import { type Choice, loadPipeline, optionsOrNames } from "../choice.ts";
import { destinationForms } from "../destinations.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { explained } from "../explain.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { parseDuration } from "../parse-duration.ts";
import { pipelineFromOptions } from "../pipeline.ts";
import { jsonLine } from "../render/json.ts";
import { lineReporter, type Reporter, terminalReporter } from "../render/reporter.ts";
import { canMove, type SafeIo } from "../render/safe-output.ts";
import { told } from "../render/told.ts";
import { differenceCount, verificationText } from "../render/verification.ts";
import { type VerifyResult, verify } from "../verify/verify.ts";

interface VerifyCommandOptions extends Choice {
  /** The name of a pipeline of the configuration. */
  readonly name: string | undefined;
  readonly streams?: string;
  readonly since?: string;
  readonly json?: true;
}

export function addVerify(program: Command, io: SafeIo, outcome: Outcome): void {
  program
    .command("verify")
    .description(
      "read the server again, compare it with the tables column by column, and show every difference's cause",
    )
    .argument("[pipeline]", "of the configuration")
    .option("--from <source>", "airflow:http://… or dagster:http://…, instead of a configuration")
    .option("--to <destination>", `${destinationForms}; it is only read`)
    .option("--config <file>", "where the pipeline is (default: dagsync.yaml)")
    .option("--streams <names>", "only these, separated by commas (default: all)")
    .option("--since <duration>", "only a sample: what is newer than 7d, 12h, … (default: everything)")
    .option("--json", "write tables, their first differences and the result as lines of JSON to stdout")
    .action(async (name: string | undefined, given: Omit<VerifyCommandOptions, "name">) => {
      const options = { ...given, name };
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

async function verifyForPeople(options: VerifyCommandOptions, io: SafeIo): Promise<number> {
  const reporter = canMove(io) ? terminalReporter(io.stderr) : lineReporter(io.stderr);
  const result = await runVerify(options, io, reporter);
  io.stdout.write(verificationText(result));
  return exitCodeOfResult(result);
}

function exitCodeOfResult(result: VerifyResult): number {
  return differenceCount(result) === 0 ? exitCodes.done : exitCodes.incomplete;
}

async function runVerify(options: VerifyCommandOptions, io: Io, reporter?: Reporter): Promise<VerifyResult> {
  const names = options.name === undefined ? [] : [options.name];
  const named = optionsOrNames(names, options);
  const pipeline = named
    ? await pipelineFromOptions(named, io.env)
    : await (await loadPipeline(names, options, io)).open();
  const { source } = pipeline;
  const newerThanMs = parseDuration("--since", options.since ?? "off");
  const streams = options.streams?.split(",").flatMap((name) => name.trim() || []) ?? pipeline.streams;
  const timer = reporter && setInterval(() => reporter.tick(), reporter.tickMs);
  try {
    return await verify({
      pipeline,
      isNamed: named === undefined,
      ...(streams && { streams }),
      ...(Number.isFinite(newerThanMs) && { since: Math.max(0, Date.now() - newerThanMs) }),
      ...(io.signal && { signal: io.signal }),
      ...(io.requests && { requests: io.requests }),
      // Its destination is a temporary file, which is nobody's business.
      onEvent: (event: SyncEvent) => event.type !== "sync-started" && reporter?.event(event),
      onPhase: (text) => {
        reporter?.end();
        if (reporter) io.stderr.write(`${told(text)}\n`);
      },
    });
  } catch (error) {
    throw await explained(error, source, io);
  } finally {
    clearInterval(timer);
    reporter?.end();
  }
}
