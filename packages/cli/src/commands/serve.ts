import type { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { numberOf } from "../report/arguments.ts";
import type { ServeSettings } from "../serve/serve.ts";
import { hostNamesOf, portOf, type Run, shared } from "./options.ts";

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
    .description("serve the report, as of the last sync, with answers as JSON and CSV, and Prometheus metrics")
    .argument("[pipelines...]", "only these (default: all)")
    .option(...shared("at"))
    .option(...shared("config"))
    .option("--port <number>", "port to listen on; 0: any free port", "8642")
    .option(
      "--host <address>",
      "address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 for anyone who can reach it; there is no login",
      "127.0.0.1",
    )
    .option("--allow-host <names>", "additional allowed host names, separated by commas")
    .option(...shared("days"))
    .option(...shared("timezone"))
    .option("--sync-every <duration>", "also sync the configuration's pipelines, at this interval: 5m, 1h")
    .action(
      run(async (names: readonly string[], options: ServeOptions) => {
        const settings = settingsOf(options);
        // Loaded here because no other command needs its statements and time zones.
        const { serve } = await import("../serve/serve.ts");
        await serve(names, settings, io);
        return exitCodes.done;
      }),
    );
}

function settingsOf({ port, allowHost, days, timezone, syncEvery, ...rest }: ServeOptions): ServeSettings {
  return {
    ...rest,
    port: portOf(port),
    hosts: hostNamesOf(allowHost),
    scope: {
      ...(days !== undefined && { days: numberOf("--days", days) }),
      ...(timezone !== undefined && { timezone }),
    },
    ...(syncEvery !== undefined && { everyMs: periodOf(syncEvery) }),
  };
}

function periodOf(text: string): number {
  const everyMs = parseDuration("--sync-every", text, { canBeOff: false });
  // The maximum of Node's timers.
  if (everyMs >= 1000 && everyMs <= 2 ** 31 - 1) return everyMs;
  throw new UsageError("--sync-every must be from 1s to 24d, as in 5m. Leave it out if another process syncs.");
}
