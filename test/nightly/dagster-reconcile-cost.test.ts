import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { type SyncResult, sync } from "@org/sync-engine";
import { type DagsterServer, startDagster } from "@org/testkit/servers/dagster";
import { seedDagster } from "@org/testkit/servers/dagster-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeLive, log } from "../live/live.ts";

const RUNS = Number(process.env.COST_RUNS ?? 100_000);
const forget = fileURLToPath(new URL("../../packages/testkit/src/servers/dagster/forget.py", import.meta.url));

describeLive(`what it costs to look for deletions in ${RUNS} runs`, () => {
  const folder = mkdtempSync(join(tmpdir(), "live-dagster-cost-"));
  let server: DagsterServer;

  beforeAll(async () => {
    server = await startDagster({ log });
    const { seconds } = await seedDagster(server, { runs: RUNS });
    log(`seeded in ${seconds} s`);
    report("first sync", await syncNow(false));
  }, 1_200_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function syncNow(reconcile: boolean): Promise<SyncResult> {
    const source = dagster({ client: createDagsterClient({ url: server.url }) });
    return sync({ source, destination: duckdb(join(folder, "dagster.duckdb")), reconcile });
  }
  function report(what: string, { requests, durationMs }: SyncResult): void {
    log(`${what}: ${requests} requests, ${(durationMs / 1000).toFixed(1)} s`);
  }

  for (const count of [0, 1, 1000]) {
    test(`after ${count} deletions`, async () => {
      if (count > 0) await server.python(forget, { runs: count });
      const plain = await syncNow(false);
      report(`a sync after ${count} deletions`, plain);
      const result = await syncNow(true);
      report(`a reconcile after ${count} deletions`, result);
      expect(result.streams[0]?.deleted).toBe(count);
      // All run ids are listed 10,000 at a time, and the missing ones are requested 1,000 at a time.
      const most = count === 0 ? 0 : RUNS / 10_000 + 2 + 2 * Math.ceil(count / 1000);
      expect(result.requests).toBeLessThanOrEqual(plain.requests + most);
    });
  }
});
