import { DestinationError } from "../errors.ts";

export interface Driver {
  readonly Client: typeof import("pg").Client;
  readonly copyFrom: typeof import("pg-copy-streams").from;
  readonly copyTo: typeof import("pg-copy-streams").to;
}

/** Loads the driver on first use: it is an optional peer dependency. */
export async function loadDriver(): Promise<Driver> {
  try {
    const [{ Client }, { from, to }] = await Promise.all([import("pg"), import("pg-copy-streams")]);
    return { Client, copyFrom: from, copyTo: to };
  } catch (cause) {
    throw new DestinationError(
      "DRIVER_MISSING",
      "The PostgreSQL destination needs pg and pg-copy-streams, which are not installed or cannot be loaded: npm install pg pg-copy-streams",
      { cause },
    );
  }
}
