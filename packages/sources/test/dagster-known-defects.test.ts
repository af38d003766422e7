/** Known defects of other connectors, each with a world that would expose it. test/DEFECTS.md lists all of them. */
import { createDemoDagsterWorld, createEmptyDagsterWorld } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { startFixture } from "./dagster-server.ts";

test("schedules and sensors of every code location and repository are read", async () => {
  const world = createDemoDagsterWorld({ runs: 20 });
  const fixture = await startFixture(world);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  for (const table of ["dagster_schedules", "dagster_sensors"]) {
    const locations = new Set(fixture.rows(table).map(({ code_location }) => code_location));
    expect(locations.size, table).toBeGreaterThan(1);
  }
});

test("assets after a materialized one are read too, and materializations keep their milliseconds", async () => {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", { assets: [{ path: ["a"] }, { path: ["b"] }, { path: ["c"] }] });
  world.advance(123);
  world.materialize(["a"]);
  world.materialize(["c"]);
  const fixture = await startFixture(world);
  await fixture.sync();
  const times = fixture.rows("dagster_assets").map((row) => [row.key_path, row.last_materialization_time]);
  expect(times.sort()).toEqual([
    ["a", "2026-11-21T09:30:00.123000Z"],
    ["b", null],
    ["c", "2026-11-21T09:30:00.123000Z"],
  ]);
});

test("only an asset's latest materialization is requested", async () => {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", { assets: [{ path: ["a"] }] });
  world.materialize(["a"]);
  const fixture = await startFixture(world);
  // The simulator has no other.
  const all = JSON.stringify({ query: "{ assetNodes { assetMaterializations { timestamp } } }" });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${fixture.server.url.replace(/\/graphql$/, "")}/graphql`, {
    method: "POST",
    headers,
    body: all,
  });
  expect(await answer.text()).toContain("assetMaterializations with limit: 1 only");
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(fixture.rows("dagster_assets")).toHaveLength(1);
});

test("a run's times keep their microseconds, and it knows its origin and which run it repeats", async () => {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", {});
  const first = world.addRun({ jobName: "j" });
  world.start(first);
  world.at(world.now() + 654_321, () => world.finish(first, "FAILURE"));
  world.addRun({ jobName: "j", parent: first });
  const fixture = await startFixture(world);
  await fixture.sync();
  const rows = fixture.rows("dagster_runs");
  const row = rows.find(({ run_id }) => run_id === first.runId);
  expect(row).toMatchObject({ end_time: "2026-11-21T09:30:00.654321Z", code_location: "main" });
  expect(row?.creation_time).not.toBeNull();
  expect(rows.find(({ parent_run_id }) => parent_run_id !== null)).toMatchObject({
    parent_run_id: first.runId,
    root_run_id: first.runId,
  });
});
