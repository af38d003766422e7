/**
 * Short methods for what people do: `runs.launch(client, { job: "etl" })`. Each takes the client first; a bundler leaves
 * out what is not used, some of them a namespace at a time.
 */

export type { List, PollOptions } from "@org/kit";
export * as assets from "./assets.ts";
export * as backfills from "./backfills.ts";
export * as codeLocations from "./code-locations.ts";
export type { Placed } from "./definitions.ts";
export * as instance from "./instance.ts";
export type { Place } from "./locate.ts";
export * as runs from "./runs.ts";
export * as schedules from "./schedules.ts";
export * as sensors from "./sensors.ts";
