/**
 * Short methods for common operations: `runs.launch(client, { job: "etl" })`. Each takes the client as its first
 * argument, and the limits of the call as its last; bundlers drop the ones that are not used, some of them only whole
 * namespaces.
 */
export * as assets from "./assets.ts";
export * as backfills from "./backfills.ts";
export * as codeLocations from "./code-locations.ts";
export * as instance from "./instance.ts";
export * as jobs from "./jobs.ts";
export * as runs from "./runs.ts";
export * as schedules from "./schedules.ts";
export * as sensors from "./sensors.ts";
export type * from "./types.ts";
