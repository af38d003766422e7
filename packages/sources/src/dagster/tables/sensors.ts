import type { DefinedSensor } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import type { DefinitionLocation } from "../definitions.ts";

export const sensorsTable = defineTable({
  name: "dagster_sensors",
  description: "The sensors of all code locations.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: "The sensor's selector id: the same across versions, reloads and deployments." },
    name: { type: "string", description: "Name of the sensor, unique within its repository." },
    sensor_type: { type: "string", description: "Kind of the sensor, e.g. STANDARD, ASSET or RUN_STATUS." },
    pipeline_name: {
      type: "string",
      nullable: true,
      description: "Job that it launches; the first if there are several, null if there is none.",
    },
    status: { type: "string", description: "RUNNING or STOPPED." },
    active_run_ids: { type: "json", description: "Runs in progress that the sensor launched, in alphabetical order." },
    description: { type: "string", nullable: true, description: "Description of the sensor." },
    repository: { type: "string", description: "Repository that defines it." },
    code_location: { type: "string", description: "Code location that defines it." },
  },
});

export function sensorRow(
  sensor: DefinedSensor,
  location: DefinitionLocation,
  activeRunIds: readonly string[],
): Row<typeof sensorsTable> {
  return {
    id: sensor.sensorState.selectorId,
    name: sensor.name,
    sensor_type: sensor.sensorType,
    pipeline_name: sensor.targets?.[0]?.pipelineName ?? null,
    status: sensor.sensorState.status,
    active_run_ids: activeRunIds,
    description: sensor.description,
    repository: location.repository,
    code_location: location.code_location,
  };
}
