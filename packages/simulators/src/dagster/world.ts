import type { Random } from "../random.ts";
import { type Clock, type Instant, minute, second } from "../time.ts";
import { FurtherWorld } from "./further.ts";
import type { ScheduleDefinition, SensorDefinition } from "./locations.ts";
import { type LocationDefinitions, simulatedLocation, simulatedSchedule, simulatedSensor } from "./locations.ts";
import {
  type AssetDefinition,
  assetId,
  type DagsterRunStatus,
  finalRunStatuses,
  type Materialization,
  type SimulatedDagsterRun,
  type SimulatedLocation,
} from "./records.ts";
import { activeRuns, type DagsterRows, dagsterRows } from "./rows.ts";

export interface DagsterSettings {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * How far the time zone of the server's database is ahead of UTC, in milliseconds: `updateTime`, `creationTime` and
   * the filters by them are in that zone.
   */
  readonly databaseOffsetMs: number;
}

export interface AddDagsterRun {
  readonly jobName: string;
  /** @default the first location */
  readonly location?: string;
  readonly runId?: string;
  /** @default "QUEUED" */
  readonly status?: DagsterRunStatus;
  readonly tags?: { readonly [key: string]: string };
  /** The run that this one re-executes. */
  readonly parent?: SimulatedDagsterRun;
}

/** The content of a Dagster deployment, and what can happen to it. */
export class DagsterWorld {
  readonly clock: Clock;
  /**
   * Whether the end of a run writes its event's own time to `updateTime`, as in 1.13; 1.7 writes the server's.
   *
   * @default true
   */
  writesEventTimes = true;
  readonly locations = new Map<string, SimulatedLocation>();
  readonly runs = new Map<string, SimulatedDagsterRun>();
  readonly materializations = new Map<string, Materialization>();
  /** What only further streams read. */
  readonly further = new FurtherWorld();
  readonly #random: Random;
  #runNumber = 0;
  #moment: Instant | null = null;
  #databaseOffset: Instant;
  #ordered: SimulatedDagsterRun[] | null = null;

  constructor(settings: DagsterSettings) {
    this.clock = settings.clock;
    this.#databaseOffset = settings.databaseOffsetMs * 1000;
    this.#random = settings.random;
  }

  /** How far the database's time zone is ahead of UTC, in microseconds. */
  get databaseOffset(): Instant {
    return this.#databaseOffset;
  }

  /**
   * Moves the database to another time zone, in milliseconds ahead of UTC. Existing rows keep their displayed times.
   */
  moveDatabase(offsetMs: number): void {
    this.#databaseOffset = offsetMs * 1000;
  }

  /** The time of the next change. */
  now(): Instant {
    return this.#moment ?? this.clock.now() * 1000;
  }

  /** Makes changes as of another time, e.g. with the old event time of a worker whose clock is behind. */
  at<T>(moment: Instant, change: () => T): T {
    const before = this.#moment;
    this.#moment = moment;
    try {
      return change();
    } finally {
      this.#moment = before;
    }
  }

  /** Advances the clock, by milliseconds. */
  advance(byMs: number): void {
    this.clock.advance(byMs);
  }

  /** All runs, in order of insertion. */
  ordered(): readonly SimulatedDagsterRun[] {
    this.#ordered ??= [...this.runs.values()];
    return this.#ordered;
  }

  addLocation(name: string, definitions: LocationDefinitions = {}): SimulatedLocation {
    const location = simulatedLocation(name, definitions, this.now());
    this.locations.set(name, location);
    return location;
  }

  /** @throws Error if there is no such location */
  location(name: string): SimulatedLocation {
    const location = this.locations.get(name);
    if (!location) throw new Error(`The world has no location ${name}.`);
    return location;
  }

  /**
   * The location's code fails to load: its definitions vanish from the API, its runs stay. In `rows()` its schedules
   * and sensors stay as they are now, so a test that compares should have synced before.
   */
  breakLocation(name: string): void {
    this.#reload(name, "failed");
  }

  /** The location is loading, and shows nothing yet. */
  startLoading(name: string): void {
    this.#reload(name, "loading");
  }

  /** The location loads (again). */
  repairLocation(name: string): void {
    this.#reload(name, "loaded");
  }

  /** The location is no longer part of the workspace. Its runs stay. */
  removeLocation(name: string): void {
    this.locations.delete(this.location(name).name);
  }

  defineAsset(location: string, asset: AssetDefinition): void {
    this.location(location).assets.set(assetId(asset.path), asset);
    this.#reload(location, "loaded");
  }

  /** Removes an asset's definition; if it was ever materialized, it stays known by its events. */
  undefineAsset(location: string, path: readonly string[]): void {
    this.location(location).assets.delete(assetId(path));
    this.#reload(location, "loaded");
  }

  defineSchedule(location: string, schedule: ScheduleDefinition): void {
    this.location(location).schedules.push(simulatedSchedule(location, schedule));
    this.#reload(location, "loaded");
  }

  defineSensor(location: string, sensor: SensorDefinition): void {
    this.location(location).sensors.push(simulatedSensor(location, sensor));
    this.#reload(location, "loaded");
  }

  /** Removes a schedule or a sensor from the location's code. */
  undefineInstigator(location: string, kind: "schedules" | "sensors", name: string): void {
    const all: { readonly name: string }[] = this.location(location)[kind];
    all.splice(all.indexOf(this.#instigator(all, name)), 1);
    this.#reload(location, "loaded");
  }

  setSchedule(location: string, name: string, status: "RUNNING" | "STOPPED"): void {
    this.#instigator(this.location(location).schedules, name).status = status;
  }

  setSensor(location: string, name: string, status: "RUNNING" | "STOPPED"): void {
    this.#instigator(this.location(location).sensors, name).status = status;
  }

  addRun(options: AddDagsterRun): SimulatedDagsterRun {
    const location = options.location ?? this.locations.keys().next().value ?? "main";
    const status = options.status ?? "QUEUED";
    const now = this.now();
    const began = status !== "QUEUED" && status !== "NOT_STARTED" && status !== "STARTING";
    this.#runNumber += 1;
    const run: SimulatedDagsterRun = {
      number: this.#runNumber,
      runId: options.runId ?? this.#uuid(),
      jobName: options.jobName,
      status,
      tags: new Map(Object.entries({ "dagster/code_location": location, ...options.tags })),
      location,
      repository: "__repository__",
      creationTime: now,
      creationOffset: this.#databaseOffset,
      startTime: began ? now : null,
      endTime: finalRunStatuses.has(status) ? now : null,
      // SQLite's CURRENT_TIMESTAMP has whole seconds: a new run seems up to one second older than it is.
      updateTime: Math.floor(now / second) * second,
      updateOffset: this.#databaseOffset,
      rootRunId: options.parent ? (options.parent.rootRunId ?? options.parent.runId) : null,
      parentRunId: options.parent?.runId ?? null,
    };
    if (this.runs.has(run.runId)) throw new Error(`The world already has a run ${run.runId}.`);
    this.runs.set(run.runId, run);
    this.#ordered = null;
    return run;
  }

  start(run: SimulatedDagsterRun): void {
    run.status = "STARTED";
    run.startTime = this.now();
    this.#touch(run);
  }

  /** Any other change of status. */
  setStatus(run: SimulatedDagsterRun, status: DagsterRunStatus): void {
    run.status = status;
    this.#touch(run);
  }

  /**
   * Ends a run. `updateTime` is the event's own time, which may be long past or in the future, unless
   * `writesEventTimes` is off.
   *
   * @param eventTime the worker's clock. @default now
   */
  finish(run: SimulatedDagsterRun, status: "SUCCESS" | "FAILURE" | "CANCELED" = "SUCCESS", eventTime?: Instant): void {
    const ended = eventTime ?? this.now();
    run.status = status;
    run.endTime = ended;
    run.startTime ??= ended;
    this.#touch(run, this.writesEventTimes ? ended : this.now());
  }

  /** Tags a run, even a finished one. */
  tag(run: SimulatedDagsterRun, key: string, value: string): void {
    run.tags.set(key, value);
    this.#touch(run);
  }

  deleteRun(run: SimulatedDagsterRun): void {
    this.runs.delete(run.runId);
    this.further.remove({ runId: run.runId });
    this.#ordered = null;
  }

  /** @param run the run that did it; without one it was reported from outside */
  materialize(path: readonly string[], run?: SimulatedDagsterRun): void {
    this.materializations.set(assetId(path), { runId: run?.runId ?? "", at: this.now() });
  }

  /** Removes an asset's events. */
  wipe(path: readonly string[]): void {
    this.materializations.delete(assetId(path));
    this.further.remove({ assetId: assetId(path) });
  }

  /** A run that takes a minute, from its launch to its end, which is now. */
  completeRun(options: AddDagsterRun, status: "SUCCESS" | "FAILURE" = "SUCCESS"): SimulatedDagsterRun {
    const end = this.now();
    const run = this.at(end - minute, () => this.addRun(options));
    this.at(end - minute + second, () => this.start(run));
    this.finish(run, status);
    return run;
  }

  /** @internal The expected content of the sync's tables after it. */
  rows(): DagsterRows {
    return dagsterRows(this);
  }

  #touch(run: SimulatedDagsterRun, at = this.now()): void {
    run.updateTime = at;
    run.updateOffset = this.#databaseOffset;
  }

  #reload(name: string, state: SimulatedLocation["state"]): void {
    const location = this.location(name);
    const kept = new Map(location.sensors.map((sensor) => [sensor.name, activeRuns(this, location, sensor.name)]));
    location.keptRuns = state === "loaded" ? undefined : kept;
    location.state = state;
    location.updatedAt = this.now();
    location.version += 1;
  }

  #instigator<T extends { name: string }>(all: readonly T[], name: string): T {
    const found = all.find((one) => one.name === name);
    if (!found) throw new Error(`The location has no ${name}.`);
    return found;
  }

  #uuid(): string {
    const hex = this.#random.hex(30);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
  }
}
