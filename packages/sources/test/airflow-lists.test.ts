/** Opt-in streams that read a list of the server's. */
import { wrapSession } from "@org/destination/adapter";
import { createMemory, memoryDestination } from "@org/destination/memory";
import { createEmptyAirflowWorld, pool } from "@org/simulators/internal";
import { importErrorsTable, poolSamplesTable, poolsTable } from "@org/sources/airflow";
import type { SyncError, SyncEvent } from "@org/sync-engine";
import { differences } from "@org/testkit/compare";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const streams = ["pools", "pool_samples", "import_errors"];
const day = 24 * 60 * 60 * 1000;

const importError = (id: number, filename: string) => ({
  import_error_id: id,
  timestamp: "2026-11-30T08:00:00.123Z",
  filename,
  bundle_name: "dags-folder",
  stack_trace: `Traceback of ${filename}`,
  file_token: "token",
  source_reference: null,
});

async function threePools() {
  const world = createEmptyAirflowWorld();
  world.further.pools.push(pool("small", 2, { occupied_slots: 1, running_slots: 1, open_slots: 1 }), pool("wide", -1));
  world.further.import_errors.push(importError(1, "a.py"), importError(2, "b.py"));
  const its = await setUp({ world });
  /** Differences between the tables and the server. */
  const compared = async () => {
    const truth = world.furtherRows();
    const tables = [poolsTable, importErrorsTable];
    const all = tables.map(async (table) => differences(truth[table.name]!, await its.rows(table), table.primaryKey));
    return (await Promise.all(all)).flat();
  };
  const samples = async () => (await its.rows(poolSamplesTable)).map(({ name, sampled_at }) => [name, sampled_at]);
  return { ...its, compared, samples };
}

const requestsFor = (events: readonly SyncEvent[], label: RegExp) =>
  events.filter((event) => event.type === "request-finished" && label.test(event.label)).length;

const notices = (events: readonly SyncEvent[]) =>
  events.flatMap((event) => (event.type === "notice" ? [[event.stream, event.message]] : []));

test("without being asked for, they are not synced", async () => {
  const { syncNow } = await threePools();
  const { streams, events } = await syncNow();
  expect(streams.map(({ stream }) => stream)).toEqual(["dags", "dag_runs", "task_instances"]);
  expect(requestsFor(events, /pools|import/)).toBe(0);
});

test("they hold what the server lists, and mark what it no longer does as deleted", async () => {
  const { world, syncNow, compared } = await threePools();
  await syncNow({ streams });
  expect(await compared()).toEqual([]);
  world.further.pools.splice(1, 1);
  world.further.import_errors.splice(0, 1, importError(3, "a.py"));
  world.further.import_errors.sort((a, b) => Number(a.import_error_id) - Number(b.import_error_id));
  const result = await syncNow({ streams });
  expect(await compared()).toEqual([]);
  expect(result.streams.map(({ stream, inserted, deleted }) => [stream, inserted, deleted])).toEqual([
    ["pools", 0, 1],
    ["pool_samples", 0, 0],
    ["import_errors", 1, 1],
  ]);
});

test("an error says when a sync first saw it, however often its file fails, and a new one of its file begins anew", async () => {
  const { world, syncNow, simulator, rows } = await threePools();
  const errors = ["import_errors"];
  const seen = async () =>
    (await rows(importErrorsTable)).map((row) => [row.import_error_id, row.timestamp, row.first_seen_at]);
  const at = (time: number) => `${new Date(time).toISOString().slice(0, 19)}.000000Z`;
  const start = simulator.clock.now();
  await syncNow({ streams: errors });
  simulator.clock.advance(day);
  const again = "2026-12-01T08:00:00.000000Z";
  world.further.import_errors.splice(0, 2, { ...importError(1, "a.py"), timestamp: again }, importError(3, "b.py"));
  await syncNow({ streams: errors, fullRefresh: true });
  expect(await seen()).toEqual([
    [1, again, at(start)],
    [3, "2026-11-30T08:00:00.123000Z", at(start + day)],
  ]);
  // A destination that cannot be asked what it holds.
  const memory = memoryDestination(createMemory());
  const silent = wrapSession(memory, () => ({ keys: async () => [], count: async () => 0, countBy: async () => [] }));
  const destination = { ...silent, capabilities: { ...silent.capabilities, keepsRows: false } };
  await syncNow({ streams: errors, destination });
  simulator.clock.advance(day);
  await syncNow({ streams: errors, destination });
  const held = memory.rows(importErrorsTable.name).map(({ first_seen_at }) => first_seen_at);
  expect(held).toEqual([at(start + day), at(start + day)]);
});

test("the list that two streams read is requested once", async () => {
  const { syncNow } = await threePools();
  expect(requestsFor((await syncNow({ streams })).events, /pools/)).toBe(1);
});

test("each sync adds a sample at the server's time, and removes those that are too old", async () => {
  const { syncNow, simulator, samples } = await threePools();
  const start = simulator.clock.now();
  const at = (time: number) => `${new Date(time).toISOString().slice(0, 19)}.000000Z`;
  await syncNow({ streams, keepSamplesMs: 2 * day });
  await syncNow({ streams, keepSamplesMs: 2 * day });
  expect(await samples()).toHaveLength(3);
  simulator.clock.advance(day);
  await syncNow({ streams, keepSamplesMs: 2 * day });
  simulator.clock.advance(day + 60_000);
  const { streams: results } = await syncNow({ streams, keepSamplesMs: 2 * day });
  expect(results.find(({ stream }) => stream === "pool_samples")).toMatchObject({
    inserted: 3,
    removed: 3,
    deleted: 0,
  });
  const names = ["default_pool", "small", "wide"];
  const expected = [start + day, start + 2 * day + 60_000].flatMap((time) => names.map((name) => [name, at(time)]));
  expect((await samples()).sort()).toEqual(expected.sort());
});

test("I8: a list that the user may not read leaves its tables alone, and is reported once", async () => {
  const { syncNow, simulator, compared, samples } = await threePools();
  await syncNow({ streams });
  simulator.faults.push({ match: ({ path }) => path.endsWith("/pools"), status: 403, body: { detail: "Forbidden" } });
  simulator.clock.advance(60_000);
  const { events } = await syncNow({ streams, reconcile: true });
  expect(notices(events)).toEqual([
    [undefined, expect.stringMatching(/^The list of pools cannot be read: .*Its tables stay as they are\.$/)],
  ]);
  expect(await compared()).toEqual([]);
  expect(await samples()).toHaveLength(3);
});

test("I8: a row that the user may no longer see is not deleted, and one that is gone is", async () => {
  const { world, syncNow, simulator, rows } = await threePools();
  await syncNow({ streams });
  const [small] = world.further.pools.splice(1, 1);
  world.further.import_errors.splice(0);
  const forbidden = { status: 403, body: { detail: "Forbidden" } };
  simulator.faults.push({ match: ({ path }) => /pools\/small$|importErrors\/2$/.test(path), times: 2, ...forbidden });
  const { events, streams: results } = await syncNow({ streams });
  expect(notices(events).map(([, message]) => message)).toEqual([
    "The server no longer lists 1 of the pools, and does not say that they are gone: this user may no longer see them. Their rows stay as they are.",
    "The server no longer lists 1 of the import errors, and does not say that they are gone: this user may no longer see them. Their rows stay as they are.",
  ]);
  expect((await rows(poolsTable)).map(({ name }) => name)).toContain(small!.name);
  expect((await rows(importErrorsTable)).map(({ import_error_id: id }) => Number(id))).toEqual([2]);
  expect(results.map(({ deleted }) => deleted)).toEqual([0, 0, 1]);
  // Once the server does not know them, they are gone.
  const { streams: later } = await syncNow({ streams });
  expect(later.map(({ deleted }) => deleted)).toEqual([1, 0, 1]);
});

test("I8: more missing rows than are plausible are refused, without asking for each", async () => {
  const { world, syncNow } = await threePools();
  for (let n = 0; n < 130; n += 1) world.further.pools.push(pool(`numbered ${n}`, 1));
  await syncNow({ streams });
  const taken = world.further.pools.splice(1);
  const error = await syncNow({ streams }).catch((thrown: SyncError) => thrown);
  expect(error).toMatchObject({ message: expect.stringContaining("airflow_pools: 132 of 133 rows (99 %)") });
  world.further.pools.push(...taken);
});
