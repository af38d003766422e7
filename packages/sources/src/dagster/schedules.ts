import { defineStream } from "@org/sync-engine/source";
import { type PositionState, replaceKnown } from "./known-locations.ts";
import { type DagsterSync, keptWhileUnloaded } from "./shared.ts";
import { scheduleRow, schedulesTable } from "./tables/schedules.ts";

/** The schedules of all loaded code locations, at every sync: missing ones are deleted. */
export const schedules = defineStream<DagsterSync, typeof schedulesTable, PositionState>({
  name: "schedules",
  table: schedulesTable,
  revision: 1,
  needs: ["code_location"],
  keeps: keptWhileUnloaded,
  async *read({ shared: { before }, stored, ...context }) {
    const { position, definitions } = await before();
    const rows = definitions.schedules.map(({ schedule, location }) => scheduleRow(schedule, location));
    yield await replaceKnown(schedulesTable, {
      rows,
      definitions,
      stored,
      unstored: context.unstored(schedulesTable),
      state: { position },
    });
  },
});
