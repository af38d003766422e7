import { DestinationError } from "../errors.ts";

export type Driver = typeof import("node:sqlite");

/**
 * Loads Node's SQLite on first use: older releases lack it, and some print a warning about it. Not with an import: some
 * bundlers strip "node:", and another package has the remaining name.
 */
export function loadDriver(): Driver {
  const driver = process.getBuiltinModule?.("node:sqlite");
  if (driver) return driver;
  throw new DestinationError(
    "DRIVER_MISSING",
    `The SQLite destination needs node:sqlite, which this Node ${process.versions.node} does not have: install Node 22.13 or newer.`,
  );
}
