/** Shared by questions about durations, which query `timings`: of runs, and of tasks. */
import { jobColumns } from "./common.ts";
import type { AnswerColumns } from "./question.ts";

/** Identify what a duration is about. */
export const timedColumns = {
  ...jobColumns,
  task: { type: "text", nullable: true, description: "The task; null for runs." },
} as const satisfies AnswerColumns;

/** The key of a duration. `task` is empty for whole runs. */
export const timedKey = ["orchestrator", "pipeline", "name", "job", "task"] as const;

/** {@link timedColumns} of rows of `timings`. */
export const timedSelection = "orchestrator, pipeline, name, nullif(task, '') AS task";
