import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow, dagRunsTable, defaultAirflowTables } from "@org/sources/airflow";
import { type SyncEvent, type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { cleanUp, deleteSome } from "@org/testkit/servers/airflow-deletions";
import { airflowTruth } from "@org/testkit/servers/airflow-truth";
import { airflowVersions, newestAirflow } from "@org/testkit/servers/airflow-versions";
import { changeMany, mutateAirflow, seedAirflow, unstamped } from "@org/testkit/servers/airflow-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpAirflowSpec } from "../../specs/airflow/dump.ts";
import { expectNamesOnly } from "./airflow-names.ts";
import { expectTooOld } from "./airflow-operations.ts";
import { expectWhatPagesShow } from "./airflow-pages.ts";
import { expectFurtherStreams } from "./airflow-streams.ts";
import { describeLiveOn, log } from "./live.ts";

/** Small, so that the tests need not wait ten minutes for an idle server. */
const overlapMs = 5_000;

/** The newest and the oldest version. At night, all of them. */
const tested = airflowVersions.filter(
  ({ version }, index) => process.env.NIGHTLY || version === newestAirflow || index === 0,
);

for (const { version, pythons } of tested) {
  describeLiveOn(pythons)(`a sync of a real Airflow ${version}`, () => testSync(version));
}

function testSync(version: string): void {
  /** The oldest version only runs tests that do not depend on the version at night. */
  const isWhole = version === newestAirflow || Boolean(process.env.NIGHTLY);
  const folder = mkdtempSync(join(tmpdir(), "live-airflow-"));
  const path = join(folder, "airflow.duckdb");
  let server: AirflowServer;

  beforeAll(async () => {
    server = await startAirflow({ log, version });
    const runsPerDag = !process.env.NIGHTLY ? 20 : version === newestAirflow ? 105 : 35;
    log(`seeded: ${JSON.stringify(await seedAirflow(server, { runsPerDag }))}`);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function syncNow(
    options: Pick<SyncOptions, "reconcile"> = {},
  ): Promise<SyncResult & { readonly labels: readonly string[] }> {
    const { url, username, password } = server;
    const labels: string[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === "request-finished") labels.push(event.label);
    };
    const source = airflow({ client: createAirflowClient({ url, auth: { username, password } }), overlapMs });
    return { ...(await sync({ source, destination: duckdb(path), onEvent, ...options })), labels };
  }

  /** @param counts whether a row that the server no longer has counts as a difference */
  async function expectNoDifference(counts = (_row: PlainRow) => true): Promise<void> {
    const truth = await airflowTruth(server);
    for (const table of defaultAirflowTables) {
      const expected = reachable(truth[table.name as keyof typeof truth]);
      const actual = reachable(await readTable(path, table)).filter((row) => !row.purged_at && counts(row));
      expect(differences(expected, actual, table.primaryKey), table.name).toEqual([]);
      log(`${table.name}: ${expected.length} rows compared, 0 differences`);
    }
  }

  test("it serves the committed interface", async () => {
    const file = new URL(`../../specs/airflow/${version}.json`, import.meta.url);
    expect(await dumpAirflowSpec(server.url)).toBe(await readFile(file, "utf8"));
  });

  test("operations that it is too old for say so", () => expectTooOld(version, server));

  test("I4: the first sync ends with the server's own rows, column by column", async () => {
    const { requests, durationMs } = await syncNow();
    log(`first sync: ${requests} requests in ${Math.round(durationMs)} ms`);
    await expectNoDifference();
  });

  test("I12: a sync of an idle server sends at most seven requests, and writes nothing", async () => {
    await new Promise((resolve) => setTimeout(resolve, overlapMs + 1_500));
    await syncNow();
    const { requests, streams, labels } = await syncNow();
    log(`idle sync: ${requests} requests: ${labels.join(", ")}`);
    expect(requests).toBeLessThanOrEqual(7);
    for (const { inserted, updated, deleted, removed } of streams) {
      expect({ inserted, updated, deleted, removed }).toEqual({ inserted: 0, updated: 0, deleted: 0, removed: 0 });
    }
    await expectNoDifference();
  });

  test("I4: opt-in streams end with the server's own rows too, column by column", async () => {
    await expectFurtherStreams(server, join(folder, "further.duckdb"));
  });

  test("its pages and lists show the same numbers as our answers", async () => {
    await expectWhatPagesShow(server, duckdb(path));
  });

  test("I4: changes by runs, users and the scheduler are stored by the next sync", async () => {
    for (const round of process.env.NIGHTLY ? [1, 2] : [1]) {
      log(`changed: ${JSON.stringify(await mutateAirflow(server, round))}`);
      await syncNow();
      await expectNoDifference();
    }
  });

  test("I7: changes that exceed one response are all stored, however many share a timestamp", async () => {
    log(`changed: ${JSON.stringify(await changeMany(server))}`);
    const { requests } = await syncNow();
    log(`sync of many changes: ${requests} requests`);
    await expectNoDifference();
  });

  if (isWhole) testUnstamped();
  test("I8: logged deletions are found by the next sync, others by a reconcile", async () => {
    log(`deleted: ${JSON.stringify(await deleteSome(server))}`);
    await syncNow({ reconcile: false });
    const { requests } = await syncNow({ reconcile: true });
    log(`reconcile: ${requests} requests`);
    await expectNoDifference();
  });
  if (isWhole) testRetention();
  test("an export with its pools, DAG sources and names holds no value", () => expectNamesOnly(server, path));

  function testUnstamped(): void {
    test("I4: counts by state and unfinished rows reveal changes without a new timestamp", async () => {
      log(`changed without updated_at: ${JSON.stringify(await unstamped(server))}`);
      await syncNow();
      await expectNoDifference();
    });
  }

  function testRetention(): void {
    test("I8: rows purged by airflow db clean are kept, and marked as purged", async () => {
      const { taken, cut, requests } = await cleanUp(server, () => syncNow({ reconcile: true }));
      log(`taken by db clean: ${JSON.stringify(taken)}; reconcile: ${requests} requests`);
      const runs = await readTable(path, dagRunsTable);
      expect(runs.filter(({ purged_at }) => purged_at)).toHaveLength(taken.runs);
      // Earlier attempts that it deleted from existing task instances stay in the table.
      await expectNoDifference((row) => row.is_latest !== false || String(row.start_date) >= cut);
    });
  }
}

/** The API's URLs cannot contain a slash, so no client can read the earlier attempts of such runs. */
function reachable(rows: readonly PlainRow[]): readonly PlainRow[] {
  return rows.filter((row) => row.is_latest !== false || !String(row.dag_run_id).includes("/"));
}
