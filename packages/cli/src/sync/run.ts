import { type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import { explained } from "../explain.ts";
import type { Io } from "../io.ts";
import { parseDuration } from "../parse-duration.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Reporter } from "../render/reporter.ts";

/** How a sync is to be done this time, whichever pipeline it is. */
export interface SyncFlags {
  readonly streams?: string;
  readonly fullRefresh?: true;
  readonly reconcile?: true;
  readonly reconcileEvery?: string;
  readonly allowMassDelete?: true;
}

/** Syncs a pipeline and shows it. What is given on the command line goes before what the pipeline says. */
export async function runSync(pipeline: Pipeline, flags: SyncFlags, io: Io, reporter: Reporter): Promise<SyncResult> {
  const { name, source, destination } = pipeline;
  const streams = flags.streams?.split(",").flatMap((each) => each.trim() || []) ?? pipeline.streams;
  const { reconcileEvery: every } = flags;
  const reconcileEveryMs = every === undefined ? pipeline.reconcileEveryMs : parseDuration("--reconcile-every", every);
  const timer = setInterval(() => reporter.tick(), reporter.tickMs);
  try {
    return await sync({
      source,
      destination,
      pipeline: name,
      ...(streams && { streams }),
      ...(io.signal && { signal: io.signal }),
      ...(io.requests && { requests: io.requests }),
      ...(flags.reconcile && { reconcile: true }),
      ...(reconcileEveryMs !== undefined && { reconcileEveryMs }),
      fullRefresh: flags.fullRefresh ?? false,
      allowMassDelete: flags.allowMassDelete ?? false,
      onEvent: (event: SyncEvent) => reporter.event(event),
    });
  } catch (error) {
    throw await explained(error, source, io);
  } finally {
    clearInterval(timer);
    reporter.end();
  }
}

/** A whole number of at least 1. @throws UsageError */
export function parseCount(option: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number, 1 or more.`);
}
