import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import type { RunSteps } from "../further/api.ts";

export const stepsTable = defineTable({
  name: "dagster_steps",
  description: "The steps of runs that have ended. Those of a deleted run are marked with _deleted_at.",
  primaryKey: ["run_id", "step_key"],
  datedBy: ["start_time", "end_time"],
  columns: {
    run_id: { type: "string", description: "Run that the step is part of." },
    step_key: { type: "string", description: "Key of the step, unique within its run." },
    status: {
      type: "string",
      nullable: true,
      description: "SUCCESS, FAILURE or SKIPPED; IN_PROGRESS or null if the run ended before the step did.",
    },
    start_time: { type: "timestamp", nullable: true, description: "When its first attempt started." },
    end_time: { type: "timestamp", nullable: true, description: "When it ended." },
    attempts: { type: "int64", description: "Number of its attempts; more than 1 after a retry." },
    attempt_times: {
      type: "json",
      description: 'Each attempt\'s `{"start": …, "end": …}` in seconds since 1970; null if unknown.',
    },
    materialization_count: { type: "int64", description: "Number of assets that it materialized." },
  },
});

export function stepRow(runId: string, step: RunSteps["stepStats"][number]): Row<typeof stepsTable> {
  const { stepKey, status, startTime, endTime, attempts, materializations } = step;
  return {
    run_id: runId,
    step_key: stepKey,
    status,
    start_time: startTime === null ? null : timestampOfSeconds(startTime),
    end_time: endTime === null ? null : timestampOfSeconds(endTime),
    attempts: attempts.length,
    attempt_times: attempts.map(({ startTime: start, endTime: end }) => ({ start, end })),
    materialization_count: materializations.length,
  };
}
