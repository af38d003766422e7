/** The further streams of a real Dagster, against its own database, on the oldest and the newest version. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster, dagsterTables } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import { differences, readTable } from "@org/testkit/compare";
import { type DagsterServer, dagsterVersions, startDagster } from "@org/testkit/servers/dagster";
import { deleteRuns, wipeAssets } from "@org/testkit/servers/dagster-deletions";
import { furtherTruth, seedFurther } from "@org/testkit/servers/dagster-further";
import { breakLocation, repairLocation } from "@org/testkit/servers/dagster-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeLiveOn, log } from "../live/live.ts";

/** Small, so that it hides nothing. */
const overlapMs = 1_000;

for (const { version, pythons } of [dagsterVersions[0], dagsterVersions.at(-1)!]) {
  describeLiveOn(pythons)(`the further streams of a real Dagster ${version}`, () => testFurther(version));
}

const tableOf = (name: string) => dagsterTables.find((table) => table.name === name)!;

function testFurther(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "live-dagster-further-"));
  const path = join(folder, "dagster.duckdb");
  let server: DagsterServer;

  beforeAll(async () => {
    server = await startDagster({ log, version, locations: ["a", "methods"] });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function syncNow() {
    const source = dagster({ client: createDagsterClient({ url: server.url }), overlapMs });
    const result = await sync({ source, destination: duckdb(path), streams: ["all"] });
    log(`sync: ${result.requests} requests in ${Math.round(result.durationMs)} ms`);
    return result;
  }

  async function expectNoDifference(): Promise<void> {
    const truth = await furtherTruth(server);
    for (const table of dagsterTables) {
      const expected = truth[table.name];
      if (!expected) continue;
      // The truth leaves out what only the server's memory holds.
      const columns = Object.keys(expected[0] ?? {});
      const rows = await readTable(path, table);
      const actual = rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])));
      expect(expected.length, table.name).toBeGreaterThan(0);
      expect(differences(expected, actual, table.primaryKey), table.name).toEqual([]);
      log(`${table.name}: ${expected.length} rows compared, 0 differences`);
    }
  }

  test("I4: the first sync ends with the server's own rows, column by column", async () => {
    log(`seeded: ${JSON.stringify(await seedFurther(server, 1))}`);
    await syncNow();
    await expectNoDifference();
    const samples = dagsterTables.filter(({ name }) => /daemons|concurrency/.test(name));
    for (const table of samples) expect((await readTable(path, table)).length, table.name).toBeGreaterThan(2);
  });

  test("I4: what is new, what ended, and what was due long ago is stored by the next sync", async () => {
    log(`changed: ${JSON.stringify(await seedFurther(server, 2))}`);
    await syncNow();
    await expectNoDifference();
  });

  test("what goes with a deleted run or a wiped asset is marked as deleted", async () => {
    const client = createDagsterClient({ url: server.url });
    const held = async (table: string) => (await readTable(path, tableOf(table))) as readonly Record<string, string>[];
    const [{ run_id: run = "" } = {}] = await held("dagster_steps");
    const events = await held("dagster_materializations");
    const wiped = events.find(({ run_id }) => run_id !== run)!.asset_id!;
    await deleteRuns(server, [run]);
    await wipeAssets(server, [JSON.parse(wiped)]);
    const source = dagster({ client, overlapMs });
    await sync({ source, destination: duckdb(path), streams: ["all"], reconcile: true });
    const left = [...(await held("dagster_steps")), ...(await held("dagster_materializations"))];
    expect(left.filter(({ run_id, asset_id }) => run_id === run || asset_id === wiped)).toEqual([]);
    const others = events.filter(({ run_id, asset_id }) => run_id !== run && asset_id !== wiped);
    expect(await held("dagster_materializations")).toHaveLength(others.length);
    log(`deleted: ${events.length - others.length} of ${events.length} events`);
  });

  test("I12: a sync of an idle server sends at most seven requests, and only adds samples", async () => {
    await new Promise((resolve) => setTimeout(resolve, overlapMs + 1_500));
    await syncNow();
    const { requests, streams } = await syncNow();
    expect(requests).toBeLessThanOrEqual(7);
    for (const { stream, inserted, updated, deleted } of streams) {
      const added = stream === "daemons" || stream === "concurrency" ? inserted : 0;
      expect({ stream, inserted, updated, deleted }).toEqual({ stream, inserted: added, updated: 0, deleted: 0 });
    }
  });

  test("nothing of a code location is lost while it fails to load", async () => {
    await breakLocation(server, "methods");
    await syncNow();
    await expectNoDifference();
    await repairLocation(server, "methods");
    await syncNow();
    await expectNoDifference();
  });
}
