import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import {
  type ConcurrencyLimitFragment,
  ConcurrencyLimitsDocument,
  DeleteConcurrencyLimitDocument,
  HealthDocument,
  type HealthQuery,
  SetConcurrencyLimitDocument,
  VersionDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";

/** How many steps of a concurrency key (called a pool since 1.10) may run at once, and which do. */
export type ConcurrencyLimit = ConcurrencyLimitFragment;

/** One of the daemon's parts, e.g. `SCHEDULER`. Times are seconds since 1970. */
export type Daemon = HealthQuery["instance"]["daemonHealth"]["allDaemonStatuses"][number];

export interface Health {
  /** Whether all parts of the daemon that this instance needs have recently reported to be healthy. */
  readonly healthy: boolean;
  readonly daemons: readonly Daemon[];
}

/** The server's version. */
export async function version(client: DagsterClient, call: DagsterRequestOptions = {}): Promise<string> {
  return (await client.request(VersionDocument, {}, call)).version;
}

/** Whether the daemon runs: without it there is no queue, no schedule, no sensor and no backfill. */
export async function health(client: DagsterClient, call: DagsterRequestOptions = {}): Promise<Health> {
  const { instance } = await client.request(HealthDocument, {}, call);
  const daemons = objectsIn(instance?.daemonHealth?.allDaemonStatuses, "daemons");
  return { healthy: daemons.every(({ required, healthy }) => !required || healthy === true), daemons };
}

/** The concurrency keys (pools) that have a limit, or are in use. */
export async function concurrencyLimits(
  client: DagsterClient,
  call: DagsterRequestOptions = {},
): Promise<readonly ConcurrencyLimit[]> {
  const { instance } = await client.request(ConcurrencyLimitsDocument, {}, call);
  return objectsIn(instance?.concurrencyLimits, "concurrency limits");
}

/** Sets how many steps of a concurrency key may run at once. */
export async function setConcurrencyLimit(
  client: DagsterClient,
  key: string,
  limit: number,
  call: DagsterRequestOptions = {},
): Promise<void> {
  await client.request(SetConcurrencyLimitDocument, { key, limit }, call);
}

/** Removes the limit of a concurrency key. */
export async function removeConcurrencyLimit(
  client: DagsterClient,
  key: string,
  call: DagsterRequestOptions = {},
): Promise<void> {
  await client.request(DeleteConcurrencyLimitDocument, { key }, call);
}
