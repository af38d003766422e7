import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import {
  ConcurrencyLimitsDocument,
  DeleteConcurrencyLimitDocument,
  HealthDocument,
  SetConcurrencyLimitDocument,
  VersionDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { PythonProblem } from "../python-problem.ts";

/** How many steps of a concurrency key (called a pool since 1.10) may run at once, and which do. */
export interface ConcurrencyLimit {
  readonly concurrencyKey: string;
  /** How many may run at once. */
  readonly slotCount: number;
  /** How many do. */
  readonly activeSlotCount: number;
  readonly activeRunIds: readonly string[];
  /** How many wait for a slot. */
  readonly pendingStepCount: number;
  readonly pendingStepRunIds: readonly string[];
}

/** One of the daemon's parts. Times are seconds since 1970. */
export interface Daemon {
  /** What it does, e.g. `SCHEDULER`. */
  readonly daemonType: string;
  /** Whether this instance needs it. */
  readonly required: boolean;
  /** Null if it never reported. */
  readonly healthy: boolean | null;
  readonly lastHeartbeatTime: number | null;
  readonly lastHeartbeatErrors: readonly PythonProblem[] | null;
}

/** The daemon's health. */
export interface Health {
  /** Whether all parts of the daemon that this instance needs have recently reported to be healthy. */
  readonly healthy: boolean;
  readonly daemons: readonly Daemon[];
}

/** The server's version. */
export async function version(client: DagsterClient, call: CallOptions = {}): Promise<string> {
  return (await client.request(VersionDocument, {}, call)).version;
}

/** Whether the daemon runs: without it there is no queue, no schedule, no sensor and no backfill. */
export async function health(client: DagsterClient, call: CallOptions = {}): Promise<Health> {
  const { instance } = await client.request(HealthDocument, {}, call);
  const daemons = objectsIn(instance?.daemonHealth?.allDaemonStatuses, "daemons");
  return { healthy: daemons.every(({ required, healthy }) => !required || healthy === true), daemons };
}

/** The concurrency keys (pools) that have a limit, or are in use. */
export async function concurrencyLimits(
  client: DagsterClient,
  call: CallOptions = {},
): Promise<readonly ConcurrencyLimit[]> {
  const { instance } = await client.request(ConcurrencyLimitsDocument, {}, call);
  return objectsIn(instance?.concurrencyLimits, "concurrency limits");
}

/** Sets how many steps of a concurrency key may run at once. */
export async function setConcurrencyLimit(
  client: DagsterClient,
  key: string,
  limit: number,
  call: CallOptions = {},
): Promise<void> {
  await client.request(SetConcurrencyLimitDocument, { key, limit }, call);
}

/** Removes the limit of a concurrency key. */
export async function removeConcurrencyLimit(
  client: DagsterClient,
  key: string,
  call: CallOptions = {},
): Promise<void> {
  await client.request(DeleteConcurrencyLimitDocument, { key }, call);
}
