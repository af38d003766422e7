import {
  createClock,
  createDemoDagsterWorld,
  createEmptyDagsterWorld,
  type DagsterWorld,
  formatSix,
  hour,
  type StartedDagster,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { defaultDagsterTables } from "@org/sources/dagster";
import { afterEach, describe, expect, test } from "vitest";

let simulator: StartedDagster | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function ask(world: DagsterWorld, query: string, variables: object = {}) {
  simulator ??= await startDagsterSimulator({ world });
  const response = await fetch(`${simulator.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...JSON.parse(await response.text()) };
}

const list =
  "query($f:RunsFilter,$c:String){runsOrError(filter:$f,cursor:$c){...on Runs{results{runId updateTime startTime endTime}}}}";

async function idsOf(world: DagsterWorld, variables: object = {}): Promise<string[]> {
  const { data } = await ask(world, list, variables);
  return data.runsOrError.results.map((run: { runId: string }) => run.runId);
}

function world() {
  const made = createEmptyDagsterWorld();
  made.addLocation("main", {
    assets: [{ path: ["raw", "orders"], group: "raw", description: "Orders." }, { path: ["a.b"] }],
    schedules: [{ name: "nightly", jobName: "build", crons: ["0 0 * * *", "0 12 * * *"] }],
    sensors: [{ name: "files", jobName: "build", type: "STANDARD", status: "RUNNING" }],
  });
  return made;
}

describe("runs", () => {
  test("a deleted run as cursor gives an empty page, as on the real server", async () => {
    const made = world();
    const runs = ["one", "two", "three"].map((runId) => made.addRun({ jobName: "build", runId }));
    expect(await idsOf(made)).toEqual(["three", "two", "one"]);
    expect(await idsOf(made, { c: "two" })).toEqual(["one"]);
    made.deleteRun(runs[1]!);
    expect(await idsOf(made, { c: "two" })).toEqual([]);
    expect(await idsOf(made)).toEqual(["three", "one"]);
  });

  test("a new run is updated at a whole second, a finished one at its event's time, a tagged one now", () => {
    const made = world();
    made.advance(789);
    const run = made.addRun({ jobName: "build" });
    expect(run.creationTime - run.updateTime).toBe(789_000);
    made.finish(run, "SUCCESS", made.now() - 2 * hour);
    expect(run.updateTime).toBe(made.now() - 2 * hour);
    expect(run.startTime).toBe(run.endTime);
    made.tag(run, "team", "sales");
    expect(run.updateTime).toBe(made.now());
  });

  test("a database in another time zone shows and filters times as it writes them there", async () => {
    const made = createEmptyDagsterWorld({ databaseOffsetMs: -5 * 3_600_000 });
    const run = made.completeRun({ jobName: "build", runId: "one" });
    const [shown] = (await ask(made, list)).data.runsOrError.results;
    expect(shown.updateTime - shown.endTime).toBe(-5 * 3600);
    const now = made.now() / 1_000_000;
    expect(await idsOf(made, { f: { updatedAfter: now - 60 } })).toEqual([]);
    expect(await idsOf(made, { f: { updatedAfter: now - 5 * 3600 - 60 } })).toEqual(["one"]);
    expect(made.rows().dagster_runs[0]!.update_time).toBe(formatSix(run.endTime!));
  });

  test("hidden tags filter and are not shown", async () => {
    const made = world();
    made.addRun({ jobName: "build", runId: "one", tags: { ".dagster/hidden": "x" } });
    const tags = [{ key: ".dagster/repository", value: "__repository__@main" }];
    expect(await idsOf(made, { f: { tags } })).toEqual(["one"]);
    expect(made.rows().dagster_runs[0]!.tags).toEqual({ "dagster/code_location": "main" });
  });
});

describe("a location that fails to load", () => {
  const query = `{workspaceOrError{...on Workspace{locationEntries{loadStatus locationOrLoadError{__typename}}}}
    assetNodes{assetKey{path}} assetsOrError{...on AssetConnection{nodes{key{path} definition{description}}}}}`;

  test("is an error as data with 200, and only its materialized assets are still listed", async () => {
    const made = world();
    made.materialize(["raw", "orders"]);
    const before = JSON.stringify(made.rows());
    made.breakLocation("main");
    expect(await ask(made, query)).toEqual({
      status: 200,
      data: {
        workspaceOrError: {
          locationEntries: [{ loadStatus: "LOADED", locationOrLoadError: { __typename: "PythonError" } }],
        },
        assetNodes: [],
        assetsOrError: { nodes: [{ key: { path: ["raw", "orders"] }, definition: null }] },
      },
    });
    expect(JSON.stringify(made.rows())).toBe(before);
    made.repairLocation("main");
    expect((await ask(made, query)).data.assetNodes).toHaveLength(2);
  });

  test("shows nothing while loading", async () => {
    const made = world();
    made.startLoading("main");
    const { data } = await ask(made, query);
    expect(data.workspaceOrError.locationEntries).toEqual([{ loadStatus: "LOADING", locationOrLoadError: null }]);
  });
});

describe("truth", () => {
  test("has the columns of the sync's tables, and unique keys", () => {
    const rows = createDemoDagsterWorld({ runs: 50 }).rows();
    for (const table of defaultDagsterTables) {
      const found = rows[table.name as keyof typeof rows];
      expect(Object.keys(found[0]!).sort(), table.name).toEqual(Object.keys(table.columns).sort());
      const keys = found.map((row) => JSON.stringify(table.primaryKey.map((column) => row[column])));
      expect(new Set(keys).size, table.name).toBe(found.length);
    }
  });

  test("knows keys as compact JSON, runless materializations, crons as a list, and a sensor's open runs", () => {
    const made = world();
    made.materialize(["x", "y"]);
    const run = made.addRun({ jobName: "build", tags: { "dagster/sensor_name": "files" } });
    const rows = made.rows();
    expect(rows.dagster_assets.map((row) => [row.id, row.key_path, row.last_materialization_run_id])).toEqual([
      ['["raw","orders"]', "raw.orders", null],
      ['["a.b"]', "a.b", null],
      ['["x","y"]', "x.y", null],
    ]);
    expect(rows.dagster_schedules[0]!.cron_schedule).toBe("['0 0 * * *', '0 12 * * *']");
    expect(rows.dagster_sensors[0]!.active_run_ids).toEqual([run.runId]);
    made.finish(run);
    expect(made.rows().dagster_sensors[0]!.active_run_ids).toEqual([]);
  });
});

describe("demo", () => {
  test("is the same for the same seed, and ends before its clock", () => {
    const rows = (seed: number) => JSON.stringify(createDemoDagsterWorld({ seed }).rows());
    expect(rows(3)).toBe(rows(3));
    expect(rows(3)).not.toBe(rows(4));
    const clock = createClock(Date.UTC(2031, 0, 1));
    const times = createDemoDagsterWorld({ clock })
      .rows()
      .dagster_runs.map((row) => row.update_time as string);
    expect(times.sort().at(-1)! <= formatSix(clock.now() * 1000)).toBe(true);
  });

  test("resembles a company's: two locations, about 40 assets and 600 runs, three schedules and sensors", () => {
    const made = createDemoDagsterWorld();
    const rows = made.rows();
    expect(made.locations.size).toBe(2);
    expect(rows.dagster_assets.length).toBeGreaterThan(35);
    expect(rows.dagster_runs).toHaveLength(602);
    expect([rows.dagster_schedules.length, rows.dagster_sensors.length]).toEqual([3, 3]);
    const statuses = new Set(rows.dagster_runs.map((row) => row.status));
    expect([...statuses].sort()).toEqual(["CANCELED", "FAILURE", "QUEUED", "STARTED", "SUCCESS"]);
    expect(rows.dagster_sensors.some((row) => (row.active_run_ids as string[]).length > 0)).toBe(true);
  });
});

test("a fault may clamp a page of runs", async () => {
  const made = world();
  for (const runId of ["one", "two", "three"]) made.addRun({ jobName: "build", runId });
  simulator = await startDagsterSimulator({ world: made });
  simulator.faults.push({ clampPage: 2 });
  expect(await idsOf(made)).toEqual(["three", "two"]);
});

test("an unknown field is an error, not a null", async () => {
  const made = world();
  made.addRun({ jobName: "build" });
  const reply = await ask(made, "{runsOrError{...on Runs{results{runId solidSelection}}}}");
  expect(reply.status).toBe(500);
  expect(reply.errors[0].message).toBe("The simulator does not know Run.solidSelection.");
});
