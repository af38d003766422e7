/** Verification, called directly, without the command. */
import { withoutColumns, withTablePrefix } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { memoryDestination as memory } from "@org/destination/memory";
import { sqlite } from "@org/destination/sqlite";
import { sync, type VerifyPhase, verify } from "@org/sync-engine";
import { expect, test } from "vitest";
import { factory, job, jobs, place } from "./factory.ts";

test.each([
  ["a DuckDB file", "a.duckdb", duckdb],
  ["SQLite", "a.sqlite", sqlite],
])("verify compares %s with the server, and explains each difference", async (_, name, open) => {
  const { source, server } = factory(job("same"), job("changed"), job("gone"), job("purged"), job("tried"));
  server.jobs.push(job("south", { plant: "south" }));
  const destination = open(place(name));
  await sync({ source, destination, pipeline: "p" });
  expect((await verify({ source, destination })).tables).toMatchObject([{ compared: 6, causes: {} }]);

  const purged = job("purged", { purged_at: "2026-11-21T08:00:00.000000Z" });
  const first = job("tried", { is_latest: false });
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([jobs]);
  const state = (await session.states()).get("jobs")!;
  await session.commit("jobs", { table: jobs, upserts: [purged, first], state }).finally(() => session.close());
  server.jobs = [
    ...[job("same"), job("changed", { note: "now" }), job("new")],
    ...[job("tried", { attempt: 2 }), job("south", { plant: "south" })],
  ];
  server.closed.push("south");
  server.begun.length = 0;
  const phases: VerifyPhase[] = [];
  const onPhase = (phase: VerifyPhase) => phases.push(phase);
  const { tables, destination: verified } = await verify({ source, destination, onPhase });
  expect(verified).toBe(destination.name);
  expect(phases.map(({ type }) => type)).toEqual(["reading", "explaining"]);
  // The server is read by a first sync. The next ones resume, as they would in the destination.
  expect(server.begun).toEqual(["without one", "with a state", "with a state"]);
  // Superseded and purged rows are kept, and a closed plant lists nothing.
  expect(tables[0]).toMatchObject({ table: "factory_jobs", compared: 2, different: 1, missing: 2, extra: 2, kept: 2 });
  const causes = tables[0]!.differences.map(({ key, kind, cause }) => `${key.id} ${kind} ${cause}`);
  expect(causes.toSorted()).toEqual([
    "changed different changed",
    "gone extra unexplained",
    "new missing new",
    "south extra not_loaded",
    "tried missing new",
  ]);
});

test("a sample compares rows since a date by the stream's own time, and nothing if that is not stored", async () => {
  const { source, server } = factory(job("old", { at: "2026-01-01T00:00:00.000000Z", plant: "west" }), job("new"));
  const destination = duckdb(place());
  await sync({ source, destination });
  server.jobs = [job("new")];
  const since = Date.UTC(2026, 10, 1);
  expect((await verify({ source, destination, since })).tables).toMatchObject([{ compared: 1, extra: 0 }]);
  expect((await verify({ source, destination })).tables).toMatchObject([
    // No plant is closed.
    { compared: 1, extra: 1, causes: { unexplained: 1 } },
  ]);
  const without = withoutColumns(destination, { factory_jobs: ["at"] });
  await expect(verify({ source, destination: without, since })).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

test("verify compares what a wrapped destination stores: with a prefix, and without some columns", async () => {
  const { source, server } = factory(job("a", { note: "secret" }));
  const wrapped = withTablePrefix(withoutColumns(duckdb(place()), { my_factory_jobs: ["note"] }), "my_");
  await sync({ source, destination: wrapped, pipeline: "p" });
  server.jobs = [job("a", { note: "another" }), job("b")];
  const { tables } = await verify({ source, destination: wrapped, pipeline: "p" });
  expect(tables).toMatchObject([{ table: "factory_jobs", compared: 1, different: 0, missing: 1 }]);
});

test("verify rejects impossible comparisons before it reads the server", async () => {
  const { source } = factory(job("a"));
  const events: string[] = [];
  const onEvent = ({ type }: { readonly type: string }) => void events.push(type);
  await expect(verify({ source, destination: memory(), onEvent })).rejects.toMatchObject({ code: "NOTHING_STORED" });
  const destination = memory();
  await sync({ source, destination, pipeline: "p" });
  await expect(verify({ source, destination, pipeline: "q", onEvent })).rejects.toMatchObject({
    code: "NOTHING_STORED",
  });
  await expect(verify({ source, destination, streams: ["parts"], onEvent })).rejects.toMatchObject({
    code: "UNKNOWN_STREAM",
  });
  expect(events).toEqual([]);
  expect((await verify({ source, destination, onEvent })).tables).toMatchObject([{ compared: 1, different: 0 }]);
});
