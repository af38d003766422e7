/** `dagsync run`: runs jobs on their schedules until stopped, or one job now. */
import type { Connection } from "@org/destination/connection";
import { type PastRun, processExecutor, type RunnerEvent, run, runOnce } from "@org/runner";
import type { RunnerFile } from "../config/runner-file.ts";
import { UsageError } from "../errors.ts";
import { exitCodes, worstOf } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { didYouMean } from "../nearest.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { isOwnMachine, listen, stop, urlOf } from "../serve/listen.ts";
import { Health, healthHandler } from "./health.ts";
import { RunnerLog } from "./log.ts";
import { openState } from "./state.ts";
import { WatchedFile } from "./watched-file.ts";

export interface RunSettings {
  /** The state's address. */
  readonly state: string;
  /** Where to serve health and metrics. Undefined: nowhere. */
  readonly listen: { readonly port: number; readonly host: string; readonly hosts: readonly string[] } | undefined;
  readonly json: boolean;
}

/** Runs due jobs until the signal aborts. @returns the exit code */
export async function runSchedules(file: RunnerFile, settings: RunSettings, io: SafeIo): Promise<number> {
  const log = logOf(settings, io);
  const health = new Health();
  const connection = await openState(settings.state);
  try {
    const report = (event: "changed" | "wrong", message: string) =>
      log.message(
        event === "wrong" ? "ERROR" : "INFO",
        event === "wrong" ? "schedule_config_error" : "schedules_changed",
        message,
      );
    const watched = await WatchedFile.open(file, report, io.signal);
    const server =
      settings.listen && (await listen(healthHandler(health, connection, settings.listen.hosts), settings.listen));
    try {
      const url = server && urlOf(server, settings.listen!.host);
      const count = file.schedules.length;
      log.message(
        "INFO",
        "runner_started",
        `${count} ${count === 1 ? "schedule is" : "schedules are"} enabled; the state is in ${connection.place}${url ? `; ${url}healthz and ${url}metrics` : ""}`,
      );
      if (settings.listen && !isOwnMachine(settings.listen.host)) io.stderr.write(openToOthers);
      await run({
        ...commonOptions(connection, io, (event) => {
          health.event(event);
          log.event(event);
        }),
        loadSchedules() {
          health.round();
          return watched.schedules();
        },
      });
      log.message("INFO", "runner_stopped", "stopped; the next runner restarts interrupted runs");
    } finally {
      if (server) await stop(server);
    }
  } finally {
    await connection.close();
  }
  return exitCodes.done;
}

const openToOthers =
  "dagsync: Anyone who can reach this address can read schedule names and run results. There is no login.\n";

/** Runs one schedule's job now, or those of all enabled schedules. @returns the worst exit code */
export async function runNow(
  file: RunnerFile,
  name: string | undefined,
  settings: RunSettings,
  io: SafeIo,
): Promise<number> {
  const chosen = file.schedules.filter((each) => name === undefined || each.name === name);
  if (chosen.length === 0 && name !== undefined) throw new UsageError(noSuchSchedule(file, name));
  const log = logOf(settings, io);
  const codes: number[] = [];
  for (const schedule of chosen) {
    // One connection each: a connection runs its operations one at a time.
    const connection = await openState(settings.state);
    try {
      const { concurrencyPerTenant } = file;
      codes.push(
        exitCodeOf(await runOnce({ ...commonOptions(connection, io, log.event), schedule, concurrencyPerTenant })),
      );
    } finally {
      await connection.close();
    }
    io.signal?.throwIfAborted();
  }
  return codes.length === 1 ? codes[0]! : worstOf(codes);
}

function noSuchSchedule({ schedules, disabled }: RunnerFile, name: string): string {
  if (disabled.includes(name)) return "That schedule is disabled: set enabled: true.";
  const names = schedules.map((each) => each.name);
  return `There is no such schedule.${didYouMean(name, names) || ` Choose from: ${names.join(", ")}.`}`;
}

function exitCodeOf({ state, exitCode }: PastRun): number {
  return state === "succeeded" ? exitCodes.done : exitCode || exitCodes.incomplete;
}

function logOf({ json }: RunSettings, { stdout }: SafeIo): RunnerLog {
  return new RunnerLog(stdout, json || !stdout.isTTY);
}

function commonOptions(connection: Connection, { env, signal }: Io, onEvent: (event: RunnerEvent) => void) {
  // The same way this process was started.
  const dagsync = [process.execPath, ...process.execArgv, process.argv[1]!];
  const execute = processExecutor({ dagsync, env });
  return { connection, execute, onEvent, signal: signal ?? new AbortController().signal };
}
