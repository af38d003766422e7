import type { BulkActionStatus } from "../generated/operations.ts";
import type { Open } from "../open.ts";
import type { PythonProblem } from "../python-problem.ts";
import type { AssetKey } from "./asset-key.ts";
import type { Tag } from "./tags.ts";

/** A backfill. Times are seconds since 1970. */
export interface Backfill {
  readonly id: string;
  /** Dagster 1.7 reports `COMPLETED` whether its runs succeeded or not. */
  readonly status: Open<BulkActionStatus>;
  /** Whether it materializes assets; otherwise it runs a job. */
  readonly isAssetBackfill: boolean;
  /** The keys of its partitions; null if they differ by asset. */
  readonly partitionNames: readonly string[] | null;
  /** Dagster's name for the partitions of its job. */
  readonly partitionSetName: string | null;
  readonly assetSelection: readonly AssetKey[] | null;
  readonly numPartitions: number | null;
  /** When it was launched. */
  readonly timestamp: number;
  /** When it ended; null until then. */
  readonly endTimestamp: number | null;
  readonly title: string | null;
  readonly tags: readonly Tag[];
  /** Why the backfill itself failed, not one of its runs. */
  readonly error: PythonProblem | null;
}

/** A backfill that has ended. */
export interface FinishedBackfill extends Backfill {
  readonly status: "COMPLETED" | "COMPLETED_SUCCESS" | "COMPLETED_FAILED" | "FAILED" | "CANCELED";
}

export const ends: ReadonlySet<string> = new Set<FinishedBackfill["status"]>([
  "COMPLETED",
  "COMPLETED_SUCCESS",
  "COMPLETED_FAILED",
  "FAILED",
  "CANCELED",
]);

/** Identifies a backfill: its id, or a backfill that a method returned. */
export type BackfillRef = string | { readonly id: string };

export const backfillIdOf = (backfill: BackfillRef): string => (typeof backfill === "string" ? backfill : backfill.id);
