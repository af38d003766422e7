import { createDemoDagsterWorld, type DagsterWorld, hour, type SimulatedRequest } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { type DagsterFixture, operations, startFixture, variablesOf } from "./dagster-server.ts";

const minute = 60_000;
const reconcile = { reconcile: true } as const;
const asks = (operation: string, nth = 1) => {
  let seen = 0;
  return ({ text }: SimulatedRequest) => text.includes(`query ${operation}`) && ++seen === nth;
};
const cursorOf = ({ json }: SimulatedRequest) => (json as { variables: { pageToken: string } }).variables.pageToken;

/** Runs that ended long ago, since every sync requests open runs by id. */
const finished = (world: DagsterWorld) => world.ordered().filter(({ endTime }) => endTime !== null);

function marked(fixture: DagsterFixture): string[] {
  const ids = fixture.deleted("dagster_runs").map(({ run_id }) => run_id as string);
  return ids.sort();
}

test("I12: looking for deletions when there are none costs no extra request", async () => {
  const world = createDemoDagsterWorld({ runs: 300 });
  const fixture = await startFixture(world);
  await fixture.sync();
  fixture.server.requests.clear();
  const { streams } = await fixture.sync(reconcile);
  expect(operations(fixture.server)).toEqual(["Definitions", "RunChanges", "EventAssets"]);
  expect(variablesOf(fixture, "RunChanges")).toMatchObject({ withCount: true });
  expect(streams.map(({ deleted }) => deleted)).toEqual([0, 0, 0, 0]);
  fixture.server.requests.clear();
  await fixture.sync();
  expect(variablesOf(fixture, "RunChanges")).toMatchObject({ withCount: false });
});

// 602 runs, 200 ids per page, 20 runs by id per request.
test.for([
  [1, ["RunIdsPage", "RunIdsPage", "RunIdsPage", "RunIdsPage", "RunsPage"]],
  [90, ["RunIdsPage", "RunIdsPage", "RunIdsPage", ...Array.from({ length: 5 }, () => "RunsPage")]],
] as const)("%i deleted runs are found by all ids, confirmed by their own, and marked", async ([count, asked]) => {
  const world = createDemoDagsterWorld({ runs: 600 });
  const fixture = await startFixture(world, { pageSize: 20 });
  await fixture.sync();
  const gone = finished(world).filter((_run, index) => index % 6 === 5);
  for (const run of gone.slice(0, count)) world.deleteRun(run);
  await fixture.sync();
  expect(marked(fixture)).toEqual([]);
  fixture.server.requests.clear();
  await fixture.sync(reconcile);
  expect(marked(fixture)).toHaveLength(count);
  fixture.expectTablesAsInWorld();
  expect(operations(fixture.server)).toEqual(["Definitions", "RunChanges", ...asked, "EventAssets"]);
  fixture.server.requests.clear();
  await fixture.sync(reconcile);
  expect(operations(fixture.server)).toHaveLength(3);
});

test("deletions are looked for once a day automatically", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.deleteRun(finished(world)[7]!);
  world.advance(23 * 60 * minute);
  await fixture.sync();
  expect(marked(fixture)).toEqual([]);
  world.advance(60 * minute);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  world.deleteRun(finished(world)[7]!);
  await fixture.sync();
  expect(marked(fixture)).toHaveLength(1);
});

test("a deleted run is found though another was created with times of long ago", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.advance(5 * minute);
  world.deleteRun(finished(world)[20]!);
  world.at(world.now() - 3 * hour, () => world.completeRun({ jobName: "score" }));
  await fixture.sync(reconcile);
  expect(marked(fixture)).toHaveLength(1);
  fixture.expectTablesAsInWorld();
});

test("a deleted run is found though another is created after the runs were counted", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.deleteRun(finished(world)[20]!);
  fixture.server.faults.push({ match: asks("RunChanges"), before: () => void world.addRun({ jobName: "score" }) });
  await fixture.sync(reconcile);
  expect(marked(fixture)).toHaveLength(1);
  fixture.expectTablesAsInWorld();
});

test("a deleted run is found though an open one is deleted after the runs were counted", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const open = world.addRun({ jobName: "score" });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.deleteRun(finished(world)[20]!);
  fixture.server.faults.push({ match: asks("RunChanges"), before: () => world.deleteRun(open) });
  await fixture.sync(reconcile);
  expect(marked(fixture)).toHaveLength(2);
  fixture.expectTablesAsInWorld();
});

test("a run created while the ids are listed is stored, not marked", async () => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world);
  await fixture.sync();
  world.deleteRun(finished(world)[20]!);
  fixture.server.faults.push({ match: asks("RunIdsPage"), before: () => void world.completeRun({ jobName: "score" }) });
  await fixture.sync(reconcile);
  expect(marked(fixture)).toHaveLength(1);
  fixture.expectTablesAsInWorld();
});

test("I8: runs deleted while the ids are listed end the listing early for no other run", async () => {
  const world = createDemoDagsterWorld({ runs: 600 });
  const fixture = await startFixture(world, { pageSize: 10 });
  await fixture.sync();
  world.deleteRun(finished(world)[300]!);
  fixture.server.faults.push(
    // The run before the requested page; one already listed; one not listed yet.
    {
      match: asks("RunIdsPage", 3),
      before: (request) => {
        for (const run of [world.runs.get(cursorOf(request))!, finished(world).at(-80)!, finished(world)[10]!]) {
          world.deleteRun(run);
        }
      },
    },
    // The last two pages completely, so that the listing starts over.
    {
      match: asks("RunIdsPage", 5),
      before: (request) => {
        const all = world.ordered();
        const index = all.findIndex(({ runId }) => runId === cursorOf(request));
        for (const run of all.slice(index, index + 210)) world.deleteRun(run);
      },
    },
  );
  await fixture.sync({ ...reconcile, allowMassDelete: true });
  expect(fixture.server.faults.pending).toBe(0);
  const wrong = marked(fixture).filter((id) => world.runs.has(id));
  expect(wrong).toEqual([]);
  await fixture.sync({ ...reconcile, allowMassDelete: true });
  fixture.expectTablesAsInWorld();
});

test("I8: a listing that fails marks nothing, and the next one finds the deletions", async () => {
  const world = createDemoDagsterWorld({ runs: 300 });
  const fixture = await startFixture(world, { pageSize: 10 });
  await fixture.sync();
  world.deleteRun(finished(world)[50]!);
  world.advance(minute);
  world.tag(finished(world)[3]!, "before", "the listing");
  const pythonError = { __typename: "PythonError", message: "database is locked", className: "OperationalError" };
  const failing = asks("RunIdsPage", 2);
  let fails = false;
  fixture.server.faults.push({
    match: (request) => {
      fails ||= failing(request);
      return fails && request.text.includes("query RunIdsPage");
    },
    times: 3,
    status: 500,
    body: { data: { runIds: pythonError } },
  });
  await expect(fixture.sync(reconcile)).rejects.toThrow("database is locked");
  expect(fixture.server.faults.pending).toBe(0);
  expect(marked(fixture)).toEqual([]);
  expect(fixture.rows("dagster_runs").filter(({ tags }) => "before" in (tags as object))).toHaveLength(1);
  await fixture.sync(reconcile);
  fixture.expectTablesAsInWorld();
});

test("I8: a run missing from the listing is not marked before it is requested by its id", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  const [gone, leftOut] = finished(world).slice(20, 22);
  world.deleteRun(gone!);
  const results = [...world.runs.keys()].filter((id) => id !== leftOut!.runId).reverse();
  fixture.server.faults.push({
    match: asks("RunIdsPage"),
    body: { data: { runIds: { __typename: "RunIds", results } } },
  });
  await fixture.sync(reconcile);
  expect(fixture.server.faults.pending).toBe(0);
  expect(marked(fixture)).toEqual([gone!.runId]);
});

test("I8: responses with fewer runs than requested mark no run that exists", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const open = Array.from({ length: 9 }, () => world.addRun({ jobName: "score" }));
  const fixture = await startFixture(world);
  await fixture.sync();
  world.deleteRun(open[4]!);
  fixture.server.faults.push({ match: ({ text }) => /query Run(Changes|s)/.test(text), times: 20, clampPage: 2 });
  await fixture.sync({ streams: ["runs"] });
  expect(marked(fixture)).toEqual([open[4]!.runId]);
});

test("I8: a mass deletion of runs is refused, with numbers, until it is allowed", async () => {
  const world = createDemoDagsterWorld({ runs: 600 });
  const fixture = await startFixture(world, { pageSize: 100 });
  await fixture.sync();
  world.advance(minute);
  for (const run of finished(world).slice(0, 150)) world.deleteRun(run);
  const born = world.completeRun({ jobName: "score" });
  fixture.server.requests.clear();
  await expect(fixture.sync(reconcile)).rejects.toThrow(/dagster_runs: 150 of 60[23] rows \(25 %\)/);
  expect(marked(fixture)).toEqual([]);
  // None of them is requested by id, and the rest of the sync is done.
  expect(operations(fixture.server)).toEqual([
    "Definitions",
    "RunChanges",
    "RunIdsPage",
    "RunIdsPage",
    "RunIdsPage",
    "EventAssets",
  ]);
  expect(fixture.rows("dagster_runs").map(({ run_id }) => run_id)).toContain(born.runId);
  await fixture.sync({ ...reconcile, allowMassDelete: true });
  expect(marked(fixture)).toHaveLength(150);
  fixture.expectTablesAsInWorld();
});

test("a run that reappears under its id is no longer marked", async () => {
  const world = createDemoDagsterWorld({ runs: 100 });
  const fixture = await startFixture(world);
  await fixture.sync();
  const run = finished(world)[30]!;
  world.deleteRun(run);
  await fixture.sync(reconcile);
  expect(marked(fixture)).toEqual([run.runId]);
  world.addRun({ jobName: run.jobName, runId: run.runId });
  await fixture.sync(reconcile);
  expect(marked(fixture)).toEqual([]);
  fixture.expectTablesAsInWorld();
});
