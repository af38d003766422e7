import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { sync } from "@org/sync-engine";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import * as steps from "@org/testkit/servers/airflow-steps";
import { type RewriteDate, startDateProxy } from "@org/testkit/servers/date-proxy";
import { expectTruth } from "./airflow-differences.ts";

const HOUR_MS = 60 * 60 * 1000;
/** Much less than an hour, and more than the two servers' clocks differ. */
const overlapMs = 15_000;

let answers = 0;

/** The servers' clocks at the first sync of a case, and at later ones. */
export const clocks: Readonly<Record<string, readonly [first: RewriteDate, then: RewriteDate]>> = {
  "is ahead by an hour": [(now) => now + HOUR_MS, (now) => now + HOUR_MS],
  "is behind by an hour": [(now) => now - HOUR_MS, (now) => now - HOUR_MS],
  "is set back by an hour between two syncs": [(now) => now + HOUR_MS, (now) => now],
  "is set forward by an hour between two syncs": [(now) => now - HOUR_MS, (now) => now],
  "is not said": [() => undefined, () => undefined],
  "is that of two servers which differ by seven seconds": [twoServers, twoServers],
};

function twoServers(now: number): number {
  answers += 1;
  return answers % 2 ? now + 7_000 : now;
}

/** Syncs through a proxy with these clocks, changes the server in between, and compares after each sync. */
export async function playClocks(
  server: AirflowServer,
  path: string,
  [first, then]: readonly [RewriteDate, RewriteDate],
): Promise<Record<string, unknown>> {
  const proxy = await startDateProxy(server.url);
  const client = createAirflowClient({
    url: proxy.url,
    auth: { username: server.username, password: server.password },
  });
  const source = airflow({ client, overlapMs });
  // The proxy's port varies, but all tables belong to one pipeline.
  const syncNow = () => sync({ source, destination: duckdb(path), pipeline: "clocks", reconcile: false });
  const requests: number[] = [];
  try {
    proxy.rewrite = first;
    requests.push((await syncNow()).requests);
    proxy.rewrite = then;
    for (const turn of [1, 2]) {
      await change(server, turn);
      requests.push((await syncNow()).requests);
      await expectTruth(server, path);
    }
    return { requests };
  } finally {
    await proxy.close();
  }
}

/** Changes to finished rows, which only the window shows, and a step of the scheduler. */
async function change(server: AirflowServer, turn: number): Promise<void> {
  const parameters = [String(turn)];
  await server.query(
    `update dag_run set end_date = clock_timestamp(), updated_at = clock_timestamp() where id in (
       select id from dag_run where state in ('success', 'failed') order by md5(id || $1) limit 20)`,
    parameters,
  );
  await server.query(
    `update task_instance set hostname = 'moved-' || $1, updated_at = clock_timestamp() where id in (
       select id from task_instance where state = 'success' order by md5(id || $1) limit 50)`,
    parameters,
  );
  for (const statement of [steps.startRuns, steps.startTasks, steps.finishTasks]) {
    await server.query(statement, parameters);
  }
}
