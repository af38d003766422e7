import { fileURLToPath } from "node:url";
import type { PlainRow } from "../compare.ts";
import type { DagsterServer } from "./dagster.ts";

const script = (name: string) => fileURLToPath(new URL(`dagster/${name}.py`, import.meta.url));

/**
 * Fills what the further streams read, through Dagster's own code: ticks, events of assets, runs with steps, executions of
 * checks, backfills, pools, heartbeats. SQLite only.
 *
 * @param round From 1. A later round also ends what the one before left open.
 * @returns how much was written
 */
export async function seedFurther(server: DagsterServer, round: number): Promise<Record<string, number>> {
  return await server.python(script("further_seed"), { round });
}

/** The rows that the further streams' tables must hold, by table, without samples. From the server's SQLite files. */
export async function furtherTruth(server: DagsterServer): Promise<Record<string, PlainRow[]>> {
  return await server.python(script("further_truth"), { locations: server.locations });
}
