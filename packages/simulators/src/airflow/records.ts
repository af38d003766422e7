import type { Instant } from "../time.ts";

/** A task of a DAG, and how the simulated scheduler treats it. */
export interface TaskDefinition {
  readonly taskId: string;
  /** @default "PythonOperator" */
  readonly operator?: string;
  /** The number of retries. @default 0 */
  readonly retries?: number;
  /** The number of instances that it expands to; before that it is a placeholder (map_index -1). @default not mapped */
  readonly mapped?: number;
  /** How long one attempt takes, in microseconds. @default 60 s */
  readonly duration?: Instant;
  /** Its loop, from 3.4 on: it has an instance for each iteration. @default none */
  readonly loop?: string;
}

export interface DagVersion {
  readonly id: string;
  readonly number: number;
  readonly createdAt: Instant;
}

/** A DAG's properties that users can change. */
export interface DagSettings {
  displayName: string;
  description: string | null;
  owners: readonly string[];
  tags: readonly string[];
  /** `timetable_summary`: usually a cron expression. */
  schedule: string | null;
  scheduleInWords: string | null;
  isPaused: boolean;
  isStale: boolean;
  maxActiveRuns: number;
  maxActiveTasks: number;
  maxConsecutiveFailedRuns: number;
  nextRun: { logicalDate: Instant; intervalStart: Instant; intervalEnd: Instant; runAfter: Instant } | null;
  fileLocation: string;
  bundleName: string;
  bundleVersion: string | null;
  hasImportErrors: boolean;
  hasTaskConcurrencyLimits: boolean;
  /** From 3.4 on. */
  schedulingState: "active" | "draining" | "paused";
  teamName: string | null;
}

/** The properties of a DAG that sets none. */
export function defaultSettings(dagId: string): DagSettings {
  return {
    displayName: dagId,
    description: null,
    owners: ["airflow"],
    tags: [],
    schedule: null,
    scheduleInWords: null,
    isPaused: false,
    isStale: false,
    maxActiveRuns: 16,
    maxActiveTasks: 16,
    maxConsecutiveFailedRuns: 0,
    nextRun: null,
    fileLocation: `/opt/airflow/dags/${dagId}.py`,
    bundleName: "dags-folder",
    bundleVersion: null,
    hasImportErrors: false,
    hasTaskConcurrencyLimits: false,
    schedulingState: "active",
    teamName: null,
  };
}

export interface SimulatedDag extends DagSettings {
  readonly dagId: string;
  readonly versions: DagVersion[];
  readonly tasks: readonly TaskDefinition[];
  lastParsed: Instant;
  /**
   * Contains a value that the server cannot serialize: every response with this DAG is a 500. Its runs are not
   * affected.
   */
  poisoned: boolean;
  /** By run id, oldest first. */
  readonly runs: Map<string, SimulatedRun>;
}

export type RunState = "queued" | "running" | "success" | "failed";
export type RunType =
  | "scheduled"
  | "manual"
  | "backfill"
  | "operator_triggered"
  | "asset_triggered"
  | "asset_materialization";

export interface SimulatedRun {
  readonly id: number;
  readonly dag: SimulatedDag;
  readonly runId: string;
  runType: RunType;
  state: RunState;
  logicalDate: Instant | null;
  intervalStart: Instant | null;
  intervalEnd: Instant | null;
  runAfter: Instant;
  queuedAt: Instant | null;
  startDate: Instant | null;
  endDate: Instant | null;
  lastSchedulingDecision: Instant | null;
  conf: { readonly [key: string]: unknown } | null;
  note: string | null;
  triggeredBy: string | null;
  triggeringUser: string | null;
  bundleVersion: string | null;
  partitionKey: string | null;
  /** Null if something wrote the row without a stamp: it then matches no filter on it. */
  updatedAt: Instant | null;
  /** Contains a value that the server cannot serialize: every page with this row is a 500. */
  poisoned: boolean;
  gone: boolean;
  readonly tasks: SimulatedTask[];
  /** The loops that began, by id: the region of each, which iteration comes next, and what it consists of. */
  readonly loops: Map<string, { region: SimulatedRegion; next: number; definitions: readonly TaskDefinition[] }>;
}

export type TaskState =
  | "scheduled"
  | "queued"
  | "running"
  | "success"
  | "restarting"
  | "failed"
  | "up_for_retry"
  | "up_for_reschedule"
  | "upstream_failed"
  | "skipped"
  | "deferred"
  | "awaiting_input"
  | "removed";

/** What an attempt has, present or past. */
export interface SimulatedAttempt {
  /** Identifies the attempt. Before 3.4 the API says it of the present one only. */
  id: string;
  /** A person's note. Before 3.4 the API says it of the present one only. */
  note: string | null;
  /** Why it is in its state, from 3.4 on, where a retry policy says so. */
  stateReason: string | null;
  tryNumber: number;
  state: TaskState | null;
  startDate: Instant | null;
  endDate: Instant | null;
  scheduledWhen: Instant | null;
  queuedWhen: Instant | null;
  hostname: string;
  pid: number | null;
  maxTries: number;
  version: DagVersion;
}

/** A task instance: its present row, and what it was before. */
export interface SimulatedTask extends SimulatedAttempt {
  readonly run: SimulatedRun;
  readonly definition: TaskDefinition;
  mapIndex: number;
  renderedMapIndex: string | null;
  /** The region that it is in from 3.4 on, where it is mapped or in a loop. */
  region: SimulatedRegion | null;
  /** Its index in the region: the iteration, or the map index; -1 before it expands, and where there is no region. */
  regionIndex: number;
  /** The iteration of its loop. */
  iteration: number | null;
  /** Whether the number of its next attempt was given already, as 3.4 does where one waits or was cleared. */
  isNumbered: boolean;
  updatedAt: Instant | null;
  poisoned: boolean;
  /** Earlier attempts in the order in which they ended. */
  readonly history: SimulatedAttempt[];
  /** Where it is in the world's list by id. A slot whose task is elsewhere now is empty. */
  slot: number;
}

/** Where task instances of one run are that a loop, or one expansion of a mapped task, made. */
export interface SimulatedRegion {
  readonly id: string;
}

export interface SimulatedEvent {
  readonly id: number;
  readonly when: Instant;
  readonly event: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  readonly owner: string;
  readonly extra: string;
}

export const finalTaskStates: ReadonlySet<TaskState | null> = new Set<TaskState | null>([
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "removed",
]);

export interface AddDag extends Partial<DagSettings> {
  readonly dagId: string;
  readonly tasks?: readonly TaskDefinition[];
}

/** Where left out: a manual run without logical date, due now. */
export interface AddRun {
  /** @default a name like Airflow's own, made of type and `runAfter` */
  readonly runId?: string;
  readonly runType?: RunType;
  readonly logicalDate?: Instant | null;
  readonly interval?: readonly [start: Instant, end: Instant];
  readonly runAfter?: Instant;
  readonly conf?: SimulatedRun["conf"];
  readonly note?: string | null;
  readonly triggeredBy?: string;
  readonly partitionKey?: string | null;
  /** @default those of the DAG */
  readonly tasks?: readonly TaskDefinition[];
}
