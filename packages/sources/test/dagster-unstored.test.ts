/** Dagster rows that the destination cannot hold: they block nothing else, and each sync retries them. */
import { createEmptyDagsterWorld } from "@org/simulators/internal";
import { SyncError, type SyncOptions } from "@org/sync-engine";
import { expect, test } from "vitest";
import { operations, startFixture } from "./dagster-server.ts";

/** A value that no column can hold. */
const half = "half \ud83d";

async function setUp() {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", {
    assets: [{ path: ["orders"] }, { path: ["customers"] }],
    schedules: [
      { name: "nightly", jobName: "load", crons: ["0 0 * * *"] },
      { name: "hourly", jobName: "load", crons: ["0 * * * *"] },
    ],
    sensors: [{ name: "files", jobName: "load", type: "STANDARD" }],
  });
  for (let index = 0; index < 6; index += 1)
    world.addRun({ jobName: "load", runId: `run-${index}`, status: "SUCCESS" });
  const fixture = await startFixture(world);
  return {
    ...fixture,
    world,
    /** Syncs after a while. @returns the messages about skipped rows */
    async problems(options: Partial<SyncOptions> = {}): Promise<string[]> {
      world.advance(60 * 60_000);
      fixture.server.requests.length = 0;
      try {
        await fixture.sync({ reconcile: false, ...options });
        return [];
      } catch (error) {
        if (!(error instanceof SyncError) || !error.result) throw error;
        expect(error.result.streams.flatMap((stream) => stream.error ?? [])).toEqual([]);
        return error.result.problems.map(({ message }) => message);
      }
    },
  };
}

test("I14: a run is retried by its id until it fits, and causes no comparison of all ids", async () => {
  const { server, world, problems, rows, expectTablesAsInWorld } = await setUp();
  const run = world.runs.get("run-2")!;
  run.tags.set("note", half);
  const told = [expect.stringContaining('dagster_runs: the row with run_id "run-2" is not stored: column tags')];
  expect(await problems()).toEqual(told);
  expect(rows("dagster_runs")).toHaveLength(5);
  expect(await problems()).toEqual(told);
  expect(server.requests.length).toBeLessThanOrEqual(5);
  expect(await problems({ reconcile: true })).toEqual(told);
  expect(operations(server).filter((name) => /ids/i.test(name))).toEqual([]);
  run.tags.set("note", "whole");
  expect(await problems()).toEqual([]);
  expectTablesAsInWorld();
});

test("a deleted run is no longer requested, and another one deleted with it is found", async () => {
  const { world, problems, expectTablesAsInWorld } = await setUp();
  world.runs.get("run-2")!.tags.set("note", half);
  await problems();
  world.deleteRun(world.runs.get("run-4")!);
  expect(await problems({ reconcile: true })).toHaveLength(1);
  world.deleteRun(world.runs.get("run-2")!);
  expect(await problems()).toEqual([]);
  expectTablesAsInWorld();
});

test("a run in progress that could not be stored is among its sensor's runs", async () => {
  const { world, problems, rows } = await setUp();
  const tags = { "dagster/sensor_name": "files", note: half };
  world.addRun({ jobName: "load", runId: "open", status: "STARTED", tags });
  expect(await problems()).toHaveLength(1);
  expect(rows("dagster_sensors")[0]).toMatchObject({ active_run_ids: ["open"] });
});

test("an asset, a schedule: until they fit, or are deleted", async () => {
  const { world, problems, rows, expectTablesAsInWorld } = await setUp();
  world.defineAsset("main", { path: ["broken"], description: half });
  world.defineSchedule("main", { name: "odd", jobName: "load", crons: [half], timezone: "UTC" });
  const told = [
    expect.stringContaining('dagster_assets: the row with id "[\\"broken\\"]" is not stored: column description'),
    expect.stringContaining("dagster_schedules: the row with id"),
  ];
  expect(await problems()).toEqual(told);
  expect([rows("dagster_assets"), rows("dagster_schedules")].map(({ length }) => length)).toEqual([2, 2]);
  expect(await problems({ reconcile: true })).toEqual(told);
  world.undefineAsset("main", ["broken"]);
  world.undefineInstigator("main", "schedules", "odd");
  expect(await problems()).toEqual([]);
  expectTablesAsInWorld();
});
