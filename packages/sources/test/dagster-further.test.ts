/** The further streams of Dagster, on each version: what they hold after changes, and what they cost. */
import { createEmptyDagsterWorld, type DagsterWorld } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { type DagsterFixture, operations, startFixture } from "./dagster-server.ts";

const versions = ["1.7.10", "1.10.21", "1.13.27"] as const;
const hour = 3_600_000_000;
const second = 1_000_000;
const everything = { streams: ["all"] };

function smallWorld(): DagsterWorld {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", {
    assets: [{ path: ["orders"] }, { path: ["report", "daily"] }],
    schedules: [{ name: "nightly", jobName: "load", crons: ["0 3 * * *"] }],
    sensors: [{ name: "new_files", jobName: "load", type: "STANDARD" }],
  });
  world.addLocation("other", { assets: [{ path: ["elsewhere"] }] });
  return world;
}

const idOf = (world: DagsterWorld, kind: "schedules" | "sensors") => world.location("main")[kind][0]!.selectorId;
const keys = ({ rows }: DagsterFixture, table: string, column: string) =>
  rows(table)
    .map((row) => row[column])
    .sort();

test.each(versions)(
  "%s: ticks that were due long ago, or had not ended, are stored with the next sync",
  async (version) => {
    const world = smallWorld();
    const [schedule, sensor] = [idOf(world, "schedules"), idOf(world, "sensors")];
    const now = world.now();
    // More than a page, and several at one time.
    for (let index = 0; index < 120; index += 1)
      world.further.tick(sensor, "SKIPPED", now - Math.floor(index / 3) * second);
    world.further.tick(schedule, "SUCCESS", now - 30 * hour);
    const open = world.further.tick(schedule, "STARTED", now - 29 * hour);
    const fixture = await startFixture(world, { version });
    await fixture.sync(everything);
    const count = () => fixture.rows("dagster_ticks").length;
    expect(count()).toBe(122);

    world.advance(3_600_000);
    open.status = "FAILURE";
    open.endedAt = world.now();
    // The daemon catches up: it was due long before the last sync.
    world.further.tick(schedule, "SUCCESS", now - 5 * hour);
    await fixture.sync(everything);
    expect(count()).toBe(123);
    expect(fixture.rows("dagster_ticks").map(({ status }) => status)).not.toContain("STARTED");
  },
);

test("a location that fails to load loses none of its ticks, edges and checks", async () => {
  const world = smallWorld();
  world.further.tick(idOf(world, "sensors"), "SUCCESS", world.now());
  world.further.upstream.set('["report","daily"]', ['["orders"]', '["elsewhere"]']);
  world.further.check(["orders"], "is_fresh", "SUCCEEDED", world.now());
  const fixture = await startFixture(world);
  await fixture.sync(everything);
  const held = () => ["dagster_ticks", "dagster_asset_edges", "dagster_asset_checks"].map((name) => fixture.rows(name));
  const before = held();
  expect(before.map((rows) => rows.length)).toEqual([1, 4, 1]);

  world.breakLocation("main");
  await fixture.sync(everything);
  expect(held()).toEqual(before);
  const [failed] = fixture.rows("dagster_code_locations").filter(({ name }) => name === "main");
  expect(failed).toMatchObject({ load_status: "FAILED", error_class: "DagsterUserCodeLoadError", repositories: [] });

  world.repairLocation("main");
  world.further.upstream.delete('["report","daily"]');
  world.removeLocation("other");
  await fixture.sync(everything);
  expect(keys(fixture, "dagster_asset_edges", "upstream_id")).toEqual(["", ""]);
  expect(keys(fixture, "dagster_code_locations", "name")).toEqual(["main"]);
});

test.each(versions)(
  "%s: all events of assets, those of one moment too, and of assets only observed",
  async (version) => {
    const world = smallWorld();
    const start = world.now() - hour;
    for (let index = 0; index < 300; index += 1) {
      // Pages end within a millisecond.
      world.further.event("MATERIALIZATION", ["orders"], start + Math.floor(index / 7) * 1000, {
        partition: `p${index % 2}`,
      });
    }
    world.further.event("OBSERVATION", ["elsewhere"], start);
    const fixture = await startFixture(world, { version });
    await fixture.sync(everything);
    const count = () => fixture.rows("dagster_materializations").length;
    expect(count()).toBe(301);

    world.advance(60_000);
    world.further.event("OBSERVATION", ["elsewhere"], world.now());
    world.further.event("MATERIALIZATION", ["report", "daily"], world.now());
    world.further.event("MATERIALIZATION", ["orders"], world.now());
    await fixture.sync(everything);
    expect(count()).toBe(304);
  },
);

test("an event that is committed after later ones is stored", async () => {
  const world = smallWorld();
  const late = world.further.next();
  world.further.event("MATERIALIZATION", ["orders"], world.now());
  const fixture = await startFixture(world, { overlapMs: 600_000 });
  await fixture.sync(everything);
  world.advance(1000);
  world.further.events.unshift({ ...world.further.events[0]!, number: late, path: ["elsewhere"] });
  await fixture.sync(everything);
  expect(fixture.rows("dagster_materializations")).toHaveLength(2);
});

test("steps of runs that ended since, with an end long past, and of runs that were stored before", async () => {
  const world = smallWorld();
  const step = (at: number) => [{ stepKey: "load", status: "SUCCESS" as const, attempts: [{ start: at, end: at }] }];
  const done = world.completeRun({ jobName: "load" });
  const open = world.addRun({ jobName: "load", status: "STARTED" });
  for (const run of [done, open]) world.further.steps.set(run.runId, step(run.creationTime));
  const fixture = await startFixture(world);
  await fixture.sync();
  await fixture.sync(everything);
  expect(keys(fixture, "dagster_steps", "run_id")).toEqual([done.runId]);

  world.advance(3_600_000);
  world.finish(open, "FAILURE", world.now() - 10 * hour);
  await fixture.sync(everything);
  expect(keys(fixture, "dagster_steps", "run_id")).toEqual([done.runId, open.runId].sort());
});

test("backfills and executions of checks are read down to what had ended", async () => {
  const world = smallWorld();
  const { further } = world;
  const [open] = Array.from({ length: 120 }, (_, index) =>
    further.backfill(`b${index}`, index === 0 ? "REQUESTED" : "FAILED", world.now()),
  );
  const running = further.check(["orders"], "is_fresh", "IN_PROGRESS", world.now());
  for (let index = 0; index < 130; index += 1) further.check(["orders"], "is_fresh", "SUCCEEDED", world.now());
  const fixture = await startFixture(world);
  await fixture.sync(everything);
  expect(fixture.rows("dagster_backfills")).toHaveLength(120);
  expect(fixture.rows("dagster_asset_checks")).toHaveLength(131);

  open!.status = "CANCELED";
  running.status = "EXECUTION_FAILED";
  further.backfill("new", "REQUESTED", world.now());
  await fixture.sync(everything);
  expect(fixture.rows("dagster_backfills").filter(({ status }) => status !== "FAILED")).toEqual([
    expect.objectContaining({ id: "b0", status: "CANCELED" }),
    expect.objectContaining({ id: "new", status: "REQUESTED" }),
  ]);
  expect(fixture.rows("dagster_asset_checks").map(({ status }) => status)).not.toContain("IN_PROGRESS");
});

test.each(versions)("%s: what goes with a deleted run or a wiped asset is marked as deleted", async (version) => {
  const world = smallWorld();
  const [kept, deleted] = [world.completeRun({ jobName: "load" }), world.completeRun({ jobName: "load" })];
  for (const { runId } of [kept, deleted]) {
    world.further.steps.set(runId, [{ stepKey: "load", status: "SUCCESS", attempts: [] }]);
    world.further.event("MATERIALIZATION", ["orders"], world.now() - hour, { runId });
  }
  // Of a run that the server never had, and of none.
  world.further.event("MATERIALIZATION", ["orders"], world.now() - 2 * hour, { runId: "elsewhere" });
  world.further.event("OBSERVATION", ["orders"], world.now() - 3 * hour);
  world.further.event("MATERIALIZATION", ["elsewhere"], world.now() - hour);
  const fixture = await startFixture(world, { version });
  await fixture.sync(everything);
  const held = () => [keys(fixture, "dagster_steps", "run_id"), keys(fixture, "dagster_materializations", "run_id")];
  const before = held();
  expect(before.map((rows) => rows.length)).toEqual([2, 5]);

  world.advance(3_600_000);
  world.deleteRun(deleted);
  await fixture.sync(everything);
  expect(held()).toEqual(before);
  await fixture.sync({ ...everything, reconcile: true });
  expect(held()).toEqual([[kept.runId], ["", "", "elsewhere", kept.runId].sort()]);

  world.wipe(["elsewhere"]);
  await fixture.sync(everything);
  expect(keys(fixture, "dagster_materializations", "asset_id")).toEqual(Array(3).fill('["orders"]'));
});

test("each sync adds samples of the daemon, the pools and the queue", async () => {
  const world = smallWorld();
  world.further.heartbeats.set("SENSOR", world.now());
  world.further.pools.push({ name: "database", slots: 3, active: 2, pending: 1 });
  world.addRun({ jobName: "load" });
  const fixture = await startFixture(world);
  await fixture.sync(everything);
  world.advance(120_000);
  await fixture.sync(everything);
  expect(fixture.rows("dagster_daemons").map(({ healthy }) => healthy)).toEqual([true, false]);
  expect(fixture.rows("dagster_concurrency").filter(({ kind }) => kind === "RUN_QUEUE")).toMatchObject([
    { slots: 10, active: 0, pending: 1 },
    { slots: 10, active: 0, pending: 1 },
  ]);
  expect(fixture.rows("dagster_concurrency")).toHaveLength(4);
});

test.each(versions)("%s: I12: an idle sync of all streams sends at most seven requests", async (version) => {
  const world = smallWorld();
  world.further.event("MATERIALIZATION", ["orders"], world.now());
  world.further.event("OBSERVATION", ["orders"], world.now());
  world.further.check(["orders"], "is_fresh", "SUCCEEDED", world.now());
  world.further.tick(idOf(world, "sensors"), "SUCCESS", world.now());
  world.completeRun({ jobName: "load" });
  const fixture = await startFixture(world, { version });
  for (let round = 0; round < 3; round += 1) {
    await fixture.sync(everything);
    world.advance(3_600_000);
  }
  fixture.server.requests.splice(0);
  const { requests } = await fixture.sync(everything);
  expect(requests, operations(fixture.server).join(", ")).toBeLessThanOrEqual(7);
});

test("a part of the overview that the server fails on takes no other stream along", async () => {
  const world = smallWorld();
  const fixture = await startFixture(world, {
    lie: {
      answer: (told) => {
        if (told.body.data?.backfills) {
          told.status = 500;
          told.body = { data: null, errors: [{ message: "Failure condition", path: ["backfills"] }] };
        }
      },
    },
  });
  await expect(fixture.sync(everything)).rejects.toThrow(/backfills: /);
  expect(fixture.rows("dagster_code_locations")).toHaveLength(2);
  expect(fixture.rows("dagster_asset_edges")).toHaveLength(3);
});
