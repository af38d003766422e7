import { DestinationError } from "../errors.ts";

export type Driver = typeof import("node:sqlite");

/**
 * Loads Node's SQLite when it is first needed: older releases do not have it, and some print a warning about it. Not by
 * an import: some bundlers take "node:" away, and there is another package of the name that is left.
 */
export function loadDriver(): Driver {
  const driver = process.getBuiltinModule?.("node:sqlite");
  if (driver) return driver;
  throw new DestinationError(
    "DRIVER_MISSING",
    `The SQLite destination needs node:sqlite, which this Node ${process.versions.node} does not have: install Node 22.13 or newer.`,
  );
}
