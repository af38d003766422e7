/** The rows of Dagster's tables as database drivers read them. */
import type { Driver, StoredRow } from "@org/destination";
import type { assetsTable } from "./tables/assets.ts";
import type { runsTable } from "./tables/runs.ts";
import type { schedulesTable } from "./tables/schedules.ts";
import type { sensorsTable } from "./tables/sensors.ts";

/** A row of `dagster_runs` as a database's driver reads it: `DagsterRun<"postgres">`. */
export type DagsterRun<D extends Driver> = StoredRow<typeof runsTable, D>;

/** A row of `dagster_assets` as a database's driver reads it: `DagsterAsset<"postgres">`. */
export type DagsterAsset<D extends Driver> = StoredRow<typeof assetsTable, D>;

/** A row of `dagster_schedules` as a database's driver reads it: `DagsterSchedule<"postgres">`. */
export type DagsterSchedule<D extends Driver> = StoredRow<typeof schedulesTable, D>;

/** A row of `dagster_sensors` as a database's driver reads it: `DagsterSensor<"postgres">`. */
export type DagsterSensor<D extends Driver> = StoredRow<typeof sensorsTable, D>;
