import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { assetsTable, dagster, runsTable, schedulesTable, sensorsTable } from "@org/sources/dagster";
import { type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { differences, readTable } from "./compare.ts";
import { describeLive, log } from "./live.ts";
import { type DagsterServer, startDagster } from "./servers/dagster.ts";
import { dagsterTruth } from "./servers/dagster-truth.ts";
import { breakLocation, mutateDagster, repairLocation, seedDagster } from "./servers/dagster-world.ts";

/** Small, so that it hides nothing and the tests need not wait ten minutes for an idle server. */
const overlapMs = 3_000;

describeLive("a sync of a real Dagster 1.13.27", () => {
  const folder = mkdtempSync(join(tmpdir(), "live-dagster-"));
  const path = join(folder, "dagster.duckdb");
  let server: DagsterServer;

  beforeAll(async () => {
    server = await startDagster({ log, locations: ["a", "b", "c"] });
    log(`seeded: ${JSON.stringify(await seedDagster(server))}`);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function syncNow(): Promise<SyncResult & { readonly labels: readonly string[]; readonly notices: string[] }> {
    const labels: string[] = [];
    const notices: string[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === "request-finished") labels.push(event.label);
      if (event.type === "notice") notices.push(event.message);
    };
    const source = dagster({ client: createDagsterClient({ url: server.url }), overlapMs });
    return { ...(await sync({ source, destination: duckdb(path), onEvent })), labels, notices };
  }

  async function expectNoDifference(): Promise<void> {
    const truth = await dagsterTruth(server);
    for (const table of [runsTable, assetsTable, schedulesTable, sensorsTable]) {
      const expected = truth[table.name as keyof typeof truth];
      const actual = await readTable(path, table);
      expect(differences(expected, actual, table.primaryKey), table.name).toEqual([]);
      log(`${table.name}: ${expected.length} rows compared, 0 differences`);
    }
  }

  test("I4: the first sync ends with the server's own rows, column by column", async () => {
    const { requests, durationMs, labels } = await syncNow();
    log(`first sync: ${requests} requests in ${Math.round(durationMs)} ms: ${labels.join(", ")}`);
    await expectNoDifference();
  });

  test("I12: a sync of an idle server asks at most five times, and writes nothing", async () => {
    await new Promise((resolve) => setTimeout(resolve, overlapMs + 1_500));
    await syncNow();
    const { requests, streams, labels } = await syncNow();
    log(`idle sync: ${requests} requests: ${labels.join(", ")}`);
    expect(requests).toBeLessThanOrEqual(5);
    for (const { inserted, updated, deleted, removed } of streams) {
      expect({ inserted, updated, deleted, removed }).toEqual({ inserted: 0, updated: 0, deleted: 0, removed: 0 });
    }
    await expectNoDifference();
  });

  test("I4: new, ended, tagged and late runs, materializations and switches are there after the next sync", async () => {
    log(`changed: ${JSON.stringify(await mutateDagster(server, 1))}`);
    const { requests, labels } = await syncNow();
    log(`sync: ${requests} requests: ${labels.join(", ")}`);
    await expectNoDifference();
  });

  test("what a code location defines keeps its content while the location does not load", async () => {
    await breakLocation(server, "c");
    await mutateDagster(server, 2);
    const { notices } = await syncNow();
    expect(notices).toHaveLength(1);
    log(notices[0] ?? "");
    await expectNoDifference();
    await repairLocation(server, "c");
    expect((await syncNow()).notices).toEqual([]);
    await expectNoDifference();
  });
});
