import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster, defaultDagsterTables, runsTable } from "@org/sources/dagster";
import { type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import {
  type DagsterServer,
  type DagsterStorage,
  dagsterVersion,
  dagsterVersions,
  startDagster,
} from "@org/testkit/servers/dagster";
import { dagsterTruth } from "@org/testkit/servers/dagster-truth";
import { breakLocation, mutateDagster, repairLocation, seedDagster } from "@org/testkit/servers/dagster-world";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dumpDagsterSpec } from "../../specs/dagster/dump.ts";
import { testDeletions } from "./dagster-deletions.ts";
import { runDeployed } from "./dagster-deployed.ts";
import { expectWhatPagesShow } from "./dagster-pages.ts";
import { describeLiveOn, log } from "./live.ts";

/** Small, so that it hides nothing and the tests need not wait ten minutes for an idle server. */
const overlapMs = 3_000;
const hourMs = 60 * 60 * 1000;

const nightly = Boolean(process.env.NIGHTLY);
const newYork = { postgres: { timezone: "America/New_York" } };
const tokyo = { postgres: { timezone: "Asia/Tokyo" } };

/** The newest and the oldest version, and one whose database is behind UTC. At night, all of them. */
for (const [index, { version, pythons }] of dagsterVersions.entries()) {
  const isNewest = version === dagsterVersion;
  const storages: DagsterStorage[] = isNewest || index === 0 || nightly ? ["sqlite"] : [];
  if (isNewest) storages.push(newYork);
  if (isNewest && nightly) storages.push(tokyo);
  for (const storage of storages) {
    const where = storage === "sqlite" ? "" : ` whose PostgreSQL is in ${storage.postgres.timezone}`;
    const runs = isNewest && storage === "sqlite" && nightly ? 2000 : 600;
    describeLiveOn(pythons)(`a sync of a real Dagster ${version}${where}`, () => testSync(version, storage, runs));
  }
}

function testSync(version: string, storage: DagsterStorage, runs: number): void {
  const folder = mkdtempSync(join(tmpdir(), "live-dagster-"));
  const path = join(folder, "dagster.duckdb");
  let server: DagsterServer;
  /** Runs that changed before it are the seed's, and those after it the tests'. */
  let seededAt: number;

  beforeAll(async () => {
    server = await startDagster({ log, version, storage, locations: ["a", "b", "c"] });
    log(`seeded: ${JSON.stringify(await seedDagster(server, { runs }))}`);
    seededAt = Date.now();
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function syncNow() {
    const labels: string[] = [];
    const notices: string[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === "request-finished") labels.push(event.label);
      if (event.type === "notice") notices.push(event.message);
    };
    /** The ids of the runs that windows returned. */
    const windows: string[] = [];
    const fetchAndNote: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const { data } = (await response.clone().json()) as { data?: { window?: { results: { runId: string }[] } } };
      for (const { runId } of data?.window?.results ?? []) windows.push(runId);
      return response;
    };
    const client = createDagsterClient({ url: server.url, fetch: fetchAndNote });
    const source = dagster({ client, overlapMs, pageSize: nightly ? 1000 : 250 });
    const result: SyncResult = await sync({ source, destination: duckdb(path), onEvent });
    log(`sync: ${result.requests} requests in ${Math.round(result.durationMs)} ms: ${labels.join(", ")}`);
    return { ...result, notices, windows };
  }

  /** @returns the expected runs */
  async function expectNoDifference(): Promise<readonly PlainRow[]> {
    const truth = await dagsterTruth(server);
    for (const table of defaultDagsterTables) {
      const expected = truth[table.name as keyof typeof truth];
      const actual = await readTable(path, table);
      expect(differences(expected, actual, table.primaryKey), table.name).toEqual([]);
      log(`${table.name}: ${expected.length} rows compared, 0 differences`);
    }
    return truth.dagster_runs;
  }

  test("it serves the committed interface", async () => {
    const committed = new URL(`../../specs/dagster/${version}.graphql`, import.meta.url);
    expect(await dumpDagsterSpec(server.url)).toBe(await readFile(committed, "utf8"));
  });

  test("I4: the first sync ends with the server's own rows, column by column, times in true UTC", async () => {
    const { notices } = await syncNow();
    const inUtc = server.database.timezone === "UTC";
    expect(notices).toEqual(inUtc ? [] : [expect.stringContaining("Dagster's database is not in UTC")]);
    const rows = await expectNoDifference();
    // Columns that the version does not provide are empty, and every other column has a value somewhere.
    for (const name of Object.keys(runsTable.columns)) {
      expect(
        rows.some((row) => row[name] !== null),
        name,
      ).toBe(!(version === "1.7.10" && name === "creation_time"));
    }
  });

  test("I4: new, ended, tagged and late runs, materializations and switches are stored by the next sync", async () => {
    log(`changed: ${JSON.stringify(await mutateDagster(server, 1))}`);
    expect((await syncNow()).notices).toEqual([]);
    await expectNoDifference();
  });

  test("I12: a sync of an idle server sends at most five requests, reads no hours of history, and writes nothing", async () => {
    await new Promise((resolve) => setTimeout(resolve, overlapMs + 1_500));
    await syncNow();
    const { requests, streams, windows } = await syncNow();
    expect(requests).toBeLessThanOrEqual(5);
    for (const { inserted, updated, deleted, removed } of streams) {
      expect({ inserted, updated, deleted, removed }).toEqual({ inserted: 0, updated: 0, deleted: 0, removed: 0 });
    }
    const rows = await expectNoDifference();
    // A window that were wrong by the database's offset from UTC would start up to five hours too early.
    const changedAt = ({ update_time }: PlainRow) => Date.parse(String(update_time));
    const seeded = rows.filter((row) => changedAt(row) < seededAt && changedAt(row) > seededAt - 5 * hourMs);
    const old = new Set(seeded.map(({ run_id }) => run_id));
    log(`window of the idle sync: ${windows.length} rows; changed in the five hours before the test: ${old.size}`);
    expect(old.size).toBeGreaterThan(10);
    expect(windows.filter((id) => old.has(id))).toEqual([]);
  });

  // The following does not depend on the storage.
  if (storage !== "sqlite") return;
  const isNewest = version === dagsterVersion;
  test("its pages show the same numbers as our answers", () => expectWhatPagesShow(server.url, duckdb(path)));

  // For the newest version, dagster-rounds.test.ts tests more about locations.
  if (nightly || !isNewest) testBrokenLocation();
  if (isNewest) describe("deletions", () => testDeletions(() => server));
  if (isNewest) {
    test("deployed jobs report tables with their rows, and are retried after the listed exit codes only", async () => {
      await runDeployed(server, folder);
    });
  }

  function testBrokenLocation(): void {
    test("a code location's definitions keep their content while it fails to load", async () => {
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
  }
}
