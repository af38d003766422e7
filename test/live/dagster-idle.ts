import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { changeRuns } from "@org/testkit/servers/dagster-writer";
import { expectDagsterTruth } from "./dagster-differences.ts";

/** The runs that an idle sync's window brought. */
export interface IdleWindow {
  /** How many runs the window brought. */
  readonly runs: number;
  /** How many runs are dated in the hours before the last half hour, as far back as a wrong time zone could reach. */
  readonly older: number;
  /** Those of them that the window brought, though it is not for them. */
  readonly needless: readonly string[];
}

/** Syncs a server until nothing is new, and once more. */
export async function idleWindow(server: DagsterServer, path: string, overlapMs: number): Promise<IdleWindow> {
  const brought = new Set<string>();
  const noteRuns: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { data } = (await response.clone().json()) as { data?: { window?: { results: { runId: string }[] } } };
    for (const { runId } of data?.window?.results ?? []) brought.add(runId);
    return response;
  };
  const client = createDagsterClient({ url: server.url, fetch: noteRuns });
  const syncNow = () => sync({ source: dagster({ client, overlapMs }), destination: duckdb(path), reconcile: false });
  await changeRuns(server, { actions: 8, only: ["ended_two_hours_ago", "born_and_ended_two_hours_ago"] });
  await syncNow();
  await changeRuns(server, { actions: 6, only: ["added", "ended", "tagged_long_after"] });
  await syncNow();
  brought.clear();
  await syncNow();
  const { dagster_runs: runs } = await expectDagsterTruth(server, path);
  const older = runs.flatMap(({ run_id, update_time }) => {
    const hours = (Date.now() - Date.parse(String(update_time))) / 3_600_000;
    return hours >= 0.5 && hours < 9 ? [String(run_id)] : [];
  });
  return { runs: brought.size, older: older.length, needless: older.filter((id) => brought.has(id)) };
}
