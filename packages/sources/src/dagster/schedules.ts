import { defineStream } from "@org/sync-engine";
import type { DagsterSync } from "./shared.ts";
import { scheduleRow, schedulesTable } from "./tables/schedules.ts";

/** The schedules of all code locations that are loaded, at every sync. */
export const schedules = defineStream<DagsterSync, typeof schedulesTable>({
  name: "schedules",
  table: schedulesTable,
  revision: 1,
  async *read({ shared: dagster }) {
    const { position, definitions } = await dagster.before();
    // These are all schedules of the locations in `definitions.loaded`, and say nothing of those in `unavailable`.
    const upserts = definitions.schedules.map(({ schedule, place }) => scheduleRow(schedule, place));
    yield { upserts, state: { position } };
  },
});
