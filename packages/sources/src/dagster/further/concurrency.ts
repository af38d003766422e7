import { unwrap } from "@org/dagster-client";
import { defineStream, samples } from "@org/sync-engine/source";
import { timestampOf } from "../../timestamp.ts";
import type { PositionState } from "../known-locations.ts";
import type { DagsterSync } from "../shared.ts";
import { concurrencyTable, poolRow, runQueueRow } from "../tables/concurrency.ts";

/** How full the pools and the queue of runs are, at every sync. */
export const concurrency = defineStream<DagsterSync, typeof concurrencyTable, PositionState>({
  name: "concurrency",
  table: concurrencyTable,
  revision: 1,
  isOptIn: true,
  isSampled: true,
  async *read({ shared, streams, ...context }) {
    const { position } = await shared.before();
    const { concurrency: found, queued, active } = await shared.overview("concurrency", streams);
    const sampledAt = timestampOf(position.server);
    const runs = { queued: unwrap(queued, "Runs").count ?? 0, active: unwrap(active, "Runs").count ?? 0 };
    const pools = (found?.concurrencyLimits ?? []).map((pool) => poolRow(pool, sampledAt));
    const rows = [...pools, runQueueRow(found?.runQueueConfig ?? null, runs, sampledAt)];
    yield* samples(concurrencyTable, { rows, at: position.server, state: { position } }, context);
  },
});
