/** A schedule as the runner uses it: read from the file, with its job and timing. */
import { cronTiming, intervalTiming, type Timing } from "./cron/moments.ts";
import type { ForeignJobConfig, JobConfig, RetryConfig } from "./file/job-schema.ts";
import type { ScheduleConfig } from "./file/runner-schema.ts";

/** How to catch up missed runs: not at all, with one run for all of them, or with one run each. */
export type Catchup = "skip" | "one" | "all";

/** What a job runs. */
export type JobCommand =
  /** `dagsync` with these arguments. */
  | { readonly kind: "dagsync"; readonly args: readonly string[] }
  /** A program and its arguments. */
  | { readonly kind: "program"; readonly args: readonly string[] }
  /** A command line for the shell. */
  | { readonly kind: "shell"; readonly text: string };

/** What a schedule runs. */
export interface Job {
  /** The tenant that owns it. Undefined: none, so no tenant limit applies. */
  readonly tenant: string | undefined;
  /** For log lines: the kind of source, or of job. */
  readonly connectorType: string;
  readonly command: JobCommand;
  /** @default no retries */
  readonly retry: RetryConfig | undefined;
}

/** A job and when it runs. */
export interface Schedule {
  readonly name: string;
  readonly timing: Timing;
  /** The cron expression, as in the file; undefined if the schedule has an interval. */
  readonly cron?: string | undefined;
  /** The interval, in seconds. */
  readonly intervalSeconds?: number | undefined;
  /** Human-readable: `0 6 * * * Europe/Berlin`, `every 90 s`. */
  readonly when: string;
  /** The time zone of the cron expression, in which times are also shown. */
  readonly timezone: string;
  readonly maxConcurrentRuns: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly catchup: Catchup;
  readonly job: Job;
}

/** @throws RunnerError for an invalid cron expression or time zone; the file's schema rejects both earlier */
export function scheduleOf(config: ScheduleConfig, job: Job): Schedule {
  const { name, cron, interval_seconds: seconds, timezone, max_concurrent_runs, tags, catchup } = config;
  return {
    ...{ name, timezone, catchup, job },
    timing: cron == null ? intervalTiming(seconds!) : cronTiming(cron, timezone),
    ...{ cron: cron ?? undefined, intervalSeconds: seconds ?? undefined },
    when: cron == null ? `every ${seconds} s` : `${cron} ${timezone}`,
    maxConcurrentRuns: max_concurrent_runs,
    tags: tags ?? {},
  };
}

/** A job in our own format. */
export function jobOf(config: JobConfig): Job {
  const kind = (["sync", "report", "export", "command"] as const).find((each) => config[each] !== undefined)!;
  return {
    tenant: config.tenant_id,
    connectorType: config.connector_type ?? kind,
    command: commandOf(kind, config[kind]!),
    retry: config.retry_config ?? undefined,
  };
}

/** A job in the original runner's format. That runner's own command executes it. @param path of its file */
export function foreignJobOf(config: ForeignJobConfig, path: string): Job {
  return {
    tenant: config.tenant_id,
    connectorType: config.source?.type ?? config.source_connector ?? nameOf(config.source_connector_path),
    command: { kind: "program", args: ["dativo", "run", "--config", path, "--mode", "self_hosted"] },
    retry: config.retry_config ?? undefined,
  };
}

function commandOf(kind: "sync" | "report" | "export" | "command", given: string | readonly string[]): JobCommand {
  if (kind === "command") {
    return typeof given === "string" ? { kind: "shell", text: given } : { kind: "program", args: given };
  }
  const args = typeof given === "string" ? given.trim().split(/\s+/) : given;
  return { kind: "dagsync", args: [kind, ...args] };
}

/** `connectors/stripe.yaml` → `stripe` */
function nameOf(path: string): string {
  return /([^/\\]+?)(?:\.ya?ml)?$/.exec(path)?.[1] ?? path;
}
