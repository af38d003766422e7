import { type DagsterClient, serverVersionDocument } from "@org/dagster-client";
import type { Source } from "@org/sync-engine";
import { assets } from "./assets.ts";
import { runs } from "./runs.ts";
import { schedules } from "./schedules.ts";
import { sensors } from "./sensors.ts";
import { type DagsterOptions, type DagsterSync, startDagsterSync } from "./shared.ts";

export type { DagsterOptions } from "./shared.ts";
export { assetsTable } from "./tables/assets.ts";
export { runsTable } from "./tables/runs.ts";
export { schedulesTable } from "./tables/schedules.ts";
export { sensorsTable } from "./tables/sensors.ts";

/**
 * Dagster as a source of four streams: `runs`, `assets`, `schedules` and `sensors`.
 *
 * What a code location defines keeps its content while that location fails to load, or is loading.
 */
export function dagster(options: DagsterOptions): Source<DagsterSync> {
  const { client } = options;
  return {
    name: "dagster",
    url: client.url,
    streams: [runs, assets, schedules, sensors],
    start: (context) => startDagsterSync(options, context),
    async check({ request }) {
      const { version } = await request("the server", (signal) =>
        client.request(serverVersionDocument, {}, { signal }),
      );
      return { version, notes: [] };
    },
  };
}

export type { DagsterClient };
