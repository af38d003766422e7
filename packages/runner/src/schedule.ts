/** A schedule as it is run: what the file says, with its job, ready to be asked when it is due. */
import { cronTiming, intervalTiming, type Timing } from "./cron/moments.ts";
import type { ForeignJobConfig, JobConfig, RetryConfig } from "./file/job-schema.ts";
import type { ScheduleConfig } from "./file/runner-schema.ts";

/** What becomes of moments that were missed: nothing, one run for all of them, or one run each. */
export type Catchup = "skip" | "one" | "all";

/** What a job runs. */
export type JobCommand =
  /** `dagsync` itself, with arguments. */
  | { readonly kind: "dagsync"; readonly args: readonly string[] }
  /** A program and its arguments. */
  | { readonly kind: "program"; readonly args: readonly string[] }
  /** A text for the shell. */
  | { readonly kind: "shell"; readonly text: string };

/** What a schedule runs. */
export interface Job {
  /** Whose it is; undefined where it belongs to nobody, and no limit of a tenant holds. */
  readonly tenant: string | undefined;
  /** For log lines: the kind of source, or of job. */
  readonly connectorType: string;
  readonly command: JobCommand;
  /** @default a run that failed is not repeated */
  readonly retry: RetryConfig | undefined;
}

/** A job, and when it runs. */
export interface Schedule {
  readonly name: string;
  readonly timing: Timing;
  /** For people: `0 6 * * * Europe/Berlin`, `every 90 s`. */
  readonly when: string;
  /** Of the cron expression, and in which its moments are shown. */
  readonly timezone: string;
  readonly maxConcurrentRuns: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly catchup: Catchup;
  readonly job: Job;
}

/** @throws RunnerError for a cron expression or a time zone that cannot be one, which the file's schema refuses before */
export function scheduleOf(config: ScheduleConfig, job: Job): Schedule {
  const { name, cron, interval_seconds: seconds, timezone, max_concurrent_runs, tags, catchup } = config;
  return {
    ...{ name, timezone, catchup, job },
    timing: cron == null ? intervalTiming(seconds!) : cronTiming(cron, timezone),
    when: cron == null ? `every ${seconds} s` : `${cron} ${timezone}`,
    maxConcurrentRuns: max_concurrent_runs,
    tags: tags ?? {},
  };
}

/** A job of ours. */
export function jobOf(config: JobConfig): Job {
  const kind = (["sync", "report", "export", "command"] as const).find((each) => config[each] !== undefined)!;
  return {
    tenant: config.tenant_id,
    connectorType: config.connector_type ?? kind,
    command: commandOf(kind, config[kind]!),
    retry: config.retry_config ?? undefined,
  };
}

/** A job of the original runner's, which its own command carries out, as it does there. @param path of its file */
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
