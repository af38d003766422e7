import { createRequest, defaultPipeline, limiterOf, type ServerDescription, type Source } from "@org/sync-engine";
import type { Command } from "commander";
import { parseDestination, parseSource } from "../config.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { jsonLine } from "../render/json.ts";

interface CheckOptions {
  readonly from: string;
  readonly to?: string;
  readonly pipeline?: string;
  readonly json?: true;
}

export function addCheck(program: Command, io: Io, _outcome: Outcome): void {
  program
    .command("check")
    .description("look whether the server is what it should be and lets us in, and whether the destination opens")
    .requiredOption("--from <source>", "airflow:http://… or dagster:http://…")
    .option("--to <destination>", "duckdb:file; opening it creates it where it is missing")
    .option("--pipeline <name>", "owner of the tables (default: source and host)")
    .option("--json", "write the result as a line of JSON")
    .action(async (options: CheckOptions) => {
      const source = parseSource(options.from, io.env);
      const destination = options.to === undefined ? undefined : parseDestination(options.to).destination;
      const server = await checkSource(source, io);
      const found = { type: "check", source: source.name, url: source.url, ...server, destination: destination?.name };
      const lines = [`${source.url}: ${source.name} ${server.version}, and it lets us in.`, ...server.notes];
      if (destination) {
        const pipeline = options.pipeline ?? defaultPipeline(source);
        const session = await destination.open({ pipeline, ...(io.signal && { signal: io.signal }) });
        await session.close();
        lines.push(`${destination.name}: opens, and can be written.`);
      }
      io.stdout.write(options.json ? jsonLine(found) : `${lines.join("\n")}\n`);
    });
}

/** Asks a server once what it is. A person waits for the answer, so nothing is repeated. */
export async function checkSource(source: Source, io: Pick<Io, "signal" | "stderr">): Promise<ServerDescription> {
  const signal = io.signal ?? new AbortController().signal;
  const request = createRequest({
    limiter: limiterOf(source.url, 2),
    signal,
    emit() {},
    options: { retries: 0, attemptMs: 30_000 },
  });
  const emit = (event: { readonly message: string }) => io.stderr.write(`${event.message}\n`);
  return source.check({ request, signal, now: Date.now, emit });
}
