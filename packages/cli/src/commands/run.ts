import type { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import { hostNamesOf, parseCount, portOf, type Run, shared } from "./options.ts";

interface RunOptions {
  readonly config: string;
  readonly state: string;
  readonly plan?: string;
  readonly once?: string;
  readonly port?: string;
  readonly host: string;
  readonly allowHost?: string;
  readonly json?: true;
}

const stateOption = [
  "--state <place>",
  "where to keep state and history: sqlite:file, or postgres://user@host/database[?schema=] for several machines",
  "sqlite:runner.sqlite",
] as const;

export function addRun(program: Command, io: SafeIo, run: Run): void {
  const command = program
    .command("run")
    .description("run the jobs of runner.yaml on their schedules, until stopped")
    .option("--config <file>", "the schedules", "runner.yaml")
    .option(...stateOption)
    .option("--plan <duration>", "only print the runs of the next 7d, 12h, …")
    .option("--once <name>", "run this schedule's job now, and exit with its exit code")
    .option("--port <number>", "serve /healthz and /metrics on this port; 0: any free port (default: none)")
    .option("--host <address>", "address to listen on; 0.0.0.0 for anyone who can reach it", "127.0.0.1")
    .option("--allow-host <names>", "additional allowed host names, separated by commas")
    .option("--json", "write JSON lines, the default unless stdout is a terminal")
    .action(
      run(async (options: RunOptions) => {
        const { config, state, plan, once, json } = options;
        const settings = { state, json: json === true, listen: listenOf(options) };
        // Loaded lazily: no other command needs its parsers.
        const { readRunner } = await import("../config/runner-file.ts");
        const file = await readRunner(config, io.signal);
        for (const notice of file.notices) io.stderr.write(`dagsync: ${escaped(notice)}\n`);
        if (plan !== undefined) {
          const { printPlan } = await import("../run/plan.ts");
          printPlan({ schedules: file.schedules, from: Date.now(), forMs: planLength(plan), json: json === true }, io);
          return exitCodes.done;
        }
        const { runNow, runSchedules } = await import("../run/run.ts");
        if (once !== undefined || file.mode === "oneshot") return runNow(file, once, settings, io);
        return runSchedules(file, settings, io);
      }),
    );
  command
    .command("history")
    .description("list past and queued runs, newest first")
    .argument("[name]", "only this schedule")
    .option(...stateOption)
    .option("--limit <number>", "how many runs", "20")
    .option(...shared("json"))
    .action(
      run(async (name: string | undefined, { state, limit, json }: { state: string; limit: string; json?: true }) => {
        const { printHistory } = await import("../run/history.ts");
        return printHistory(name, { state, limit: parseCount("--limit", limit), json: json === true }, io);
      }),
    );
  command
    .command("logs")
    .description("print the output of a schedule's last run: the last 64 KiB of each attempt")
    .argument("<name>", "the schedule")
    .option("--for <time>", "the run for this scheduled time, as history shows it")
    .option(...stateOption)
    .option(...shared("json"))
    .action(
      run(async (name: string, { for: moment, state, json }: { for?: string; state: string; json?: true }) => {
        const { printLogs } = await import("../run/history.ts");
        return printLogs(name, { state, json: json === true, slot: slotOf(moment) }, io);
      }),
    );
}

function slotOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const slot = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(slot)) return slot;
  throw new UsageError("--for must be a time as history shows it: 2026-11-30T08:15:00Z.");
}

function listenOf({ port, host, allowHost }: RunOptions) {
  return port === undefined ? undefined : { port: portOf(port), host, hosts: hostNamesOf(allowHost) };
}

function planLength(text: string): number {
  const forMs = parseDuration("--plan", text, { canBeOff: false });
  if (forMs <= 366 * 86_400_000) return forMs;
  throw new UsageError("--plan must be at most 366d.");
}
