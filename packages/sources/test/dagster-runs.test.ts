import { createDemoDagsterWorld, createEmptyDagsterWorld, hour, type SimulatedRequest } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { operations, startFixture, variablesOf } from "./dagster-server.ts";

const isPageAfter = (pages: number) => {
  let seen = 0;
  return ({ text }: SimulatedRequest) => text.includes("query RunsPage") && ++seen === pages;
};
const cursorOf = ({ json }: SimulatedRequest) => (json as { variables: { pageToken: string } }).variables.pageToken;
type Tags = Readonly<Record<string, string>>;
const minute = 60_000;

test("I4: a first sync reads all runs, page by page, and then what changed since it started", async () => {
  const world = createDemoDagsterWorld({ runs: 600 });
  const fixture = await startFixture(world, { pageSize: 100 });
  const { events } = await fixture.sync({ streams: ["runs"] });
  const batches = events.filter((event) => event.type === "batch-committed");
  for (const { inserted, updated, unchanged } of batches)
    expect(inserted + updated + unchanged).toBeLessThanOrEqual(150);
  const asked = operations(fixture.server);
  expect(asked.at(-1)).toBe("RunChanges");
  // The definitions, the number of runs after the first page, and the changes.
  expect(asked).toHaveLength(3 + Math.ceil(world.runs.size / 100));
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

test("I12: a sync of an idle server sends three requests and writes nothing", async () => {
  const world = createDemoDagsterWorld();
  const fixture = await startFixture(world, { overlapMs: 10 * minute });
  await fixture.sync();
  world.advance(11 * minute);
  for (let round = 0; round < 3; round += 1) {
    fixture.server.requests.clear();
    const { streams } = await fixture.sync();
    expect(operations(fixture.server)).toEqual(["Definitions", "RunChanges", "EventAssets"]);
    for (const { inserted, updated, deleted } of streams)
      expect({ inserted, updated, deleted }).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    world.advance(24 * 60 * minute);
  }
  fixture.expectTablesAsInWorld();
});

test("I4: new, ended and tagged runs, and late ends, are stored by the next sync", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const open = Array.from({ length: 6 }, () => world.addRun({ jobName: "score", location: "ml_platform" }));
  // Enough runs that none of the open ones is in the head.
  for (let run = 0; run < 60; run += 1) world.completeRun({ jobName: "score", location: "ml_platform" });
  const fixture = await startFixture(world);
  await fixture.sync();
  for (let round = 0; round < 2; round += 1) {
    world.advance(30 * minute);
    world.completeRun({ jobName: "score", location: "ml_platform" }, "FAILURE");
    world.finish(open.pop()!);
    world.finish(open.pop()!, "FAILURE", world.now() - 2 * hour);
    world.start(open.at(-1)!);
    world.tag([...world.runs.values()][round]!, "later", "tag");
    world.materialize(["uploads", "price_list"]);
    await fixture.sync();
    fixture.expectTablesAsInWorld();
  }
});

test("runs that started and ended between two syncs, with old events, are found by the head", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world, { pageSize: 40 });
  await fixture.sync();
  world.advance(5 * minute);
  for (let run = 0; run < 130; run += 1) {
    world.at(world.now() - 2 * hour, () => world.completeRun({ jobName: "score" }));
  }
  // The window contains it too, so it says nothing about earlier runs.
  world.completeRun({ jobName: "score" });
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

test("an open run that no longer exists is marked as deleted, and no other", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const runs = Array.from({ length: 45 }, () => world.addRun({ jobName: "score" }));
  const fixture = await startFixture(world, { pageSize: 20 });
  await fixture.sync();
  world.advance(minute);
  const gone = [runs[3]!, runs[30]!];
  for (const run of gone) world.deleteRun(run);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  const deleted = fixture.deleted("dagster_runs").map(({ run_id }) => run_id);
  expect(deleted.sort()).toEqual(gone.map(({ runId }) => runId).sort());
});

test("I7: a window larger than a page is read to its end, though its cursor's run is deleted", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world, { pageSize: 10 });
  await fixture.sync();
  world.advance(minute);
  for (const run of [...world.runs.values()].slice(0, 45)) world.tag(run, "round", "1");
  fixture.server.faults.push({
    match: isPageAfter(2),
    before: (request) => world.deleteRun(world.runs.get(cursorOf(request))!),
  });
  await fixture.sync();
  expect(fixture.server.faults.pending).toBe(0);
  const tagged = fixture.rows("dagster_runs").filter(({ tags }) => (tags as Tags).round === "1");
  expect(tagged).toHaveLength(45);
});

test("I7: a first sync continues if the run that its page starts after is deleted", async () => {
  const world = createDemoDagsterWorld({ runs: 300 });
  const fixture = await startFixture(world, { pageSize: 50 });
  const deleted: string[] = [];
  const remove = (runId: string) => {
    deleted.push(runId);
    world.deleteRun(world.runs.get(runId)!);
  };
  fixture.server.faults.push(
    { match: isPageAfter(3), before: (request) => remove(cursorOf(request)) },
    {
      match: isPageAfter(4),
      before: (request) => {
        const ids = world.ordered().map(({ runId }) => runId);
        const index = ids.indexOf(cursorOf(request));
        for (const id of ids.slice(index, index + 60)) remove(id);
      },
    },
  );
  await fixture.sync();
  expect(fixture.server.faults.pending).toBe(0);
  expect(deleted).toHaveLength(61);
  const ids = new Set(fixture.rows("dagster_runs").map(({ run_id }) => run_id));
  expect([...world.runs.keys()].filter((id) => !ids.has(id))).toEqual([]);
});

test("I3: an interrupted first sync resumes, and misses nothing that happened since", async () => {
  const world = createDemoDagsterWorld({ runs: 400 });
  const lastStored = world.ordered().at(-150)!.runId;
  const fixture = await startFixture(world, { pageSize: 50 });
  const controller = new AbortController();
  let batches = 0;
  const stopped = fixture.sync({
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "batch-committed" && ++batches === 3) controller.abort(new Error("stopped"));
    },
  });
  await expect(stopped).rejects.toThrow("stopped");
  expect(fixture.rows("dagster_runs")).toHaveLength(150);

  world.advance(5 * minute);
  const newest = world.ordered().slice(-100);
  world.tag(newest[3]!, "while", "stopped");
  for (let run = 0; run < 70; run += 1) world.at(world.now() - 3 * hour, () => world.completeRun({ jobName: "score" }));
  fixture.server.requests.clear();
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(variablesOf(fixture, "RunsPage")).toMatchObject({ pageToken: lastStored });
});

test.for([
  ["New York", -5],
  ["Tokyo", 9],
  ["Kathmandu", 5.75],
])("a database in %s: changes are found, times are true, and an idle sync re-reads no hours", async ([, hours]) => {
  const world = createDemoDagsterWorld({ runs: 300, databaseOffsetMs: Number(hours) * 60 * minute });
  const fixture = await startFixture(world, { overlapMs: minute });
  const { events } = await fixture.sync();
  expect(events.flatMap((event) => (event.type === "notice" ? [event.code] : []))).toEqual(["DATABASE_NOT_IN_UTC"]);
  fixture.expectTablesAsInWorld();
  for (let round = 0; round < 3; round += 1) {
    world.advance(20 * minute);
    const [old, older] = [...world.runs.values()].slice(10 * round);
    world.tag(old!, "round", String(round));
    world.tag(older!, "round", String(round));
    if (round !== 1) world.completeRun({ jobName: "score" });
    fixture.server.requests.clear();
    const { streams } = await fixture.sync();
    fixture.expectTablesAsInWorld();
    expect(operations(fixture.server)).toEqual(["Definitions", "RunChanges", "EventAssets"]);
    expect(streams[0]!.unchanged).toBeLessThan(60);
  }
});

test("a database whose filter compares true times, whatever it shows, is detected by requesting a run", async () => {
  const world = createDemoDagsterWorld({ runs: 100, databaseOffsetMs: 9 * 60 * minute });
  const fixture = await startFixture(world);
  // The simulator's filter compares displayed times. With a true time, the probe would find the run on neither side.
  fixture.server.faults.push({ match: ({ text }) => text.includes('"pageSize":1,'), body: emptyChanges });
  await fixture.sync();
  expect(fixture.server.faults.pending).toBe(0);
  fixture.server.requests.clear();
  world.advance(minute);
  await fixture.sync();
  const { window } = variablesOf(fixture, "RunChanges") as { window: { updatedAfter: number } };
  expect(window.updatedAfter).toBeLessThanOrEqual(world.clock.now() / 1000);
});

const none = { __typename: "Runs", results: [] };
const emptyChanges = { data: { window: none, open: none, head: none } };

test("a database moved to another zone: the first run that ends shows it, and nothing before it is lost", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  // Existing runs show the same times as before; new ones show New York's.
  const shift = -5 * hour;
  world.moveDatabase(shift / 1000);
  const old = [...world.runs.values()];
  for (let round = 0; round < 3; round += 1) {
    world.advance(60 * minute);
    world.tag(old[round]!, "round", String(round));
    await fixture.sync();
  }
  world.advance(60 * minute);
  world.completeRun({ jobName: "score" });
  await fixture.sync();
  expect(fixture.rows("dagster_runs").filter(({ tags }) => "round" in (tags as Tags))).toHaveLength(3);
});

test("an end in the future neither hides later ones nor makes an idle sync send more requests", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world, { overlapMs: minute });
  const ahead = world.addRun({ jobName: "score" });
  await fixture.sync();
  world.advance(10 * minute);
  world.finish(ahead, "SUCCESS", world.now() + 24 * hour);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  world.advance(10 * minute);
  world.tag([...world.runs.values()][0]!, "after", "it");
  fixture.server.requests.clear();
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  expect(operations(fixture.server)).toHaveLength(3);
});

test("a server without any run is synced, and its first runs are found", async () => {
  const world = createEmptyDagsterWorld();
  world.addLocation("main");
  const fixture = await startFixture(world);
  await fixture.sync();
  world.advance(minute);
  for (let run = 0; run < 70; run += 1) world.at(world.now() - 3 * hour, () => world.completeRun({ jobName: "job" }));
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

const pythonError = { __typename: "PythonError", message: "database is locked", className: "OperationalError" };

test("I9: an error that arrives as data is an error, never a response without runs", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  const before = fixture.state("runs");
  expect(before).toContain("position");
  world.advance(minute);
  for (const run of [...world.runs.values()].slice(0, 5)) world.tag(run, "a", "b");
  const runs = { __typename: "Runs", results: [] };
  for (const part of ["window", "open", "head"]) {
    const data = { window: runs, open: runs, head: runs, [part]: pythonError };
    fixture.server.faults.push({
      match: ({ text }) => text.includes("query RunChanges"),
      times: 3,
      status: 500,
      body: { data },
    });
    await expect(fixture.sync()).rejects.toThrow("database is locked");
    expect(fixture.server.faults.pending).toBe(0);
  }
  expect(fixture.state("runs")).toBe(before);
  expect(fixture.deleted("dagster_runs")).toEqual([]);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

test("a retryable error is retried", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  fixture.server.faults.push({
    match: ({ text }) => text.includes("query RunsPage"),
    status: 500,
    body: { data: { runs: pythonError } },
  });
  await fixture.sync();
  expect(fixture.server.faults.pending).toBe(0);
  fixture.expectTablesAsInWorld();
});
