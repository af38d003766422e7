import { streamNames } from "@org/sync-engine";
import type { Command } from "commander";
import { loadPipelines, optionsOrNames } from "../choice.ts";
import type { ConfiguredPipeline } from "../config/pipelines.ts";
import { offlineSource } from "../config/source.ts";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { type Pipeline, pipelineFromOptions } from "../pipeline.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { manyAsJson, manyForPeople, oneAsJson, oneForPeople } from "../render/syncs.ts";
import { type SyncSettings, syncPipelines } from "../sync/sync.ts";
import { uniteViews } from "../sync/views.ts";
import { parseCount, parseNames, type Run, shared } from "./options.ts";

interface SyncOptions {
  readonly from?: string;
  readonly to?: string;
  readonly pipeline?: string;
  readonly config?: string;
  readonly parallel: string;
  readonly streams?: string;
  readonly fullRefresh?: true;
  readonly reconcile?: true;
  readonly reconcileEvery?: string;
  readonly allowMassDelete?: true;
  readonly attemptsBudget?: string;
  readonly concurrency?: string;
  readonly keepSamples?: string;
  readonly history?: string;
  readonly batch: boolean;
  readonly json?: true;
}

export function addSync(program: Command, io: SafeIo, run: Run): void {
  program
    .command("sync")
    .description("copy what changed since the last sync; the first sync copies everything")
    .argument("[pipelines...]", "names of pipelines in the configuration (default: all)")
    .option(...shared("from"))
    .option(...shared("to"))
    .option(...shared("config"))
    .option("--parallel <number>", "how many pipelines of the configuration to sync at once", "2")
    .option(...shared("streams"))
    .option("--full-refresh", "discard the stored state and read everything again")
    .option("--reconcile", "look for deletions now")
    .option("--reconcile-every <duration>", "how often to look for deletions: 12h, 1d, off (default: 1d)")
    .option(
      "--allow-mass-delete",
      "mark rows as deleted even if more than 20 % and more than 100 rows of a table are gone",
    )
    .option(
      "--attempts-budget <number>",
      "request earlier attempts of at most this many of Airflow's task instances; the next sync continues (default: all)",
    )
    .option("--concurrency <number>", "maximum number of requests to a server at once, up to 64 (default: 8)")
    .option("--history <duration>", "how far back a first sync reads: 90d, off (default: everything)")
    .option("--keep-samples <duration>", "how long to keep samples, as of pools: 30d, off (default: 90d)")
    .option("--no-batch", "list Airflow's rows by GET: slower, but without entries in its audit log")
    .option(...shared("pipeline"))
    .option(...shared("json", ", and every event"))
    .action(
      run(async (names: readonly string[], options: SyncOptions) => {
        const settings = settingsOf(options);
        const named = optionsOrNames(names, options);
        return named ? syncNamed({ ...options, ...named }, settings, io) : syncConfigured(names, options, settings, io);
      }),
    );
}

type Settings = SyncSettings & { readonly parallel: number };

function settingsOf({
  streams,
  reconcileEvery,
  parallel,
  attemptsBudget,
  concurrency,
  keepSamples,
  history,
  ...flags
}: SyncOptions): Settings {
  return {
    ...{ fullRefresh: flags.fullRefresh, reconcile: flags.reconcile, allowMassDelete: flags.allowMassDelete },
    parallel: parseCount("--parallel", parallel),
    streams: parseNames(streams),
    concurrency: concurrency === undefined ? undefined : parseConcurrency(concurrency),
    outstandingBudget: attemptsBudget === undefined ? undefined : parseBudget(attemptsBudget),
    reconcileEveryMs: reconcileEvery === undefined ? undefined : parseDuration("--reconcile-every", reconcileEvery),
    historyMs: history === undefined ? undefined : parseDuration("--history", history),
    keepSamplesMs: keepSamples === undefined ? undefined : parseDuration("--keep-samples", keepSamples),
  };
}

/** @throws UsageError */
function parseBudget(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError("--attempts-budget must be a whole number, 0 or more.");
}

/** @throws UsageError */
function parseConcurrency(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64) return Number(text);
  throw new UsageError("--concurrency must be a whole number from 1 to 64.");
}

async function syncNamed(
  options: SyncOptions & { readonly from: string; readonly to: string },
  settings: Settings,
  io: SafeIo,
): Promise<number> {
  let destination = "";
  const open = async (): Promise<Pipeline> => {
    const pipeline = await pipelineFromOptions(options, io.env);
    destination = pipeline.place.destination.name;
    return pipeline;
  };
  const report = options.json ? oneAsJson(io) : oneForPeople(io, () => destination);
  return syncPipelines([{ name: "", open }], settings, io, report);
}

async function syncConfigured(
  names: readonly string[],
  options: SyncOptions,
  settings: Settings,
  io: SafeIo,
): Promise<number> {
  const loaded = await loadPipelines(names, options, io);
  checkStreams(settings.streams, loaded.chosen);
  const { batch } = options;
  const pipelines = loaded.chosen.map(({ name, open }) => ({ name, open: () => open({ batch }) }));
  const report = options.json ? manyAsJson(io) : manyForPeople(io);
  return uniteViews(loaded, await syncPipelines(pipelines, settings, io, report), io);
}

/** Reports a stream that no pipeline has, once, and before anything starts. @throws UsageError */
function checkStreams(names: readonly string[] | undefined, pipelines: readonly ConfiguredPipeline[]): void {
  const known = [...new Set(pipelines.flatMap(({ kind }) => streamNames(offlineSource(kind))))];
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    const advice = didYouMean(name, known) || ` They have: ${known.join(", ")}.`;
    throw new UsageError(`--streams names a stream that no pipeline has.${advice}`);
  }
}
