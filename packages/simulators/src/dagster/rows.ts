import { formatSix, type Instant } from "../time.ts";
import { finalRunStatuses, type Materialization, type SimulatedDagsterRun, type SimulatedLocation } from "./records.ts";

/** The parts of a world that its rows are derived from. */
interface WorldContent {
  readonly locations: ReadonlyMap<string, SimulatedLocation>;
  readonly runs: ReadonlyMap<string, SimulatedDagsterRun>;
  readonly materializations: ReadonlyMap<string, Materialization>;
}

type Row = { readonly [column: string]: unknown };

/** The expected content of the sync's tables after it, in any order. */
export interface DagsterRows {
  readonly dagster_runs: Row[];
  readonly dagster_assets: Row[];
  readonly dagster_schedules: Row[];
  readonly dagster_sensors: Row[];
}

const text = (instant: Instant | null) => (instant === null ? null : formatSix(instant));

/**
 * Derives the rows from the world's content. A location that fails to load counts as it last was: its rows keep their
 * content.
 */
export function dagsterRows(world: WorldContent): DagsterRows {
  const locations = [...world.locations.values()];
  return {
    dagster_runs: [...world.runs.values()].map(runRow),
    dagster_assets: assetRows(world, locations),
    dagster_schedules: locations.flatMap((location) =>
      location.schedules.map((schedule) => ({
        id: schedule.selectorId,
        name: schedule.name,
        cron_schedule: cronText(schedule.crons),
        pipeline_name: schedule.jobName,
        status: schedule.status,
        running_count: schedule.status === "RUNNING" ? 1 : 0,
        execution_timezone: schedule.timezone,
        description: schedule.description,
        repository: location.repository,
        code_location: location.name,
      })),
    ),
    dagster_sensors: locations.flatMap((location) =>
      location.sensors.map((sensor) => ({
        id: sensor.selectorId,
        name: sensor.name,
        sensor_type: sensor.type,
        pipeline_name: sensor.jobName,
        status: sensor.status,
        active_run_ids: activeRuns(world, location, sensor.name),
        description: sensor.description,
        repository: location.repository,
        code_location: location.name,
      })),
    ),
  };
}

/** One cron expression unchanged, several as Python prints a list. */
export function cronText(crons: readonly string[]): string {
  return crons.length === 1 ? crons[0]! : `[${crons.map((cron) => `'${cron}'`).join(", ")}]`;
}

function runRow(run: SimulatedDagsterRun): Row {
  return {
    run_id: run.runId,
    pipeline_name: run.jobName,
    status: run.status,
    mode: "default",
    start_time: text(run.startTime),
    end_time: text(run.endTime),
    update_time: text(run.updateTime),
    tags: Object.fromEntries([...run.tags].filter(([key]) => !key.startsWith(".dagster/"))),
    creation_time: text(run.creationTime),
    root_run_id: run.rootRunId,
    parent_run_id: run.parentRunId,
    repository: run.repository,
    code_location: run.location,
  };
}

function assetRows(world: WorldContent, locations: readonly SimulatedLocation[]): Row[] {
  const ids = new Set([
    ...locations.flatMap((location) => [...location.assets.keys()]),
    ...world.materializations.keys(),
  ]);
  return [...ids].map((id) => {
    const location = locations.find((one) => one.assets.has(id));
    const definition = location?.assets.get(id);
    const last = world.materializations.get(id);
    return {
      id,
      key_path: (JSON.parse(id) as string[]).join("."),
      description: definition?.description ?? null,
      last_materialization_run_id: last?.runId || null,
      // The API returns integer milliseconds.
      last_materialization_time: last ? formatSix(Math.floor(last.at / 1000) * 1000) : null,
      group_name: definition ? (definition.group ?? "default") : null,
      repository: location?.repository ?? null,
      code_location: location?.name ?? null,
    };
  });
}

/** The open runs that a sensor launched; for a location that fails to load, as of its last successful load. */
export function activeRuns(world: WorldContent, location: SimulatedLocation, sensor: string): readonly string[] {
  const kept = location.keptRuns?.get(sensor);
  if (kept) return kept;
  const launched = [...world.runs.values()].filter(
    (run) =>
      !finalRunStatuses.has(run.status) &&
      run.tags.get("dagster/sensor_name") === sensor &&
      run.location === location.name &&
      run.repository === location.repository,
  );
  return launched.map((run) => run.runId).sort();
}
