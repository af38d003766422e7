import { createDemoDagsterWorld } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { type DagsterFixture, startFixture } from "./dagster-server.ts";

const minute = 60_000;
const tables = ["dagster_assets", "dagster_schedules", "dagster_sensors"] as const;

/** The number of rows marked as deleted, by table. */
function marked({ deleted }: DagsterFixture): Record<string, unknown> {
  return Object.fromEntries(tables.map((table) => [table, deleted(table).length]));
}
const nothing = { dagster_assets: 0, dagster_schedules: 0, dagster_sensors: 0 };

function content({ rows, deleted }: DagsterFixture): unknown[] {
  return tables.flatMap((table) => [...rows(table), ...deleted(table)]);
}

test("a schedule and a sensor removed from the code are marked by the next sync, and revived later", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  const { schedules, sensors } = world.location("warehouse");
  const before = [schedules[0]!, sensors[0]!] as const;
  world.undefineInstigator("warehouse", "schedules", before[0].name);
  world.undefineInstigator("warehouse", "sensors", before[1].name);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(marked(fixture)).toEqual({ ...nothing, dagster_schedules: 1, dagster_sensors: 1 });
  schedules.push(before[0]);
  sensors.push(before[1]);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(marked(fixture)).toEqual(nothing);
});

test("a location's definitions are deleted with it, except assets that were materialized", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  world.addLocation("trial", {
    assets: [{ path: ["trial", "made"] }, { path: ["trial", "never made"] }],
    schedules: [{ name: "hourly", jobName: "try", crons: ["@hourly"] }],
    sensors: [{ name: "files", jobName: "try", type: "STANDARD" }],
  });
  world.materialize(["trial", "made"], world.completeRun({ jobName: "try", location: "trial" }));
  const fixture = await startFixture(world);
  await fixture.sync();
  world.removeLocation("trial");
  // Rows of a location that does not load are different.
  world.breakLocation("ml_platform");
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(marked(fixture)).toEqual({ dagster_assets: 1, dagster_schedules: 1, dagster_sensors: 1 });
});

test.for(["breakLocation", "startLoading"] as const)(
  "%s: I8, none of the location's definitions is deleted",
  async (how) => {
    const world = createDemoDagsterWorld({ runs: 100 });
    world.defineAsset("ml_platform", { path: ["never", "materialized"] });
    const fixture = await startFixture(world);
    await fixture.sync();
    world[how]("ml_platform");
    world.undefineInstigator("warehouse", "sensors", "alert_on_failure");
    await fixture.sync({ reconcile: true });
    fixture.expectTablesAsInWorld();
    expect(marked(fixture)).toEqual({ ...nothing, dagster_sensors: 1 });
  },
);

test("assets are deleted if they are neither defined nor materialized, and only then", async () => {
  const world = createDemoDagsterWorld({ runs: 300 });
  world.defineAsset("warehouse", { path: ["never", "materialized"] });
  world.materialize(["only", "events"]);
  const fixture = await startFixture(world);
  await fixture.sync();
  // Known by its events only; defined still; no longer defined; neither; never materialized.
  world.wipe(["only", "events"]);
  world.wipe(["raw_shop", "orders"]);
  world.undefineAsset("warehouse", ["raw_shop", "customers"]);
  world.undefineAsset("warehouse", ["raw_shop", "products"]);
  world.wipe(["raw_shop", "products"]);
  world.undefineAsset("warehouse", ["never", "materialized"]);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  const gone = fixture.deleted("dagster_assets").map(({ key_path }) => key_path);
  expect(gone.sort()).toEqual(["never.materialized", "only.events", "raw_shop.products"]);

  fixture.server.requests.clear();
  await fixture.sync();
  expect(fixture.server.requests).toHaveLength(3);
  world.materialize(["only", "events"]);
  world.defineAsset("ml_platform", { path: ["never", "materialized"], description: "Again, elsewhere." });
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(marked(fixture)).toEqual({ ...nothing, dagster_assets: 1 });
});

test("an asset that moves to another location stays the same row", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  world.defineAsset("warehouse", { path: ["moving"], description: "Never materialized." });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.undefineAsset("warehouse", ["moving"]);
  world.defineAsset("ml_platform", { path: ["moving"], description: "Never materialized." });
  const { streams } = await fixture.sync();
  expect(streams[1]).toMatchObject({ stream: "assets", inserted: 0, updated: 1, deleted: 0 });
  fixture.expectTablesAsInWorld();
});

test("an asset materialized just before it is requested by its key stays", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  world.defineAsset("warehouse", { path: ["late"] });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.undefineAsset("warehouse", ["late"]);
  fixture.server.faults.push({
    match: ({ text }) => text.includes("query EventAssets"),
    before: () => world.materialize(["late"]),
  });
  await fixture.sync();
  expect(fixture.server.faults.pending).toBe(0);
  expect(marked(fixture)).toEqual(nothing);
  fixture.expectTablesAsInWorld();
});

test.for(["fails", "has left the workspace"])(
  "I8: if every location %s, nothing is deleted and nothing changes",
  async (how) => {
    const world = createDemoDagsterWorld({ runs: 100 });
    world.defineAsset("warehouse", { path: ["never", "materialized"], description: "Kept." });
    const fixture = await startFixture(world);
    await fixture.sync();
    const before = content(fixture);
    const locations = [...world.locations];
    if (how === "fails") for (const [name] of locations) world.breakLocation(name);
    else world.locations.clear();
    // Known only by its events.
    world.wipe(["uploads", "price_list"]);
    const { events } = await fixture.sync({ reconcile: true });
    expect(content(fixture)).toEqual(before);
    const notices = events.flatMap((event) => (event.type === "notice" ? [event.code] : []));
    expect(notices).toContain("NO_LOCATION_LOADED");

    for (const [name, location] of locations) world.locations.set(name, location);
    for (const [name] of locations) world.repairLocation(name);
    world.advance(minute);
    await fixture.sync();
    fixture.expectTablesAsInWorld();
    expect(marked(fixture)).toEqual({ ...nothing, dagster_assets: 1 });
  },
);

test("I8: a mass deletion of assets and schedules is refused, with numbers, until it is allowed", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const numbers = Array.from({ length: 160 }, (_, index) => index);
  world.addLocation("generated", {
    assets: numbers.map((index) => ({ path: ["generated", String(index)] })),
    schedules: numbers.map((index) => ({ name: `every_${index}`, jobName: "generate", crons: ["@daily"] })),
  });
  const fixture = await startFixture(world);
  await fixture.sync();
  const before = content(fixture);
  world.removeLocation("generated");
  const refused = fixture.sync();
  await expect(refused).rejects.toThrow(/dagster_assets: 160 of 201 rows \(80 %\)/);
  await expect(refused).rejects.toThrow(/dagster_schedules: 160 of 163 rows \(98 %\)/);
  expect(marked(fixture)).toEqual(nothing);
  expect(content(fixture)).toEqual(before);
  await fixture.sync({ allowMassDelete: true });
  fixture.expectTablesAsInWorld();
});
