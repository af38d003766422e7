import type { Destination } from "@org/destination";
import { toError } from "@org/kit";
import { check, defaultPipeline, type Source } from "@org/sync-engine";
import type { Command } from "commander";
import { type Choice, loadPipelines, refuseBoth } from "../choice.ts";
import { parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { failureText, reportFailure } from "../render/failure.ts";
import { jsonLine } from "../render/json.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import { parseSource } from "../sources.ts";
import { type Report, runPipelines } from "../sync/run-pipelines.ts";
import { parseNames, type Run, shared } from "./options.ts";

interface CheckOptions extends Choice {
  readonly json?: true;
  readonly streams?: string;
}

export function addCheck(program: Command, io: SafeIo, run: Run): void {
  program
    .command("check")
    .description("check that the server is supported, that the login works, and that the destination can be written to")
    .argument("[pipelines...]", "names of pipelines in the configuration (default: all)")
    .option(...shared("from"))
    .option(...shared("to", "; created if missing, without tables"))
    .option(...shared("config"))
    .option(...shared("pipeline"))
    .option(...shared("streams"))
    .option(...shared("json"))
    .action(
      run(async (names: readonly string[], options: CheckOptions) => {
        const { from, to, json = false } = options;
        const streams = parseNames(options.streams);
        const work = (checked: Checked) => checkOne({ ...checked, ...(streams && { streams }) }, json, io);
        if (from === undefined) {
          if (to !== undefined) throw new UsageError("--from is missing: --to needs it.");
          const { chosen } = await loadPipelines(names, options, io);
          return runPipelines(chosen, { work }, io, configuredReport(json, io));
        }
        refuseBoth(names, options.config);
        const report: Report<void> = { ended: ({ thrown }) => thrown !== undefined && reportFailure(thrown, io) };
        return runPipelines([{ name: "", open: () => namedBy({ ...options, from }, io) }], { work }, io, report);
      }),
    );
}

async function namedBy({ from, to, pipeline }: CheckOptions & { readonly from: string }, io: Io): Promise<Checked> {
  const source = parseSource(from, io.env);
  const destination = to === undefined ? undefined : (await parseDestination(to)).destination;
  return { source, destination, name: pipeline ?? defaultPipeline(source) };
}

function configuredReport(json: boolean, io: Io): Report<void> {
  return {
    ended({ name, exitCode, thrown }) {
      if (thrown === undefined) return;
      if (json) io.stdout.write(jsonLine({ type: "check", pipeline: name, exitCode, error: toError(thrown) }));
      else io.stderr.write(`dagsync: ${escaped(name)}: ${failureText(thrown)}\n`);
    },
  };
}

interface Checked {
  readonly name: string;
  readonly source: Source;
  readonly destination: Destination | undefined;
  readonly streams?: readonly string[] | undefined;
}

async function checkOne({ name, source, destination, streams }: Checked, json: boolean, io: Io): Promise<void> {
  const notices: string[] = [];
  const onNotice = (message: string) =>
    json ? notices.push(escaped(message)) : io.stderr.write(`${escaped(message)}\n`);
  const asked = { source, destination, pipeline: name, streams, signal: io.signal, onNotice };
  const { version, notes } = await check(asked);
  const server = { version: escaped(version), notes: [...notices, ...notes.map(escaped)] };
  const found = { type: "check", source: source.name, url: source.url, ...server, destination: destination?.name };
  const lines = [`${source.url}: ${source.name} ${server.version}, authenticated.`, ...server.notes];
  if (destination) lines.push(`${destination.name}: can be opened and written.`);
  io.stdout.write(json ? jsonLine(found) : `${lines.join("\n")}\n`);
}
