import { invalid } from "../client-options.ts";

/** A run's configuration, as its YAML would be. */
export type RunConfig = Readonly<Record<string, unknown>>;

/** @throws DagsterError `INVALID_OPTIONS` for anything but a plain object */
export function checkConfig(config: RunConfig | undefined): RunConfig | undefined {
  const prototype = config === undefined || config === null ? null : Object.getPrototypeOf(config);
  const isPlain = typeof config === "object" && (prototype === null || Object.getPrototypeOf(prototype) === null);
  if (config === undefined || (isPlain && !Array.isArray(config))) return config;
  throw invalid("`config` must be a plain object, such as { ops: { load: { config: { … } } } }");
}
