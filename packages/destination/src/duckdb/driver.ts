import { DestinationError } from "../errors.ts";

export type Driver = typeof import("@duckdb/node-api");

/**
 * Loads DuckDB on first use: it is an optional peer dependency of 70 MB.
 *
 * @param who needs it, for the message
 */
export async function loadDriver(who = "The DuckDB destination"): Promise<Driver> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new DestinationError(
      "DRIVER_MISSING",
      `${who} needs @duckdb/node-api, which is not installed or does not load here: npm install @duckdb/node-api`,
      { cause },
    );
  }
}
