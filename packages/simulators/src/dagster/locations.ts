import { createHash } from "node:crypto";
import type { Instant } from "../time.ts";
import {
  type AssetDefinition,
  assetId,
  type SimulatedLocation,
  type SimulatedSchedule,
  type SimulatedSensor,
} from "./records.ts";

export type ScheduleDefinition = Pick<SimulatedSchedule, "name" | "jobName" | "crons"> &
  Partial<Pick<SimulatedSchedule, "description" | "timezone" | "status">>;

export type SensorDefinition = Pick<SimulatedSensor, "name" | "jobName" | "type"> &
  Partial<Pick<SimulatedSensor, "description" | "status">>;

/** The definitions in a code location. */
export interface LocationDefinitions {
  readonly assets?: readonly AssetDefinition[];
  readonly schedules?: readonly ScheduleDefinition[];
  readonly sensors?: readonly SensorDefinition[];
}

const repository = "__repository__";

/** A location that is loaded. */
export function simulatedLocation(name: string, definitions: LocationDefinitions, now: Instant): SimulatedLocation {
  return {
    name,
    repository,
    state: "loaded",
    assets: new Map((definitions.assets ?? []).map((asset) => [assetId(asset.path), asset])),
    schedules: (definitions.schedules ?? []).map((one) => simulatedSchedule(name, one)),
    sensors: (definitions.sensors ?? []).map((one) => simulatedSensor(name, one)),
    updatedAt: now,
    keptRuns: undefined,
    version: 1,
  };
}

export function simulatedSchedule(location: string, one: ScheduleDefinition): SimulatedSchedule {
  return { timezone: "UTC", ...one, ...common(location, one) };
}

export function simulatedSensor(location: string, one: SensorDefinition): SimulatedSensor {
  return { ...one, ...common(location, one) };
}

function common(location: string, one: ScheduleDefinition | SensorDefinition) {
  return {
    description: one.description ?? null,
    status: one.status ?? ("STOPPED" as const),
    selectorId: createHash("sha1")
      .update(JSON.stringify([location, repository, one.name]))
      .digest("hex"),
  };
}
