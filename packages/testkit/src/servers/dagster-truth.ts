import { fileURLToPath } from "node:url";
import type { DagsterServer } from "./dagster.ts";

/** A value of a row: timestamps as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, JSON columns as what they hold. */
export type TruthValue = string | number | null | string[] | Record<string, string>;
/** A row by column, without `_synced_at` and `_deleted_at`. */
export type TruthRow = Record<string, TruthValue>;

/** Every row that a sync of the server as it is now has to end with. */
export interface DagsterTruth {
  dagster_runs: TruthRow[];
  dagster_assets: TruthRow[];
  dagster_schedules: TruthRow[];
  dagster_sensors: TruthRow[];
}

/**
 * What the four tables have to hold, from the server's own databases and definitions instead of its API; the script
 * names the places in Dagster's code where the two differ on purpose.
 *
 * A broken code location counts with its last whole definitions, as the tables keep its rows.
 */
export async function dagsterTruth(server: DagsterServer): Promise<DagsterTruth> {
  const script = fileURLToPath(new URL("dagster/truth.py", import.meta.url));
  return await server.python(script, { locations: server.locations, database: server.database });
}
