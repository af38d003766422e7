/** Reads `runner.yaml` and its job files. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  foreignJobOf,
  foreignJobSchema,
  isForeignJob,
  type Job,
  jobOf,
  jobSchema,
  type RunnerConfig,
  runnerSchemaFor,
  type Schedule,
  type ScheduleConfig,
  scheduleOf,
} from "@org/runner";
import type * as z from "zod";
import { UsageError } from "../errors.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** A parsed `runner.yaml`, with its jobs. */
export interface RunnerFile {
  readonly path: string;
  readonly mode: "orchestrated" | "oneshot";
  /** The enabled schedules. */
  readonly schedules: readonly Schedule[];
  /** Names of the disabled ones. */
  readonly disabled: readonly string[];
  /** Those whose jobs were read, in the file's order. */
  readonly all: readonly Schedule[];
  readonly concurrencyPerTenant: number;
  /** All files read. */
  readonly files: readonly string[];
  /** Warnings about unknown keys, with line and column. */
  readonly notices: readonly string[];
}

/**
 * @param options.disabledToo reads the jobs of disabled schedules as well. @default false
 * @throws UsageError that names every mistake, with line and column
 */
export async function readRunner(
  path: string,
  signal?: AbortSignal,
  { disabledToo = false }: { readonly disabledToo?: boolean } = {},
): Promise<RunnerFile> {
  // As YAML 1.1, like the original's parser, for which yes is true.
  const file = await readYaml(
    path,
    { schemaOf: runnerSchemaFor, version: "1.1", ifMissing: "Name another with --config." },
    signal,
  );
  const { mode, orchestrator } = file.value;
  checkNames(file);
  const wanted = [...orchestrator.schedules.entries()].filter(([, { enabled }]) => enabled || disabledToo);
  const jobs = await Promise.allSettled(wanted.map(([index, config]) => readJob(file, config, index, signal)));
  const mistakes = jobs.flatMap((job) => (job.status === "rejected" ? [job.reason as Error] : []));
  const [first, ...others] = mistakes;
  if (first && (others.length === 0 || !mistakes.every((each) => each instanceof UsageError))) throw first;
  if (first) throw new UsageError(mistakes.map(({ message }) => message).join("\n  "));
  const read = jobs.map((job) => (job as PromiseFulfilledResult<ReadJob>).value);
  const all = wanted.map(([, config], index) => scheduleOf(config, read[index]!.job));
  const disabled = orchestrator.schedules.filter((each) => !each.enabled).map(({ name }) => name);
  return {
    ...{ path, mode, disabled, all },
    schedules: all.filter(({ name }) => !disabled.includes(name)),
    concurrencyPerTenant: orchestrator.concurrency_per_tenant,
    files: [path, ...read.flatMap((job) => job.path ?? [])],
    notices: [...file.unknownKeys, ...read.flatMap((job) => job.notices)],
  };
}

/** The line and column of a schedule's value, with or without a top-level `runner`. */
function scheduleAt({ raw, where }: YamlFile<RunnerConfig>, index: number, key: string): string {
  const isBare = !Object.hasOwn(raw as object, "runner");
  return where([...(isBare ? [] : ["runner"]), "orchestrator", "schedules", index, key]);
}

function checkNames(file: YamlFile<RunnerConfig>): void {
  const names = file.value.orchestrator.schedules.map(({ name }) => name);
  const index = names.findIndex((name, at) => names.indexOf(name) < at);
  if (index < 0) return;
  throw new UsageError(
    `${scheduleAt(file, index, "name")} repeats the name of an earlier schedule. Give each schedule its own name.`,
  );
}

interface ReadJob {
  readonly job: Job;
  readonly path?: string;
  readonly notices: readonly string[];
}

const eitherJob = (value: unknown) =>
  isForeignJob(value)
    ? foreignJobSchema.transform((config) => ({ isForeign: true as const, config }))
    : jobSchema.transform((config) => ({ isForeign: false as const, config }));

async function readJob(
  file: YamlFile<RunnerConfig>,
  { config, job }: ScheduleConfig,
  index: number,
  signal: AbortSignal | undefined,
): Promise<ReadJob> {
  if (job) return { job: jobOf(job), notices: [] };
  const path = jobPath(file.path, config!);
  if (!existsSync(path)) {
    throw new UsageError(`${scheduleAt(file, index, "config")} names a file that does not exist. Correct the path.`);
  }
  const { value, unknownKeys } = await readYaml<z.output<ReturnType<typeof eitherJob>>>(
    path,
    { schemaOf: eitherJob, version: "1.1", ifMissing: "" },
    signal,
  );
  const read = value.isForeign ? foreignJobOf(value.config, path) : jobOf(value.config);
  return { job: read, path, notices: unknownKeys };
}

/** Relative to the file, like all paths in our files; otherwise to the working directory, as in the original. */
function jobPath(runnerPath: string, config: string): string {
  const beside = resolve(dirname(runnerPath), config);
  return existsSync(beside) ? beside : existsSync(config) ? resolve(config) : beside;
}
