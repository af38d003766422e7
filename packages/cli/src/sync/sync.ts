/** Syncs pipelines: those that share a file one after the other, the others several at once. */
import { SyncError, type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import { checkHistory } from "../duration.ts";
import { explained } from "../explain.ts";
import type { Io } from "../io.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Reporter } from "../render/reporter.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { type Ended, type Report, runPipelines } from "./run-pipelines.ts";

/** Settings of this sync for all pipelines. They override the pipelines' own. */
export interface SyncSettings {
  readonly streams?: readonly string[] | undefined;
  readonly fullRefresh?: boolean | undefined;
  readonly reconcile?: boolean | undefined;
  readonly reconcileEveryMs?: number | undefined;
  readonly allowMassDelete?: boolean | undefined;
  readonly keepSamplesMs?: number | undefined;
  readonly historyMs?: number | undefined;
  /** Requests for what a first sync left for later. */
  readonly outstandingBudget?: number | undefined;
  /** Maximum number of concurrent requests to each server. */
  readonly concurrency?: number | undefined;
}

/** Receives the progress of syncs. */
export interface SyncReport extends Report<SyncResult> {
  /** Called when a pipeline's sync starts. */
  reporterOf(name: string): Reporter;
}

/** What was synced, even if the sync is incomplete. */
export function resultOf({ result, thrown }: Pick<Ended<SyncResult>, "result" | "thrown">): SyncResult | undefined {
  return thrown instanceof SyncError ? thrown.result : result;
}

/** @returns the worst of the exit codes. Errors are reported as they happen. */
export function syncPipelines(
  pipelines: Parameters<typeof runPipelines<Pipeline, SyncResult>>[0],
  { parallel, ...settings }: SyncSettings & { readonly parallel: number },
  io: Io & Pick<SafeIo, "pipes">,
  report: SyncReport,
): Promise<number> {
  const work = (pipeline: Pipeline, name: string) =>
    reported(pipeline, io, syncOne(pipeline, settings, io, report.reporterOf(name)));
  return runPipelines(pipelines, { work, parallel, keyOf: lockOf }, io, report);
}

/** Pipelines that write to the same file run one after the other, since a sync holds the file. */
function lockOf({ place: { destination } }: Pipeline): string | undefined {
  return destination.capabilities.fencing === "lock" ? destination.name : undefined;
}

/** Tells Dagster how a sync ended, if it wants to know. */
async function reported(
  pipeline: Pipeline,
  { pipes }: Pick<SafeIo, "pipes">,
  syncing: Promise<SyncResult>,
): Promise<SyncResult> {
  if (!pipes) return syncing;
  const [outcome] = await Promise.allSettled([syncing]);
  const ended = outcome.status === "fulfilled" ? { result: outcome.value } : { thrown: outcome.reason as unknown };
  const { reportSync } = await import("../pipes/report.ts");
  await reportSync(pipes, pipeline, { ...ended, result: resultOf(ended) });
  return syncing;
}

async function syncOne(pipeline: Pipeline, settings: SyncSettings, io: Io, reporter: Reporter): Promise<SyncResult> {
  const { name, source, destination } = pipeline;
  const { fullRefresh = false, allowMassDelete = false, reconcile, outstandingBudget } = settings;
  const streams = settings.streams ?? pipeline.streams;
  const reconcileEveryMs = settings.reconcileEveryMs ?? pipeline.reconcileEveryMs;
  const concurrency = settings.concurrency ?? pipeline.concurrency;
  const keepSamplesMs = settings.keepSamplesMs ?? pipeline.keepSamplesMs;
  const historyMs = settings.historyMs ?? pipeline.historyMs;
  checkHistory(settings.historyMs, "--history");
  const timer = setInterval(() => reporter.tick(), reporter.tickMs);
  try {
    return await sync({
      ...{ source, destination, pipeline: name, fullRefresh, allowMassDelete },
      ...(streams && { streams }),
      ...(io.signal && { signal: io.signal }),
      ...(io.requests && { requests: io.requests }),
      ...(reconcile && { reconcile }),
      ...(reconcileEveryMs !== undefined && { reconcileEveryMs }),
      ...(outstandingBudget !== undefined && { outstandingBudget }),
      ...(concurrency !== undefined && { concurrency }),
      ...(keepSamplesMs !== undefined && { keepSamplesMs }),
      ...(historyMs !== undefined && { historyMs }),
      onEvent: (event: SyncEvent) => reporter.event(event),
    });
  } catch (error) {
    throw await explained(error, source, io);
  } finally {
    clearInterval(timer);
    reporter.end();
  }
}
