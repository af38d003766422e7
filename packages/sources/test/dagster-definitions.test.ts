import { createDagsterClient } from "@org/dagster-client";
import { createDemoDagsterWorld, createEmptyDagsterWorld } from "@org/simulators/internal";
import { dagster } from "@org/sources/dagster";
import { differences } from "@org/testkit/compare";
import { expect, test } from "vitest";
import { operations, startFixture } from "./dagster-server.ts";

const minute = 60_000;
const noticeCodes = (events: readonly { type: string; code?: string }[]) =>
  events.flatMap(({ type, code }) => (type === "notice" ? [code] : []));

test("an asset's id is its path as compact JSON, whatever it contains", async () => {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", {
    assets: [{ path: ["a", "b"] }, { path: ["a.b"] }, { path: ["äö", 'x/"y'], group: "g" }],
  });
  world.materialize(["only", "events"]);
  const fixture = await startFixture(world);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  const rows = fixture.rows("dagster_assets");
  expect(rows.map(({ id }) => id).sort()).toEqual(['["a","b"]', '["a.b"]', '["only","events"]', '["äö","x/\\"y"]']);
  expect(rows.filter(({ key_path }) => key_path === "a.b")).toHaveLength(2);
});

test("assets known only by their events are requested by key, 300 per request", async () => {
  const world = createDemoDagsterWorld({ runs: 50 });
  for (let asset = 0; asset < 450; asset += 1) world.materialize(["files", `file ${asset}`]);
  const fixture = await startFixture(world);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(operations(fixture.server).filter((name) => name === "EventAssets")).toHaveLength(2);
});

test("an asset whose definition was removed stays as one known by its events", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.undefineAsset("warehouse", ["raw_shop", "orders"]);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  const [row] = fixture.rows("dagster_assets").filter(({ key_path }) => key_path === "raw_shop.orders");
  expect(row).toMatchObject({ description: null, group_name: null, code_location: null });
  expect(row?.last_materialization_time).not.toBeNull();
});

test.for(["breakLocation", "startLoading"] as const)(
  "%s: the location's definitions keep their content",
  async (how) => {
    const world = createDemoDagsterWorld({ runs: 200 });
    world.addLocation("never_ran", { assets: [{ path: ["never", "materialized"], description: "Kept." }] });
    const fixture = await startFixture(world);
    await fixture.sync();
    world.advance(minute);
    world[how]("warehouse");
    world[how]("never_ran");
    world.setSchedule("ml_platform", "weekly_training", "RUNNING");
    world.materialize(["raw_shop", "orders"]);
    world.defineAsset("ml_platform", { path: ["raw_shop", "orders"], description: "Defined there, too." });
    const { events } = await fixture.sync();
    fixture.expectTablesAsInWorld();
    expect(noticeCodes(events)).toEqual(["LOCATION_NOT_LOADED", "LOCATION_NOT_LOADED"]);

    world.repairLocation("warehouse");
    world.repairLocation("never_ran");
    world.undefineAsset("ml_platform", ["raw_shop", "orders"]);
    await fixture.sync();
    fixture.expectTablesAsInWorld();
  },
);

test("a location that fails to load is named with its error", async () => {
  const world = createDemoDagsterWorld({ runs: 50 });
  world.breakLocation("warehouse");
  const { events } = await (await startFixture(world)).sync();
  const [notice] = events.filter((event) => event.type === "notice");
  expect(notice?.message).toContain(
    "Code location warehouse is not loaded: dagster._core.errors.DagsterUserCodeLoadError",
  );
  expect(notice?.message).not.toContain("\n");
});

test("a materialization wiped while its location is broken is removed, and the definition stays", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.breakLocation("warehouse");
  world.wipe(["raw_shop", "orders"]);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

test("several cron expressions are printed as a list", async () => {
  const fixture = await startFixture(createDemoDagsterWorld({ runs: 50 }));
  await fixture.sync();
  const crons = fixture.rows("dagster_schedules").map(({ cron_schedule }) => cron_schedule);
  expect(crons).toContain("['0 0 * * *', '0 6,12,18 * * *']");
  expect(crons).toContain("0 2 * * *");
});

test("a sensor's active runs are the same with and without the runs in the sync", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const tags = { "dagster/sensor_name": "marts_are_fresh" };
  const runs = Array.from({ length: 3 }, () =>
    world.addRun({ jobName: "compute_features", location: "ml_platform", tags }),
  );
  world.addRun({ jobName: "compute_features", location: "warehouse", tags });
  world.finish(runs[0]!);
  const alone = await startFixture(world);
  await alone.sync({ streams: ["sensors"] });
  const whole = await startFixture(world);
  await whole.sync();
  whole.expectTablesAsInWorld();
  const rows = alone.rows("dagster_sensors");
  expect(differences(world.rows().dagster_sensors, rows, ["id"])).toEqual([]);
  const active = rows.find(({ name }) => name === "marts_are_fresh")?.active_run_ids as string[];
  expect(runs.map(({ runId }) => active.includes(runId))).toEqual([false, true, true]);
});

test("I8: a response without the workspace or without the assets is an error, and changes nothing", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  const pythonError = {
    __typename: "PythonError",
    message: "no such table: asset_keys",
    className: "OperationalError",
  };
  const workspace = { __typename: "Workspace", locationEntries: [] };
  const statuses = { enumValues: [{ name: "SUCCESS" }] };
  const assetKeys = { __typename: "AssetConnection", nodes: [] };
  const data = { version: "1.13.27", statuses, workspace, assetKeys, assetNodes: [] };
  for (const part of ["workspace", "assetKeys"]) {
    const body = { data: { ...data, [part]: pythonError } };
    // Two retries, and one failure for all four streams.
    fixture.server.faults.push({
      match: ({ text }) => text.includes("query Definitions"),
      times: 3,
      status: 500,
      body,
    });
    await expect(fixture.sync()).rejects.toThrow("no such table: asset_keys");
    expect(fixture.server.faults.pending).toBe(0);
  }
  fixture.expectTablesAsInWorld();
});

async function checkOf(version: "1.7.10" | "1.10.21" | "1.13.27") {
  const { server } = await startFixture(createEmptyDagsterWorld(), { version });
  const source = dagster({ client: createDagsterClient({ url: server.url }) });
  const found = await source.check({
    request: (_label, ask) => ask(new AbortController().signal),
    signal: new AbortController().signal,
    now: Date.now,
    emit: () => {},
  });
  return { ...found, requests: server.requests.length };
}

const partition = (version: string) =>
  `Dagster ${version} does not have partition of a check's execution: dagster_asset_checks.partition stays NULL.`;

test("check reports the server's version, and which column stays empty with it, in one request", async () => {
  expect(await checkOf("1.13.27")).toEqual({ version: "1.13.27", notes: [], requests: 1 });
  expect(await checkOf("1.10.21")).toEqual({ version: "1.10.21", notes: [partition("1.10.21")], requests: 1 });
  expect(await checkOf("1.7.10")).toEqual({
    version: "1.7.10",
    notes: [
      "Dagster 1.7.10 does not have creationTime of a run: dagster_runs.creation_time stays NULL.",
      "Dagster 1.7.10 does not have kinds of an asset: dagster_asset_edges.kinds stays NULL.",
      expect.stringContaining("dagster_materializations lacks failed ones."),
      expect.stringContaining("lacks an event whose time is long past"),
      expect.stringContaining("dagster_code_locations.version_key stays NULL."),
      partition("1.7.10"),
    ],
    requests: 1,
  });
});

test("a server that lacks a field of its runs is synced without it, in as many requests", async () => {
  const counts = [];
  for (const version of ["1.7.10", "1.13.27"] as const) {
    const world = createDemoDagsterWorld();
    const fixture = await startFixture(world, { version, pageSize: 50 });
    await fixture.sync();
    counts.push(fixture.server.requests.length);
    const runs = fixture.rows("dagster_runs");
    expect(runs).toHaveLength(world.rows().dagster_runs.length);
    const withCreation = runs.filter((run) => run.creation_time !== null);
    expect(withCreation).toHaveLength(version === "1.7.10" ? 0 : runs.length);
  }
  expect(counts[0]).toBe(counts[1]);
});

test("the URL is the one that users know, however the client was created", () => {
  for (const url of ["http://dagster:3000", "http://dagster:3000/", "http://dagster:3000/graphql"]) {
    expect(dagster({ client: createDagsterClient({ url }) }).url).toBe("http://dagster:3000");
  }
});
