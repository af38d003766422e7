/** What questions about durations have in common. They are asked of `timings`: of runs, and of tasks. */
import { jobColumns } from "./common.ts";
import type { AnswerColumns } from "./question.ts";

/** Whose duration it is. */
export const timedColumns = {
  ...jobColumns,
  task: { type: "text", nullable: true, description: "The task; null for runs." },
} as const satisfies AnswerColumns;

/** What tells one from the others. `task` is empty for whole runs. */
export const timedKey = ["orchestrator", "pipeline", "name", "job", "task"] as const;

/** {@link timedColumns} of rows of `timings`. */
export const timedSelection = "orchestrator, pipeline, name, nullif(task, '') AS task";
