import type { Instant } from "../time.ts";

export const runStatuses = [
  "QUEUED",
  "NOT_STARTED",
  "MANAGED",
  "STARTING",
  "STARTED",
  "SUSPENDED",
  "SUCCESS",
  "FAILURE",
  "CANCELING",
  "CANCELED",
] as const;

export type DagsterRunStatus = (typeof runStatuses)[number];

export const finalRunStatuses: ReadonlySet<DagsterRunStatus> = new Set(["SUCCESS", "FAILURE", "CANCELED"]);

export interface SimulatedDagsterRun {
  /** Grows by insertion; the order of every listing. */
  readonly number: number;
  readonly runId: string;
  readonly jobName: string;
  status: DagsterRunStatus;
  /** The visible ones; the server hides those that start with `.dagster/`. */
  readonly tags: Map<string, string>;
  readonly location: string;
  readonly repository: string;
  readonly creationTime: Instant;
  /** How far the database's time zone was ahead of UTC when it wrote the time of creation, in microseconds. */
  readonly creationOffset: Instant;
  startTime: Instant | null;
  endTime: Instant | null;
  /** In true UTC, whatever the database's time zone. */
  updateTime: Instant;
  /** The same for `updateTime`. */
  updateOffset: Instant;
  readonly rootRunId: string | null;
  readonly parentRunId: string | null;
}

export interface AssetDefinition {
  readonly path: readonly string[];
  readonly description?: string | null;
  /** @default "default" */
  readonly group?: string;
}

export interface Materialization {
  /** Empty for one from outside a run. */
  readonly runId: string;
  readonly at: Instant;
}

export interface SimulatedInstigator {
  readonly name: string;
  readonly jobName: string | null;
  readonly description: string | null;
  readonly selectorId: string;
  status: "RUNNING" | "STOPPED";
}

export interface SimulatedSchedule extends SimulatedInstigator {
  readonly jobName: string;
  /** Several are printed as a list. */
  readonly crons: readonly string[];
  readonly timezone: string;
}

export interface SimulatedSensor extends SimulatedInstigator {
  readonly type: "STANDARD" | "ASSET" | "RUN_STATUS" | "MULTI_ASSET" | "AUTOMATION";
}

export interface SimulatedLocation {
  readonly name: string;
  readonly repository: string;
  /** What it shows: all definitions, an error, or nothing yet. */
  state: "loaded" | "failed" | "loading";
  /** The definitions as of the last successful load. */
  readonly assets: Map<string, AssetDefinition>;
  readonly schedules: SimulatedSchedule[];
  readonly sensors: SimulatedSensor[];
  updatedAt: Instant;
  /** While it fails to load: its sensors' open runs as of the last successful load. */
  keptRuns: ReadonlyMap<string, readonly string[]> | undefined;
  /** Changes with every reload. */
  version: number;
}

/** Identifies an asset: its path as compact JSON. */
export const assetId = (path: readonly string[]) => JSON.stringify(path);
