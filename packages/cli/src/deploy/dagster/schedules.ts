/** What `runner.yaml` says, as Dagster has it. */
import type { RetryConfig, Schedule } from "@org/runner";
import type { SafeIo } from "../../render/safe-output.ts";
import { commandLineOf } from "../command-line.ts";
import type { DagsterSchedule, SyncedTable, Verification } from "./definitions.ts";
import { checkNames, nameOf, tagsOf } from "./names.ts";
import { type SyncedPipeline, syncedBy } from "./synced-tables.ts";

export interface DagsterOptions {
  /** How workers start `dagsync`. */
  readonly dagsync: readonly string[];
  /** Where jobs run. */
  readonly folder: string;
}

/** All schedules of the file, with those that are not enabled. */
export interface DeployedSchedules {
  readonly schedules: readonly Schedule[];
  readonly isEnabled: (schedule: Schedule) => boolean;
}

/** What the definitions file says. */
export interface DagsterDefinitions {
  readonly schedules: readonly DagsterSchedule[];
  readonly verifications: readonly Verification[];
}

/** How much of the past a verification compares. */
const verified = ["--since", "1d"];

/** @throws UsageError for what Dagster cannot have, or a command that holds a secret */
export async function dagsterDefinitionsOf(
  { schedules, isEnabled }: DeployedSchedules,
  options: DagsterOptions,
  io: SafeIo,
): Promise<DagsterDefinitions> {
  const claimed = new Set<string>();
  const isNew = ({ key }: SyncedTable) => !claimed.has(key.join("/"));
  const deployed: DagsterSchedule[] = [];
  const verifications: Verification[] = [];
  const names: { readonly name: string; readonly of: string }[] = [];
  for (const schedule of schedules) {
    const pipelines = await syncedBy(schedule, io);
    const tables = pipelines.flatMap((pipeline) => pipeline.tables);
    // An asset has one definition: the first schedule's. What others do to its table, they report.
    const isFirst = tables.length > 0 && tables.every(isNew);
    const found = pipelines.filter((pipeline) => pipeline.tables.every(isNew));
    const common = { ...commonOf(schedule, options), enabled: isEnabled(schedule), reports: reportsOf(schedule) };
    const reported = isFirst ? [] : tables.filter(isNew);
    const can_subset = isFirst && pipelines.length === 1;
    deployed.push({ ...common, assets: isFirst ? tables : [], reported_assets: reported, can_subset });
    for (const { key } of tables) claimed.add(key.join("/"));
    verifications.push(...found.flatMap((pipeline) => verificationOf(pipeline, options) ?? []));
    const of = `the schedule "${schedule.name}"`;
    names.push({ name: common.name, of }, { name: `${common.name}__${isFirst ? "sync" : "command"}`, of });
  }
  for (const { name } of verifications) names.push({ name, of: "the check of a pipeline" });
  checkNames(names);
  return { schedules: deployed, verifications };
}

function commonOf(schedule: Schedule, { dagsync, folder }: DagsterOptions) {
  const { name, job, when, cron, intervalSeconds, timezone, catchup } = schedule;
  return {
    name: nameOf(name),
    description: `${name} of runner.yaml: ${when}`,
    command: commandLineOf(name, job.command, dagsync),
    cwd: folder,
    environment: { DAGSYNC_JOB: name, ...(job.tenant !== undefined && { DAGSYNC_TENANT: job.tenant }) },
    ...{ cron: cron ?? null, timezone, interval: intervalSeconds ?? null, catchup },
    tags: tagsOf(schedule),
    retry: job.retry ? retryOf(job.retry) : null,
  };
}

function retryOf(retry: RetryConfig): NonNullable<DagsterSchedule["retry"]> {
  return {
    max_retries: retry.max_retries,
    exit_codes: retry.retryable_exit_codes,
    error_patterns: retry.retryable_error_patterns ?? [],
    initial_delay: retry.initial_delay_seconds ?? (retry.retry_delay_seconds || 5),
    multiplier: retry.backoff_multiplier,
    max_delay: retry.max_delay_seconds,
  };
}

/** Dagster warns of a command that could tell it something, and does not. */
function reportsOf({ job: { command } }: Schedule): boolean {
  if (command.kind === "dagsync") return true;
  return /\bdagsync\b/.test(command.kind === "shell" ? command.text : command.args.join(" "));
}

function verificationOf(
  { tables, verify }: SyncedPipeline,
  { dagsync, folder }: DagsterOptions,
): Verification | undefined {
  const [first] = tables;
  if (!first) return undefined;
  const command = [...dagsync, ...verify, ...verified];
  return {
    ...{ name: `verify_${first.group}`, command, cwd: folder, environment: {}, retry: null, reports: true },
    keys: tables.map(({ key }) => key),
  };
}
