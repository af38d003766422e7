import { type Time, zonedTime } from "@org/kit";
import { invalidOption } from "./invalid-option.ts";

/** The parameters and fields of bodies that are times; a test compares this with the interface. */
const timeName =
  /^(after|before|run_after|timestamp|((logical|from|to|(dag_run_)?(start|end))_date|((request_)?created|updated|expires)_at)|(data_interval|partition_date)_(start|end))(_[gl]te?)?$/;

/** Whether a parameter, or a field of a body, is a time. */
export function isTime(name: string): boolean {
  return timeName.test(name);
}

/**
 * Parameters, or a body, whose times have a zone: a server fails with 500 at a time in a query without one. Only fields
 * of its own are changed, not what a `conf` contains.
 *
 * @throws AirflowError `INVALID_OPTIONS` for something that is no time
 */
export function withZones<T extends object>(values: T): T {
  const entries = Object.entries(values).map(([name, value]) => {
    const isGiven = value !== undefined && value !== null && value !== "" && value !== "default";
    return [name, isGiven && isTime(name) ? zonedTime(value as Time, name, invalidOption) : value];
  });
  return Object.fromEntries(entries) as T;
}
