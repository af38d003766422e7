/**
 * Short methods for common operations: `runs.launch(client, { job: "etl" })`. Each takes the client as its first
 * argument; bundlers drop the ones that are not used, some of them only whole namespaces.
 */

export type { PagedList as List, PollOptions } from "@org/kit";
export * as assets from "./assets.ts";
export * as backfills from "./backfills.ts";
export * as codeLocations from "./code-locations.ts";
export type { Placed } from "./definitions.ts";
export * as instance from "./instance.ts";
export type { DefinitionLocation } from "./locate.ts";
export * as runs from "./runs.ts";
export * as schedules from "./schedules.ts";
export * as sensors from "./sensors.ts";
