import { defineTable } from "@org/destination";

export const ticksTable = defineTable({
  name: "dagster_ticks",
  description: "The evaluations of schedules and sensors. Those that Dagster's retention removes stay.",
  primaryKey: ["instigator_id", "tick_id"],
  datedBy: ["timestamp"],
  columns: {
    instigator_id: { type: "string", description: "Selector id of the schedule or sensor: the id in its own table." },
    tick_id: { type: "string", description: "Id of the tick." },
    instigator_type: { type: "string", description: "SCHEDULE or SENSOR." },
    instigator_name: { type: "string", description: "Name of the schedule or sensor." },
    repository: { type: "string", description: "Repository that defines the schedule or sensor." },
    code_location: { type: "string", description: "Code location that defines the schedule or sensor." },
    status: { type: "string", description: "STARTED, SKIPPED, SUCCESS or FAILURE." },
    timestamp: {
      type: "timestamp",
      description: "When it was due, for a schedule; when it began, for a sensor.",
    },
    end_timestamp: { type: "timestamp", nullable: true, description: "When it ended; null while it is evaluated." },
    run_ids: { type: "json", description: "Runs that it launched, in alphabetical order." },
    run_keys: { type: "json", description: "Keys by which a sensor launches each run once." },
    skip_reason: { type: "string", nullable: true, description: "Why it launched nothing, in the code's words." },
    cursor: { type: "string", nullable: true, description: "Where the sensor continues." },
    error: { type: "string", nullable: true, description: "Message of the exception with which it failed." },
  },
});
