import type { Destination, Table } from "@org/destination";
import { toError } from "@org/kit";
import { createRequest, defaultPipeline, limiterOf, type ServerDescription, type Source } from "@org/sync-engine";
import type { Command } from "commander";
import { loadPipelines, refuseBoth } from "../choice.ts";
import { destinationForms, parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import { exitCodeOf, worstOf } from "../exit-code.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { failureText } from "../render/failure.ts";
import { jsonLine } from "../render/json.ts";
import { told } from "../render/told.ts";
import { parseSource } from "../sources.ts";

interface CheckOptions {
  readonly from?: string;
  readonly to?: string;
  readonly pipeline?: string;
  readonly config?: string;
  readonly json?: true;
}

export function addCheck(program: Command, io: Io, outcome: Outcome): void {
  program
    .command("check")
    .description(
      "look whether the server is what it should be and lets us in, and whether the destination would take a sync",
    )
    .argument("[pipelines...]", "of the configuration (default: all)")
    .option("--from <source>", "airflow:http://… or dagster:http://…, instead of a configuration")
    .option("--to <destination>", `${destinationForms}; opening it creates it where it is missing, without tables`)
    .option("--config <file>", "what to check, where --from does not say it (default: dagsync.yaml)")
    .option("--pipeline <name>", "owner of the tables (default: source and host)")
    .option("--json", "write each result as a line of JSON")
    .action(async (names: readonly string[], options: CheckOptions) => {
      const { from, to, json = false } = options;
      if (from === undefined) {
        if (to !== undefined) throw new UsageError("--from is missing: --to goes with it.");
        outcome.exitCode = await checkConfigured(names, options, io);
        return;
      }
      refuseBoth(names, options.config);
      const source = parseSource(from, io.env);
      const destination = to === undefined ? undefined : (await parseDestination(to)).destination;
      await check({ source, destination, name: options.pipeline ?? defaultPipeline(source) }, json, io);
    });
}

/** Checks all of them, whether one fails or not. */
async function checkConfigured(names: readonly string[], options: CheckOptions, io: Io): Promise<number> {
  const codes: number[] = [];
  for (const { name, open } of (await loadPipelines(names, options, io)).chosen) {
    try {
      io.signal?.throwIfAborted();
      await check(await open(), options.json ?? false, io);
    } catch (thrown) {
      const exitCode = exitCodeOf(thrown);
      codes.push(exitCode);
      if (options.json) io.stdout.write(jsonLine({ type: "check", pipeline: name, exitCode, error: toError(thrown) }));
      else io.stderr.write(`dagsync: ${told(name)}: ${failureText(thrown)}\n`);
    }
  }
  return worstOf(codes);
}

interface Checked {
  readonly name: string;
  readonly source: Source;
  readonly destination: Destination | undefined;
  readonly streams?: readonly string[] | undefined;
}

/** The tables that a sync would write into. */
function tablesOf(source: Source, streams: readonly string[] | undefined): Table[] {
  return source.streams.filter(({ name }) => streams?.includes(name) ?? true).map(({ table }) => table);
}

async function check({ name, source, destination, streams }: Checked, json: boolean, io: Io): Promise<void> {
  const notices: string[] = [];
  const notice = (message: string) => (json ? notices.push(told(message)) : io.stderr.write(`${told(message)}\n`));
  const { version, notes } = await checkSource(source, io, notice);
  const server = { version: told(version), notes: [...notices, ...notes.map(told)] };
  const found = { type: "check", source: source.name, url: source.url, ...server, destination: destination?.name };
  const lines = [`${source.url}: ${source.name} ${server.version}, and it lets us in.`, ...server.notes];
  if (destination) {
    const session = await destination.open({ pipeline: name, ...(io.signal && { signal: io.signal }) });
    try {
      await session.rehearse?.(tablesOf(source, streams));
    } finally {
      await session.close();
    }
    lines.push(`${destination.name}: opens, and can be written.`);
  }
  io.stdout.write(json ? jsonLine(found) : `${lines.join("\n")}\n`);
}

/** Asks a server once what it is. A person waits for the answer, so nothing is repeated. */
export async function checkSource(
  source: Source,
  io: Pick<Io, "signal">,
  onNotice: (message: string) => void = () => {},
): Promise<ServerDescription> {
  const signal = io.signal ?? new AbortController().signal;
  const request = createRequest({
    limiter: limiterOf(source.url, 2),
    signal,
    emit() {},
    // The client has limits of its own, which tell whether a token or the server was slow.
    options: { retries: 0, attemptMs: 90_000 },
  });
  return source.check({ request, signal, now: Date.now, emit: ({ message }) => onNotice(message) });
}
