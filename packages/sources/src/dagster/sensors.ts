import type { StoredValues } from "@org/destination";
import { defineStream } from "@org/sync-engine/source";
import { type PositionState, replaceKnown } from "./known-locations.ts";
import { type DagsterSync, keptWhileUnloaded } from "./shared.ts";
import { isOpen, runRow, runsTable } from "./tables/runs.ts";
import { sensorRow, sensorsTable } from "./tables/sensors.ts";

/**
 * The sensors of all loaded code locations, at every sync: missing ones are deleted. Their runs in progress are read
 * from the table of runs. If this sync did not update that table (because `runs` is not selected, failed, or only
 * sampled), or if no table is kept, all runs in progress are requested from the server instead.
 */
export const sensors = defineStream<DagsterSync, typeof sensorsTable, PositionState>({
  name: "sensors",
  table: sensorsTable,
  revision: 1,
  needs: ["code_location"],
  keeps: keptWhileUnloaded,
  async *read({ shared: { api, before, areRunsStored }, stored, ...context }) {
    const { position, definitions } = await before();
    const statuses = definitions.statuses.filter(isOpen);
    const active = new Map<string, string[]>();
    const add = (run: StoredValues) => {
      const key = sensorKey(run.code_location, run.repository, (run.tags as Record<string, unknown>)[SENSOR_TAG]);
      active.set(key, [...(active.get(key) ?? []), run.run_id as string]);
    };
    if (areRunsStored && context.keepsRows) {
      const columns = ["tags", "repository", "code_location"] as const;
      for (const row of await stored.keys(runsTable, { status: { in: statuses } }, columns)) add(row);
    } else {
      for await (const { rows } of api.runPages({ filter: { statuses } })) for (const run of rows) add(runRow(run, 0));
    }
    const rows = definitions.sensors.map(({ sensor, location }) => {
      const ids = active.get(sensorKey(location.code_location, location.repository, sensor.name)) ?? [];
      return sensorRow(sensor, location, [...new Set(ids)].sort());
    });
    yield await replaceKnown(sensorsTable, {
      rows,
      definitions,
      stored,
      unstored: context.unstored(sensorsTable),
      state: { position },
    });
  },
});

/** The tag that Dagster adds to the runs that a sensor launches. */
const SENSOR_TAG = "dagster/sensor_name";

function sensorKey(...parts: unknown[]): string {
  return JSON.stringify(parts);
}
