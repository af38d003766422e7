import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type SyncEvent, sync } from "@org/sync-engine";
import { type Contender, duckdbFile, readDuckdb, WEEK_MS } from "../contender.ts";
import { recorder } from "../sent.ts";
import type { AirflowTarget } from "./target.ts";

/** A first sync into DuckDB, with its defaults. */
export const ours: Contender<AirflowTarget> = {
  async copy(target) {
    const { url, username, password } = target;
    const requests = recorder();
    let recentMs: number | undefined;
    const begun = performance.now();
    const since = new Date(Date.now() - WEEK_MS).toISOString();
    const onEvent = (event: SyncEvent) => {
      requests.onEvent(event);
      const isRecent = event.type === "progress" && event.stream === "task_instances" && (event.backTo ?? "~") <= since;
      if (isRecent) recentMs ??= performance.now() - begun;
    };
    const client = createAirflowClient({ url, auth: { username, password }, fetch: requests.fetch });
    const destination = duckdb(duckdbFile(target, "ours"));
    const streams = ["dags", "dag_runs", "task_instances"];
    const result = await sync({ source: airflow({ client }), destination, streams, onEvent });
    requests.save(target);
    return { requests: result.requests, recentMs };
  },
  stored: (target) =>
    readDuckdb(target, "ours", {
      runs: "select dag_id, dag_run_id, state from airflow_dag_runs",
      attempts: `select dag_id, dag_run_id, task_id, map_index::int, try_number::int, state from airflow_task_instances`,
    }),
};
