import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { type SyncEvent, sync } from "@org/sync-engine";
import { type Contender, duckdbFile, readDuckdb } from "../contender.ts";
import { recorder } from "../sent.ts";
import type { DagsterTarget } from "./target.ts";

/** A first sync into DuckDB, with its defaults. */
export const ours: Contender<DagsterTarget> = {
  async copy(target) {
    const requests = recorder();
    let runs = 0;
    let recentMs: number | undefined;
    const begun = performance.now();
    const onEvent = (event: SyncEvent) => {
      requests.onEvent(event);
      if (event.type !== "batch-committed" || event.table !== "dagster_runs") return;
      runs += event.inserted;
      if (runs >= target.recentRuns) recentMs ??= performance.now() - begun;
    };
    const client = createDagsterClient({ url: target.url, fetch: requests.fetch });
    const destination = duckdb(duckdbFile(target, "ours"));
    const result = await sync({ source: dagster({ client }), destination, onEvent });
    requests.save(target);
    return { requests: result.requests, recentMs };
  },
  stored(target) {
    const definition = "select code_location, repository, name, status from";
    return readDuckdb(target, "ours", {
      runs: "select run_id, status from dagster_runs",
      assets: "select id, epoch_ms(last_materialization_time)::double from dagster_assets",
      schedules: `${definition} dagster_schedules`,
      sensors: `${definition} dagster_sensors`,
    });
  },
};
