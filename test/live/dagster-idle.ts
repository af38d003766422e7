import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { changeRuns } from "@org/testkit/servers/dagster-writer";
import { expectDagsterTruth } from "./dagster-differences.ts";

/** The runs that an idle sync's window brought, and those it should bring. */
export interface IdleWindow {
  readonly rows: number;
  /** Runs dated in the last half hour, or in the future: those that the window is for. */
  readonly recent: number;
  /** Runs dated in the hours before that, as far back as a wrong time zone could reach. */
  readonly older: number;
}

/** Syncs a server until nothing is new, and once more. */
export async function idleWindow(server: DagsterServer, path: string, overlapMs: number): Promise<IdleWindow> {
  let rows = 0;
  const countRows: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { data } = (await response.clone().json()) as { data?: { window?: { results: unknown[] } } };
    rows += data?.window?.results.length ?? 0;
    return response;
  };
  const client = createDagsterClient({ url: server.url, fetch: countRows });
  const syncNow = () => sync({ source: dagster({ client, overlapMs }), destination: duckdb(path), reconcile: false });
  await changeRuns(server, { actions: 8, only: ["ended_two_hours_ago", "born_and_ended_two_hours_ago"] });
  await syncNow();
  await changeRuns(server, { actions: 6, only: ["added", "ended", "tagged_long_after"] });
  await syncNow();
  rows = 0;
  await syncNow();
  const { dagster_runs: runs } = await expectDagsterTruth(server, path);
  const between = (hours: number, until: number) =>
    runs.filter(({ update_time }) => {
      const age = (Date.now() - Date.parse(String(update_time))) / 3_600_000;
      return age < hours && age >= until;
    }).length;
  return { rows, recent: between(0.5, Number.NEGATIVE_INFINITY), older: between(9, 0.5) };
}
