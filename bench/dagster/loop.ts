import { assets, createDagsterClient, runs, schedules, sensors } from "@org/dagster-client";
import { type Contender, readDuckdb, writeDuckdb } from "../contender.ts";
import { countedFetch } from "../measure.ts";
import type { DagsterTarget } from "./target.ts";

/**
 * What a good engineer writes in an afternoon with the client: four lists, into a DuckDB file. Without resuming, changes,
 * deletions or retries.
 */
export const loop: Contender<DagsterTarget> = {
  async copy(target) {
    const counted = countedFetch();
    const client = createDagsterClient({ url: target.url, fetch: counted.fetch });
    await writeDuckdb(target, "loop", {
      runs: await runs.list(client).toArray(),
      assets: (await assets.list(client).toArray()).map(({ key, definition, latest }) => ({
        id: JSON.stringify(key.path),
        description: definition?.description ?? null,
        last_run: latest?.runId ?? null,
        last_ms: latest ? Number(latest.timestamp) : null,
      })),
      schedules: await schedules.list(client).toArray(),
      sensors: await sensors.list(client).toArray(),
    });
    return { requests: counted.requests() };
  },
  stored: (target) =>
    readDuckdb(target, "loop", {
      runs: 'select "runId"::varchar, status from runs',
      assets: "select id, last_ms::double from assets",
      schedules: 'select location, repository, name, "scheduleState".status from schedules',
      sensors: 'select location, repository, name, "sensorState".status from sensors',
    }),
};
