import type { ConcurrencyPool, OverviewAnswer } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";

export const concurrencyTable = defineTable({
  name: "dagster_concurrency",
  description: "How full the pools and the queue of runs were at each sync.",
  primaryKey: ["kind", "name", "sampled_at"],
  datedBy: ["sampled_at"],
  columns: {
    kind: { type: "string", description: "POOL, or RUN_QUEUE for the whole deployment." },
    name: { type: "string", description: "Name of the pool (before 1.10: concurrency key); empty for the queue." },
    sampled_at: { type: "timestamp", description: "When the sample was taken, by the server's clock." },
    slots: {
      type: "int64",
      nullable: true,
      description: "How many steps of the pool, or runs of the queue, may run at once; null if there is no limit.",
    },
    active: {
      type: "int64",
      description: "Steps that have a slot; for the queue, runs that left it and have not ended.",
    },
    pending: { type: "int64", description: "Steps that wait for a slot; for the queue, runs in it." },
    active_run_ids: { type: "json", description: "Runs with a slot, in alphabetical order; empty for the queue." },
    pending_run_ids: { type: "json", description: "Runs that wait, in alphabetical order; empty for the queue." },
    tag_limits: { type: "string", nullable: true, description: "Limits of the queue by tag, as YAML." },
  },
});

export function poolRow(pool: ConcurrencyPool, sampledAt: string): Row<typeof concurrencyTable> {
  return {
    kind: "POOL",
    name: pool.concurrencyKey,
    sampled_at: sampledAt,
    slots: pool.slotCount,
    active: pool.activeSlotCount,
    pending: pool.pendingStepCount,
    active_run_ids: [...new Set(pool.activeRunIds)].sort(),
    pending_run_ids: [...new Set(pool.pendingStepRunIds)].sort(),
    tag_limits: null,
  };
}

/** @param runs how many runs are in the queue, and how many left it and have not ended */
export function runQueueRow(
  queue: NonNullable<OverviewAnswer["concurrency"]>["runQueueConfig"],
  runs: { readonly queued: number; readonly active: number },
  sampledAt: string,
): Row<typeof concurrencyTable> {
  const most = queue?.maxConcurrentRuns ?? -1;
  return {
    kind: "RUN_QUEUE",
    name: "",
    sampled_at: sampledAt,
    slots: most < 0 ? null : most,
    active: runs.active,
    pending: runs.queued,
    active_run_ids: [],
    pending_run_ids: [],
    tag_limits: queue?.tagConcurrencyLimitsYaml ?? null,
  };
}
