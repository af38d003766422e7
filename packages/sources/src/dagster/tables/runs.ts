import type { Run } from "@org/dagster-client";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";

export const runsTable = defineTable({
  name: "dagster_runs",
  description: "The runs of a Dagster deployment.",
  primaryKey: ["run_id"],
  // An old server has no creation time, and a waiting run has not started.
  datedBy: ["creation_time", "start_time", "update_time"],
  columns: {
    run_id: { type: "string", description: "Unique run identifier." },
    pipeline_name: { type: "string", description: "Name of the job." },
    status: { type: "string", description: "Status of the run, e.g. STARTED, SUCCESS or FAILURE." },
    mode: { type: "string", description: "Execution mode: always default, the only one in Dagster." },
    start_time: { type: "timestamp", nullable: true, description: "When the run started." },
    end_time: { type: "timestamp", nullable: true, description: "When the run ended." },
    update_time: {
      type: "timestamp",
      nullable: true,
      description: "When the run last changed, in UTC whatever the time zone of Dagster's database.",
    },
    tags: { type: "json", description: "Tags as an object; the server omits hidden ones (.dagster/…)." },
    creation_time: {
      type: "timestamp",
      nullable: true,
      description: "When the run was created, in UTC. Null if the server's version does not provide it.",
    },
    root_run_id: {
      type: "string",
      nullable: true,
      description: "First run of the chain of re-executions that this run belongs to.",
    },
    parent_run_id: { type: "string", nullable: true, description: "Run that this one re-executes." },
    repository: { type: "string", nullable: true, description: "Repository that the job comes from." },
    code_location: { type: "string", nullable: true, description: "Code location that the job comes from." },
  },
});

/** Final statuses. */
const finalStatuses = ["SUCCESS", "FAILURE", "CANCELED"];

/** Whether a run with this status may still change it. */
export function isOpen(status: string): boolean {
  return !finalStatuses.includes(status);
}

/** @param frame how far the server's times are ahead of UTC, in seconds */
export function runRow(run: Run, frame: number): Row<typeof runsTable> {
  return {
    run_id: run.runId,
    pipeline_name: run.jobName,
    status: run.status,
    mode: "default",
    start_time: seconds(run.startTime),
    end_time: seconds(run.endTime),
    update_time: seconds(run.updateTime, frame),
    tags: Object.fromEntries(run.tags.map(({ key, value }) => [key, value])),
    creation_time: seconds(run.creationTime, frame),
    root_run_id: run.rootRunId,
    parent_run_id: run.parentRunId,
    repository: run.repositoryOrigin?.repositoryName ?? null,
    code_location: run.repositoryOrigin?.repositoryLocationName ?? null,
  };
}

function seconds(time: number | null | undefined, frame = 0): string | null {
  return time === null || time === undefined ? null : timestampOfSeconds(time - frame);
}
