/** A limit of the history: older runs are not requested, and a longer limit later reads what is missing. */
import { createDagsterClient } from "@org/dagster-client";
import { createEmptyDagsterWorld } from "@org/simulators/internal";
import { dagster } from "@org/sources/dagster";
import { describeState, type SyncEvent, verify } from "@org/sync-engine";
import { expect, test } from "vitest";
import { startFixture } from "./dagster-server.ts";

const hour = 60 * 60_000;
const day = 24 * hour;

/** A run a day for two hundred days, the newest last, and one that has been open ever since. */
async function setUp(options: Parameters<typeof startFixture>[1] & { readonly databaseOffsetMs?: number } = {}) {
  const { databaseOffsetMs = 0, ...rest } = options;
  const world = createEmptyDagsterWorld({ databaseOffsetMs });
  world.addLocation("a", { sensors: [{ name: "files", jobName: "build", type: "STANDARD" }] });
  const began = world.clock.now();
  const at = (ms: number) => ms * 1000;
  const open = world.at(at(began - 200 * day), () => {
    const run = world.addRun({ jobName: "build", location: "a", tags: { "dagster/sensor_name": "files" } });
    world.start(run);
    return run;
  });
  for (let ago = 199; ago >= 0; ago -= 1)
    world.at(at(began - ago * day - hour), () => world.completeRun({ jobName: "build" }));
  const fixture = await startFixture(world, { pageSize: 20, ...rest });
  /** The ids of runs that ended in the last days, and the open one. */
  const endedWithin = (days: number) =>
    [...world.runs.values()]
      .filter((run) => run === open || run.updateTime / 1000 > began - days * day)
      .map(({ runId }) => runId)
      .sort();
  const ids = () =>
    fixture
      .rows("dagster_runs")
      .map(({ run_id }) => run_id as string)
      .sort();
  const historyMs = (days: number) => ({ historyMs: days * day });
  return { ...fixture, world, open, ids, endedWithin, historyMs };
}

test.each(["1.7.10", "1.13.27"] as const)(
  "%s: a first sync stores the runs since then, and open ones",
  async (version) => {
    const { sync, ids, endedWithin, historyMs, rows, open, server, world } = await setUp({ version });
    const { requests } = await sync(historyMs(90));
    expect(ids()).toEqual(endedWithin(90));
    expect(requests).toBeLessThan(14);
    expect(rows("dagster_sensors")[0]!.active_run_ids).toEqual([open.runId]);
    for (const reconcile of [false, true, false]) {
      world.advance(2 * hour);
      world.completeRun({ jobName: "build" });
      server.requests.length = 0;
      // The limit is the first sync's, with the option or without.
      await sync({ reconcile, ...(reconcile && historyMs(90)) });
      expect(ids()).toEqual(endedWithin(90));
    }
  },
);

test.each([-5, 0, 9])("a database %s hours from UTC shifts no floor", async (hours) => {
  const { sync, ids, endedWithin, historyMs } = await setUp({ databaseOffsetMs: hours * hour });
  await sync(historyMs(90.5));
  expect(ids()).toEqual(endedWithin(90.5));
});

test("a longer limit reads what is missing, a shorter one removes nothing, and off reads everything", async () => {
  const { sync, ids, endedWithin, historyMs, expectTablesAsInWorld, world } = await setUp();
  await sync(historyMs(60));
  const { requests } = await sync({ ...historyMs(120), reconcile: false });
  expect(requests).toBeLessThan(8);
  expect(ids()).toEqual(endedWithin(120));
  await sync({ ...historyMs(7), reconcile: true });
  expect(ids()).toEqual(endedWithin(120));
  await sync({ historyMs: Number.POSITIVE_INFINITY, reconcile: false });
  expectTablesAsInWorld();
  world.advance(hour);
  await sync({ ...historyMs(7), reconcile: true });
  expectTablesAsInWorld();
});

test("deletions within the limit are found, also of a run that only a longer table holds", async () => {
  const { sync, ids, endedWithin, historyMs, world } = await setUp();
  await sync(historyMs(90));
  world.advance(hour);
  // An old run that changes is stored.
  const old = [...world.runs.values()][20]!;
  world.tag(old, "a", "b");
  await sync({ reconcile: false });
  expect(ids()).toContain(old.runId);
  world.advance(hour);
  const recent = [...world.runs.values()].at(-40)!;
  world.deleteRun(recent);
  world.deleteRun(old);
  await sync({ reconcile: true });
  expect(ids()).toEqual(endedWithin(90));
});

test("I3: interrupted anywhere, a limited first sync and a longer limit end complete", async () => {
  for (const nth of [3, 5, 6]) {
    const { sync, ids, endedWithin, historyMs, server } = await setUp();
    const failing = async (options: object) => {
      server.requests.length = 0;
      const controller = new AbortController();
      const onEvent = (event: SyncEvent) => {
        if (event.type === "request-finished" && server.requests.length > nth) controller.abort(new Error("stop"));
      };
      await sync({ ...options, signal: controller.signal, onEvent }).catch(() => {});
    };
    await failing(historyMs(100));
    await sync(historyMs(100));
    expect(ids()).toEqual(endedWithin(100));
    await failing(historyMs(180));
    // Once begun, a longer limit is read to its end.
    await sync({ reconcile: false });
    expect([endedWithin(100), endedWithin(180)]).toContainEqual(ids());
    await sync({ ...historyMs(180), reconcile: false });
    expect(ids()).toEqual(endedWithin(180));
  }
});

test("the state says where the history begins, and progress counts what is within the limit", async () => {
  const { sync, historyMs, endedWithin, destination } = await setUp();
  const { events } = await sync(historyMs(90));
  const seen = events.filter((event) => event.type === "progress");
  expect(seen.at(-1)).toMatchObject({
    stream: "runs",
    done: endedWithin(90).length - 1,
    total: endedWithin(90).length - 1,
  });
  const [state] = (await describeState({ destination })).filter(({ stream }) => stream === "runs");
  expect(state!.historySince).toMatch(/^20\d\d-/);
});

test("verify compares what the table is meant to hold", async () => {
  const { sync, historyMs, destination, server, world } = await setUp();
  await sync(historyMs(90));
  world.advance(hour);
  world.tag([...world.runs.values()][20]!, "a", "b");
  await sync({ reconcile: false });
  const source = dagster({ client: createDagsterClient({ url: server.url }) });
  const { tables } = await verify({ source, destination, streams: ["runs"] });
  expect(tables.map(({ missing, extra, different }) => [missing, extra, different])).toEqual([[0, 0, 0]]);
});
