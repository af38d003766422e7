import { invalid } from "../client-options.ts";

/** A run's configuration, as its YAML would be. */
export type RunConfig = Readonly<Record<string, unknown>>;

/** @throws DagsterError `INVALID_OPTIONS` for anything but a plain object */
export function checkConfig(config: RunConfig | undefined): RunConfig | undefined {
  if (config === undefined) return undefined;
  const prototype = typeof config === "object" && config !== null ? Object.getPrototypeOf(config) : false;
  // Also of an object from another realm, such as a worker's.
  if (prototype === null || (prototype && Object.getPrototypeOf(prototype) === null)) return config;
  throw invalid("`config` must be a plain object, such as { ops: { load: { config: { … } } } }");
}
