import type { RunStatus } from "../generated/operations.ts";
import type { Open } from "../open.ts";
import type { AssetKey } from "./asset-key.ts";
import type { Tag } from "./tags.ts";

/** A run. Times are seconds since 1970. */
export interface Run {
  readonly runId: string;
  /** The job that runs; `__ASSET_JOB` for a run that materializes chosen assets. */
  readonly jobName: string;
  readonly status: Open<RunStatus>;
  /** When its first step started, or when it failed to; null while it is queued. */
  readonly startTime: number | null;
  /** When it ended; null until then. */
  readonly endTime: number | null;
  /** When its status or its tags last changed. */
  readonly updateTime: number | null;
  /** When it was created. Dagster 1.7 does not tell. */
  readonly creationTime?: number | undefined;
  /** The first run of a chain of re-executions; null for a run that is in none. */
  readonly rootRunId: string | null;
  /** The run that this one re-executes, if any. */
  readonly parentRunId: string | null;
  /** Its tags, without those that Dagster hides (`.dagster/…`). */
  readonly tags: readonly Tag[];
  /** Where its job comes from; null for a run that something else than the server created. */
  readonly repositoryOrigin: {
    readonly repositoryName: string;
    readonly repositoryLocationName: string;
  } | null;
}

/** A run with its configuration. */
export interface RunDetails extends Run {
  /** Its configuration, as YAML. */
  readonly runConfigYaml: string;
  /** The assets that it materializes; null for a whole job. */
  readonly assetSelection: readonly AssetKey[] | null;
  /** The steps that it executes; null for all. */
  readonly stepKeysToExecute: readonly string[] | null;
  /** Whether `terminate` can end it: it is running, and this user may. */
  readonly canTerminate: boolean;
}

/** A run that has ended. */
export interface FinishedRun extends Run {
  readonly status: "SUCCESS" | "FAILURE" | "CANCELED";
}

/** Identifies a run: its id, or a run that a method returned. */
export type RunRef = string | { readonly runId: string };

/** The id of a run. */
export const runIdOf = (run: RunRef): string => (typeof run === "string" ? run : run.runId);
