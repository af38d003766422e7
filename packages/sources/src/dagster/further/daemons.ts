import { defineStream, samples } from "@org/sync-engine/source";
import { timestampOf } from "../../timestamp.ts";
import type { PositionState } from "../known-locations.ts";
import type { DagsterSync } from "../shared.ts";
import { daemonRow, daemonsTable } from "../tables/daemons.ts";

/** How the parts of the daemon are doing, at every sync. */
export const daemons = defineStream<DagsterSync, typeof daemonsTable, PositionState>({
  name: "daemons",
  table: daemonsTable,
  revision: 1,
  isOptIn: true,
  isSampled: true,
  async *read({ shared, streams, ...context }) {
    const { position } = await shared.before();
    const overview = await shared.overview("daemons", streams);
    const sampledAt = timestampOf(position.server);
    const rows = overview.daemons?.daemonHealth.allDaemonStatuses.map((each) => daemonRow(each, sampledAt)) ?? [];
    yield* samples(daemonsTable, { rows, at: position.server, state: { position } }, context);
  },
});
