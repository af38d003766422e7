import { toError } from "@org/kit";
import { type VerifyPhase, type VerifyResult, verify } from "@org/sync-engine";
import type { Command } from "commander";
import { type Choice, loadPipeline, optionsOrNames } from "../choice.ts";
import { parseDuration } from "../duration.ts";
import { exitCodes } from "../exit-code.ts";
import { explained } from "../explain.ts";
import { type Pipeline, pipelineFromOptions } from "../pipeline.ts";
import { reportVerify } from "../pipes/report.ts";
import { reportFailure } from "../render/failure.ts";
import { jsonLine } from "../render/json.ts";
import { type Reporter, reporterFor } from "../render/reporter.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import { differenceCount, verificationText } from "../render/verification.ts";
import { type Report, runPipelines } from "../sync/run-pipelines.ts";
import { parseNames, type Run, shared } from "./options.ts";

interface VerifyCommandOptions extends Choice {
  readonly streams?: string;
  readonly since?: string;
  readonly json?: true;
}

export function addVerify(program: Command, io: SafeIo, run: Run): void {
  program
    .command("verify")
    .description("read the server again, compare every column with the tables, and show the cause of each difference")
    .argument("[pipeline]", "of the configuration")
    .option(...shared("from"))
    .option(...shared("to", "; read-only"))
    .option(...shared("config"))
    .option(...shared("streams"))
    .option("--since <duration>", "only a sample: rows newer than 7d, 12h, … (default: everything)")
    .option(...shared("json", ": tables, their first differences, and counts"))
    .action(
      run((name: string | undefined, options: VerifyCommandOptions) => {
        const names = name === undefined ? [] : [name];
        const settings = settingsOf(options);
        const open = async (): Promise<Opened> => {
          const named = optionsOrNames(names, options);
          const pipeline = named
            ? await pipelineFromOptions(named, io.env)
            : await (await loadPipeline(names, options, io)).open();
          return { pipeline, isNamed: named === undefined };
        };
        const work = (opened: Opened) => verifyOne(opened, settings, io, options.json ? undefined : reporterFor(io));
        const report = options.json ? asJson(io) : forPeople(io);
        return runPipelines([{ name: name ?? "", open }], { work, exitCodeFor }, io, report);
      }),
    );
}

interface Opened {
  readonly pipeline: Pipeline;
  /** Whether its name was given; otherwise its tables say who owns them. */
  readonly isNamed: boolean;
}

interface VerifySettings {
  readonly streams: readonly string[] | undefined;
  /** Only rows newer than that, in ms. */
  readonly newerThanMs: number;
}

function settingsOf({ streams, since }: VerifyCommandOptions): VerifySettings {
  return { streams: parseNames(streams), newerThanMs: parseDuration("--since", since ?? "off") };
}

function exitCodeFor(result: VerifyResult): number {
  return differenceCount(result) === 0 ? exitCodes.done : exitCodes.incomplete;
}

function forPeople(io: SafeIo): Report<VerifyResult> {
  return {
    ended({ result, thrown }) {
      if (result) io.stdout.write(verificationText(result));
      else reportFailure(thrown, io);
    },
  };
}

function asJson({ stdout }: SafeIo): Report<VerifyResult> {
  return {
    ended({ exitCode, result, thrown }) {
      if (!result) return void stdout.write(jsonLine({ type: "result", exitCode, error: toError(thrown) }));
      for (const { differences, ...counts } of result.tables) {
        stdout.write(jsonLine({ type: "table", ...counts }));
        for (const each of differences) stdout.write(jsonLine({ type: "difference", table: counts.table, ...each }));
      }
      const { outstanding, samples, requests, durationMs } = result;
      for (const stream of samples) stdout.write(jsonLine({ type: "samples", stream }));
      for (const each of outstanding) stdout.write(jsonLine({ type: "outstanding", ...each }));
      const counts = { differences: differenceCount(result), requests, durationMs };
      stdout.write(jsonLine({ type: "result", exitCode, ...counts }));
    },
  };
}

async function verifyOne(
  { pipeline, isNamed }: Opened,
  { newerThanMs, ...settings }: VerifySettings,
  io: SafeIo,
  reporter: Reporter | undefined,
): Promise<VerifyResult> {
  const { name, source, destination } = pipeline;
  const timer = reporter && setInterval(() => reporter.tick(), reporter.tickMs);
  const since = Number.isFinite(newerThanMs) ? Math.max(0, Date.now() - newerThanMs) : undefined;
  let owner = name;
  try {
    const result = await verify({
      ...{ source, destination, since, signal: io.signal, requests: io.requests },
      pipeline: isNamed ? name : undefined,
      streams: settings.streams ?? pipeline.streams,
      // Its destination is an internal temporary file.
      onEvent: (event) => event.type !== "sync-started" && reporter?.event(event),
      onPhase: (phase) => {
        if (phase.type === "reading") owner = phase.pipeline;
        reporter?.end();
        if (reporter) io.stderr.write(`${escaped(phaseText(phase, since))}\n`);
      },
    });
    if (io.pipes) reportVerify(io.pipes, { ...pipeline, name: owner }, result);
    return result;
  } catch (error) {
    throw await explained(error, source, io);
  } finally {
    clearInterval(timer);
    reporter?.end();
  }
}

function phaseText(phase: VerifyPhase, since: number | undefined): string {
  switch (phase.type) {
    case "reading": {
      const part = since === undefined ? "all rows" : `rows newer than ${new Date(since).toISOString()}`;
      return `Reading ${part} from ${phase.url} again, to compare with ${phase.destination} (pipeline ${phase.pipeline})`;
    }
    case "explaining":
      return "Trying the next sync, and one that looks for deletions, on a copy to find the causes of the differences";
    case "unexplained":
      return `The causes are not known, since that sync fails: ${phase.error.message}`;
  }
}
