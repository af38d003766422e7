/** Serving while things change: other processes' syncs, files that appear, disappear or are locked, and failures. */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { sqlite } from "@org/destination/sqlite";
import type { SyncHealth } from "@org/insights/serve";
import { parseExposition } from "@org/testkit/insights/parse-exposition";
import { errorOf, fill, served } from "@org/testkit/insights/served";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { dag, run } from "@org/testkit/insights/world";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "serve-"));
const small = sqlite(join(folder, "small.sqlite"));

beforeAll(() => fill(small, { airflow: airflowWorld, dagster: dagsterWorld }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("another process's sync is seen: new stamp, new ETag, new answer", async () => {
  const file = join(folder, "changing.sqlite");
  await fill(sqlite(file), { airflow: { dags: [dag("first")] } });
  const changing = await served({ destination: sqlite(file) });
  const [page, count] = [await changing("/"), await changing("/api/coverage.csv")];
  expect(count.body).toContain(",airflow_dags,1,");
  const [stamp, etag] = [JSON.parse((await changing("/status.json")).body).stamp, page.headers.etag];
  await fill(sqlite(file), { airflow: { dags: [dag("first"), dag("second")] } }, "11-02 13:00");
  await expect.poll(async () => (await changing("/")).headers.etag).not.toBe(etag);
  expect((await changing("/")).headers.etag).toMatch(/^"2026-11-02T13:00:00/);
  expect((await changing("/api/coverage.csv")).body).toContain(",airflow_dags,2,");
  expect(JSON.parse((await changing("/status.json")).body).stamp).not.toBe(stamp);
  expect((await changing("/metrics")).body).toContain(
    'dagsync_table_rows{pipeline="airflow",table="airflow_dags"} 2\n',
  );
});

test("without data: a page that waits, 503 with the reason, metrics that say so; then it appears", async () => {
  const file = join(folder, "later.sqlite");
  const later = await served({ destination: sqlite(file) });
  const page = await later("/");
  expect([page.status, page.headers["retry-after"], page.headers.etag]).toEqual([503, "10", undefined]);
  expect(page.body).toMatch(/Nothing to show[\s\S]*does not exist: there is no file/);
  const answer = await later("/api/success_rate.json");
  expect([answer.status, errorOf(answer).code]).toEqual([503, "NOT_FOUND"]);
  const families = parseExposition((await later("/metrics")).body);
  expect(families.get("dagsync_up")?.samples).toEqual([{ labels: {}, value: 0 }]);
  expect(JSON.parse((await later("/status.json")).body)).toMatchObject({ stamp: "", asOf: null, syncedAt: null });
  // A database with bookkeeping but no state has no data yet.
  const session = await sqlite(file).open({ pipeline: "airflow" });
  await session.close();
  await expect.poll(async () => errorOf(await later("/api/success_rate.json")).code).toBe("NO_TABLES");
  expect((await later("/")).status).toBe(503);
  await fill(sqlite(file), { airflow: airflowWorld });
  await expect.poll(async () => (await later("/")).status).toBe(200);
  expect(parseExposition((await later("/metrics")).body).get("dagsync_up")?.samples[0]?.value).toBe(1);
});

test("a file that is replaced is read again", async () => {
  const file = join(folder, "replaced.sqlite");
  await fill(sqlite(file), {
    airflow: { dags: [dag("old")], runs: [run("old", "1", { due: "11-02 06:00", took: 5 })] },
  });
  const other = join(folder, "other.sqlite");
  await fill(sqlite(other), {
    other: { dags: [dag("new")], runs: [run("new", "1", { due: "11-02 06:00", took: 5 })] },
  });
  const replaced = await served({ destination: sqlite(file) });
  expect((await replaced("/api/success_rate.csv")).body).toContain(",old,");
  renameSync(other, file);
  await expect.poll(async () => (await replaced("/api/success_rate.csv")).body).toContain("other,new,");
});

test("while a sync holds a DuckDB file, cached answers are served, and other requests get a retry-later", async () => {
  const destination = duckdb(join(folder, "held.duckdb"));
  await fill(destination, { airflow: airflowWorld });
  const held = await served({ destination });
  const before = await Promise.all([held("/"), held("/metrics"), held("/api/success_rate.json")]);
  expect(before.map(({ status }) => status)).toEqual([200, 200, 200]);
  // Between responses, the file is not locked.
  const session = await destination.open({ pipeline: "airflow" });
  expect((await held("/")).body).toBe(before[0].body);
  const metrics = (await held("/metrics")).body;
  expect(metrics).toContain("\ndagsync_up 1\n");
  const other = await held("/api/success_rate.json?days=3");
  expect([other.status, errorOf(other).code]).toEqual([503, "LOCKED"]);
  await session.close();
  await expect.poll(async () => (await held("/api/success_rate.json?days=3")).status).toBe(200);
});

test("serves many concurrent requests, from a file or a database", async () => {
  const destination = duckdb(join(folder, "held.duckdb"));
  await fill(destination, { airflow: airflowWorld });
  const many = await served({ destination });
  const paths = [
    "/",
    "/metrics",
    "/status.json",
    "/api/failing_now.json",
    "/api/failing_now.csv",
    "/api/coverage.json",
  ];
  const all = await Promise.all([...paths, ...paths, ...paths].map((path) => many(path)));
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
});

test("sync progress appears in the status and in the metrics", async () => {
  const failing: SyncHealth = {
    pipeline: "prod",
    isRunning: true,
    endedAt: 1_700_000_000_000,
    durationMs: 1500,
    succeeded: 2,
    failed: 1,
    problem: "The server is down.",
  };
  const syncing = await served({ destination: small, syncs: () => [failing] });
  expect(JSON.parse((await syncing("/status.json")).body)).toMatchObject({
    syncing: true,
    problem: "prod: The server is down.",
  });
  const families = parseExposition((await syncing("/metrics")).body);
  const valuesOf = (family: string) => families.get(family)?.samples.map(({ value }) => value);
  expect(valuesOf("dagsync_sync_ended_timestamp_seconds")).toEqual([1_700_000_000]);
  expect(valuesOf("dagsync_sync_success_timestamp_seconds")).toEqual([0]);
  expect(valuesOf("dagsync_sync_duration_seconds")).toEqual([1.5]);
  expect(families.get("dagsync_syncs_total")?.samples).toEqual([
    { labels: { pipeline: "prod", outcome: "success" }, value: 2 },
    { labels: { pipeline: "prod", outcome: "failed" }, value: 1 },
  ]);
});

test("an internal error is reported to the operator, not to the client", async () => {
  const told: unknown[] = [];
  const broken: Destination = {
    ...small,
    contents: small.contents!.bind(small),
    read: () => Promise.reject(new Error("secret detail")),
  };
  const odd = await served({ destination: broken, onError: (error) => told.push(error) });
  const got = await odd("/api/success_rate.json");
  expect([got.status, errorOf(got).code]).toEqual([500, "FAILED"]);
  expect(got.body).not.toContain("secret detail");
  expect(told).toEqual([new Error("secret detail")]);
});
