import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { type Source, type SyncResult, sync } from "@org/sync-engine";

/** A simulator as a source, read in small pages so that a sync of a small world has many batches. */
export function sourceOf(kind: "airflow" | "dagster", url: string): Source {
  if (kind === "dagster") return dagster({ client: createDagsterClient({ url }), pageSize: 15 });
  const auth = { username: "admin", password: "admin" };
  return airflow({ client: createAirflowClient({ url: url, auth }), runsPerAnswer: 10 });
}

/**
 * Runs one sync in small batches, under a pipeline name that does not depend on the simulator's port.
 *
 * @param place a DuckDB file, or any destination
 */
export function syncInto(place: string | Destination, kind: "airflow" | "dagster", url: string): Promise<SyncResult> {
  const destination = typeof place === "string" ? duckdb(place) : place;
  return sync({ source: sourceOf(kind, url), destination, pipeline: "crash" });
}
