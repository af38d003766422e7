import { DestinationError } from "../errors.ts";

export type Driver = typeof import("node:sqlite");

/** Loads Node's SQLite when it is first needed: older releases do not have it, and some print a warning about it. */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import("node:sqlite");
  } catch (cause) {
    throw new DestinationError(
      "DRIVER_MISSING",
      `The SQLite destination needs node:sqlite, which this Node ${process.versions.node} does not have: install Node 22.13 or newer.`,
      { cause },
    );
  }
}
