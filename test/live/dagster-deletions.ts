import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { type SyncEvent, type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import {
  deleteRuns,
  materializeAsset,
  removeLocation,
  takeOut,
  wipeAssets,
} from "@org/testkit/servers/dagster-deletions";
import { breakLocation, repairLocation } from "@org/testkit/servers/dagster-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectDagsterTruth } from "./dagster-differences.ts";
import { log } from "./live.ts";

type Options = Partial<SyncOptions> & { readonly fetch?: typeof fetch; readonly pageSize?: number };

/**
 * Tests that deletions on a real Dagster are found. At the end, a location is missing from the workspace.
 *
 * @param started a server with the locations a, b and c, all loaded, and a few hundred runs
 */
export function testDeletions(started: () => DagsterServer): void {
  const folder = mkdtempSync(join(tmpdir(), "live-dagster-deletions-"));
  const path = join(folder, "dagster.duckdb");
  let server: DagsterServer;

  beforeAll(async () => {
    server = started();
    await syncNow();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function syncNow({ fetch, pageSize, ...options }: Options = {}) {
    const labels: string[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === "request-finished") labels.push(event.label);
    };
    const client = createDagsterClient({ url: server.url, ...(fetch && { fetch }) });
    const source = dagster({ client, overlapMs: 3_000, ...(pageSize && { pageSize }) });
    const result: SyncResult = await sync({ source, destination: duckdb(path), onEvent, ...options });
    log(`${result.requests} requests: ${labels.join(", ")}`);
    return { deleted: result.streams.map(({ deleted }) => deleted), labels };
  }

  const expectNoDifference = () => expectDagsterTruth(server, path);

  async function someRuns(scope: string): Promise<string[]> {
    const rows = await queryDuckdb(path, `SELECT run_id FROM dagster_runs WHERE _deleted_at IS NULL AND ${scope}`);
    return rows.map(({ run_id }) => run_id as string);
  }
  const finished = "status IN ('SUCCESS', 'FAILURE', 'CANCELED') ORDER BY run_id";

  test("without deletions, looking for them costs no extra request", async () => {
    const { deleted, labels } = await syncNow({ reconcile: true });
    expect(deleted).toEqual([0, 0, 0, 0]);
    expect(labels).toHaveLength(3);
    await expectNoDifference();
  });

  test("one deleted run is found by all ids", async () => {
    await deleteRuns(server, await someRuns(`${finished} LIMIT 1`));
    expect(await syncNow({ reconcile: true })).toMatchObject({ deleted: [1, 0, 0, 0] });
    await expectNoDifference();
  });

  test("I4: deleted runs, an asset, a schedule and a sensor are marked, and no other row", async () => {
    const open = await someRuns("status NOT IN ('SUCCESS', 'FAILURE', 'CANCELED') ORDER BY run_id LIMIT 3");
    await deleteRuns(server, [...open, ...(await someRuns(`${finished} LIMIT 30`))]);
    // One known only by its events, and one that is defined.
    await wipeAssets(server, [["unknown", "key 1"], ["orders"]]);
    await takeOut(server, "a", [/^.*name="weekly".*\n/m, /^ +without_job,\n/m]);
    await takeOut(server, "c", ["never_materialized_c, "]);
    const { deleted } = await syncNow({ reconcile: true });
    expect(deleted).toEqual([33, 2, 1, 1]);
    await expectNoDifference();
  });

  test("an asset that was wiped reappears when it is materialized again", async () => {
    await materializeAsset(server, ["unknown", "key 1"]);
    await syncNow();
    await expectNoDifference();
  });

  test("I8: runs deleted while all ids are listed, including a page's cursor, do not end the listing early", async () => {
    await deleteRuns(server, await someRuns(`${finished} LIMIT 2`));
    let pages = 0;
    const { deleted } = await syncNow({
      reconcile: true,
      pageSize: 20,
      fetch: async (input, init) => {
        const { query, variables } = JSON.parse(String(init?.body)) as {
          query: string;
          variables: { pageToken: string };
        };
        if (query.includes("query RunIdsPage") && ++pages === 3) await deleteRuns(server, [variables.pageToken]);
        return fetch(input, init);
      },
    });
    expect(pages).toBeGreaterThan(3);
    // A run deleted after its page had been read is found by the next reconcile.
    expect(deleted).toEqual([2, 0, 0, 0]);
    expect(await syncNow({ reconcile: true })).toMatchObject({ deleted: [1, 0, 0, 0] });
    await expectNoDifference();
  });

  test("I8: a location that leaves the workspace takes its rows along, one that fails to load keeps them", async () => {
    server = await removeLocation(server, "c");
    await breakLocation(server, "b");
    const [, , schedules, sensors] = (await syncNow()).deleted;
    expect([schedules, sensors]).toEqual([2, 1]);
    await expectNoDifference();
    await repairLocation(server, "b");
  });

  test("I8: deleting a quarter of all runs is refused until it is allowed", async () => {
    const quarter = Math.ceil((await someRuns("true")).length / 4);
    await deleteRuns(server, await someRuns(`${finished} LIMIT ${quarter}`));
    await expect(syncNow({ reconcile: true })).rejects.toThrow(new RegExp(`dagster_runs: ${quarter} of \\d+ rows`));
    expect(await syncNow({ reconcile: true, allowMassDelete: true })).toMatchObject({ deleted: [quarter, 0, 0, 0] });
    await expectNoDifference();
  });
}
