/** All opt-in streams of a real Airflow, compared with its own database. */
import { readFileSync } from "node:fs";
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import type { Stream } from "@org/sync-engine/source";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { changeFurther, furtherTruth } from "@org/testkit/servers/airflow-further";
import { canary } from "@org/testkit/servers/airflow-further/named";
import { expect } from "vitest";
import { log } from "./live.ts";

/** @param path of a DuckDB file that does not exist yet */
export async function expectFurtherStreams(server: AirflowServer, path: string): Promise<void> {
  const { url, username, password } = server;
  const source = airflow({ client: createAirflowClient({ url, auth: { username, password } }), overlapMs: 5_000 });
  const streams: readonly Pick<Stream, "name" | "table" | "isSampled">[] = source.streams.filter(
    ({ isOptIn }) => isOptIn,
  );

  async function syncNow(): Promise<SyncResult> {
    const labels: string[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === "request-finished") labels.push(event.label);
    };
    const result = await sync({ source, destination: duckdb(path), streams: streams.map(({ name }) => name), onEvent });
    log(`opt-in streams: ${result.requests} requests: ${labels.join(", ")}`);
    return result;
  }

  async function compare(): Promise<void> {
    for (const { table, isSampled } of streams) {
      const key = table.primaryKey.filter((name) => !isSampled || name !== "sampled_at");
      const expected = (await furtherTruth(server, table.name)) as readonly PlainRow[];
      // Our own calls of batch endpoints are logged after the log was read.
      const actual = (await readTable(path, table)).filter(({ event }) => event !== "get_task_instances_batch");
      const latest = actual
        .map((row) => row.sampled_at as string | undefined)
        .sort()
        .at(-1);
      const found = actual
        .filter((row) => !isSampled || row.sampled_at === latest)
        .map(({ sampled_at: at, ...row }) =>
          isSampled ? row : { ...row, ...(at !== undefined && { sampled_at: at }) },
        );
      expect(differences(expected, found, key), table.name).toEqual([]);
      log(`${table.name}: ${expected.length} rows compared, 0 differences`);
    }
  }

  await changeFurther(server, "seed");
  await syncNow();
  await compare();
  await changeFurther(server, "change");
  await syncNow();
  await compare();
  expect(readFileSync(path).includes(canary)).toBe(false);
  const { streams: idle } = await syncNow();
  for (const { stream, inserted, updated, deleted, removed } of idle) {
    const isSampled = streams.find(({ name }) => name === stream)?.isSampled ?? false;
    const changed = { inserted: isSampled ? 0 : inserted, updated, deleted, removed };
    expect(changed, stream).toEqual({ inserted: 0, updated: 0, deleted: 0, removed: 0 });
  }
}
