import type { DefinedSchedule } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import type { DefinitionLocation } from "../definitions.ts";

export const schedulesTable = defineTable({
  name: "dagster_schedules",
  description: "The schedules of all code locations.",
  primaryKey: ["id"],
  columns: {
    id: {
      type: "string",
      description: "The schedule's selector id: the same across versions, reloads and deployments.",
    },
    name: { type: "string", description: "Name of the schedule, unique within its repository." },
    cron_schedule: { type: "string", description: "Cron expression; several are printed as a list." },
    pipeline_name: { type: "string", description: "Name of the job that it launches." },
    status: { type: "string", description: "RUNNING or STOPPED." },
    running_count: {
      type: "int64",
      description: "1 while the schedule is running, otherwise 0; not a number of runs.",
    },
    execution_timezone: { type: "string", nullable: true, description: "Timezone of the cron expression." },
    description: { type: "string", nullable: true, description: "Description of the schedule." },
    repository: { type: "string", description: "Repository that defines it." },
    code_location: { type: "string", description: "Code location that defines it." },
  },
});

export function scheduleRow(schedule: DefinedSchedule, location: DefinitionLocation): Row<typeof schedulesTable> {
  return {
    id: schedule.scheduleState.selectorId,
    name: schedule.name,
    cron_schedule: schedule.cronSchedule,
    pipeline_name: schedule.pipelineName,
    status: schedule.scheduleState.status,
    running_count: schedule.scheduleState.runningCount,
    execution_timezone: schedule.executionTimezone,
    description: schedule.description,
    repository: location.repository,
    code_location: location.code_location,
  };
}
