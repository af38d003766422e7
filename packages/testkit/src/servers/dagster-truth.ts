import { fileURLToPath } from "node:url";
import type { DagsterServer } from "./dagster.ts";

/** A value: timestamps as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, JSON columns parsed. */
export type TruthValue = string | number | null | string[] | Record<string, string>;
/** A row by column, without `_synced_at` and `_deleted_at`. */
export type TruthRow = Record<string, TruthValue>;

/** The rows that a sync of the server must produce now. */
export interface DagsterTruth {
  dagster_runs: TruthRow[];
  dagster_assets: TruthRow[];
  dagster_schedules: TruthRow[];
  dagster_sensors: TruthRow[];
}

/**
 * The expected rows of the four tables, from the server's own databases and definitions instead of its API. The script
 * references the places in Dagster's code where the two differ on purpose.
 *
 * A broken code location counts with its last valid definitions, since the tables keep its rows.
 */
export async function dagsterTruth(server: DagsterServer): Promise<DagsterTruth> {
  const script = fileURLToPath(new URL("dagster/truth.py", import.meta.url));
  return await server.python(script, { locations: server.locations, database: server.database });
}
