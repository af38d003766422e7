import type { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { numberOf } from "../report/arguments.ts";
import type { ServeSettings } from "../serve/serve.ts";
import { type Run, shared } from "./options.ts";

interface ServeOptions {
  readonly at?: string;
  readonly config?: string;
  readonly port: string;
  readonly host: string;
  readonly allowHost?: string;
  readonly days?: string;
  readonly timezone?: string;
  readonly syncEvery?: string;
}

export function addServe(program: Command, io: SafeIo, run: Run): void {
  program
    .command("serve")
    .description("show the report in a browser, as of the last sync; answers and metrics for Prometheus beside it")
    .argument("[pipelines...]", "only these (default: all)")
    .option(...shared("at"))
    .option(...shared("config"))
    .option("--port <number>", "where to listen; 0: any port that is free", "8642")
    .option(
      "--host <address>",
      "who may ask: 127.0.0.1 this machine, 0.0.0.0 whoever reaches it, without login",
      "127.0.0.1",
    )
    .option("--allow-host <names>", "further names under which it is asked, separated by commas")
    .option(...shared("days"))
    .option(...shared("timezone"))
    .option("--sync-every <duration>", "sync the configuration's pipelines too: 5m, 1h")
    .action(
      run(async (names: readonly string[], options: ServeOptions) => {
        const settings = settingsOf(options);
        // Its statements and time zones are loaded by nobody else.
        const { serve } = await import("../serve/serve.ts");
        await serve(names, settings, io);
        return exitCodes.done;
      }),
    );
}

function settingsOf({ port, allowHost, days, timezone, syncEvery, ...rest }: ServeOptions): ServeSettings {
  const hosts = allowHost?.split(",").map((name) => name.trim()) ?? [];
  if (hosts.some((name) => !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?$/i.test(name))) {
    throw new UsageError("--allow-host takes names as they stand in an address, without a port: reports.example.com.");
  }
  return {
    ...rest,
    port: portOf(port),
    hosts,
    scope: {
      ...(days !== undefined && { days: numberOf("--days", days) }),
      ...(timezone !== undefined && { timezone }),
    },
    ...(syncEvery !== undefined && { everyMs: periodOf(syncEvery) }),
  };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError("--port must be a whole number from 0 to 65535.");
}

function periodOf(text: string): number {
  const everyMs = parseDuration("--sync-every", text);
  // Node's timers take no more than that.
  if (everyMs >= 1000 && everyMs <= 2 ** 31 - 1) return everyMs;
  throw new UsageError("--sync-every must be from 1s to 24d, as in 5m. Leave it out where something else syncs.");
}
