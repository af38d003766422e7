import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { changeRuns } from "@org/testkit/servers/dagster-writer";
import { expect } from "vitest";
import { expectDagsterTruth } from "./dagster-differences.ts";

/** A late end with a time long past leaves no trace. The reconciles of a month find it. */
export async function findLateEnd(server: DagsterServer, path: string): Promise<void> {
  const syncNow = (reconcile: boolean) => {
    const source = dagster({ client: createDagsterClient({ url: server.url }), overlapMs: 1_000, pageSize: 100 });
    return sync({ source, destination: duckdb(path), reconcile });
  };
  await syncNow(false);
  const { dagster_runs: runs } = await expectDagsterTruth(server, path);
  expect(await changeRuns(server, { actions: 1, only: ["succeeded_late"] })).toEqual({ succeeded_late: 1 });
  await syncNow(false);
  await expect(expectDagsterTruth(server, path)).rejects.toThrow("dagster_runs");
  // A thirtieth of so few runs is less than the minimum, 50.
  for (let day = 0; day <= runs.length / 50 + 1; day += 1) await syncNow(true);
  await expectDagsterTruth(server, path);
}
