import type { InstigatorTick } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import type { DefinitionLocation } from "../definitions.ts";
import { textOfProblem } from "../further/problem.ts";

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

/** A schedule or sensor. */
export interface Instigator extends DefinitionLocation {
  /** Its selector id. */
  readonly id: string;
  readonly type: "SCHEDULE" | "SENSOR";
  readonly name: string;
}

/** @param time when it was due, in seconds since 1970 */
export function tickRow(tick: InstigatorTick, of: Instigator, time: number): Row<typeof ticksTable> {
  return {
    instigator_id: of.id,
    tick_id: tick.tickId,
    instigator_type: of.type,
    instigator_name: of.name,
    repository: of.repository,
    code_location: of.code_location,
    status: tick.status,
    timestamp: timestampOfSeconds(time),
    end_timestamp: tick.endTimestamp === null ? null : timestampOfSeconds(tick.endTimestamp),
    run_ids: [...tick.runIds].sort(),
    run_keys: tick.runKeys,
    skip_reason: tick.skipReason,
    cursor: tick.cursor,
    error: tick.error && textOfProblem(tick.error),
  };
}
