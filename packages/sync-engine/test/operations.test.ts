/** What a service does besides syncing, called directly, without the command. */
import { type Destination, withoutColumns, withTablePrefix } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { memoryDestination as memory } from "@org/destination/memory";
import { sqlite } from "@org/destination/sqlite";
import { check, describeState, exportState, importState, sync } from "@org/sync-engine";
import { expect, test } from "vitest";
import { factory, job, jobs, place } from "./factory.ts";

async function rowsIn(destination: Destination, pipeline: string, table = jobs) {
  const session = await destination.open({ pipeline });
  try {
    await session.prepare([table]);
    return (await Array.fromAsync(session.rows!(table))).flat();
  } finally {
    await session.close();
  }
}

test("check reports the server and its notices, and rehearses in the destination without a trace", async () => {
  const { source, server } = factory();
  const destination = memory();
  const notices: string[] = [];
  const found = await check({ source, destination, onNotice: (message) => notices.push(message) });
  expect(found).toEqual({ version: "3.1", notes: ["It has no weekends."] });
  expect(notices).toEqual(["The night shift answers."]);
  expect(await destination.contents?.()).toEqual([]);
  server.closed.push("all");
  await expect(check({ source })).rejects.toThrow("The factory is closed.");
  expect(server.asked).toBe(2);
});

test("check reports what the destination would reject for the selected streams, and closes its session", async () => {
  const { source } = factory();
  const seen: string[] = [];
  const refusing = wrapSession(memory(), ({ close }) => ({
    async rehearse(tables) {
      seen.push(...tables.map(({ name }) => name));
      throw new Error("No room.");
    },
    async close() {
      seen.push("closed");
      await close();
    },
  }));
  await expect(check({ source, destination: refusing })).rejects.toThrow("No room.");
  expect(seen).toEqual(["factory_jobs", "closed"]);
  await expect(check({ source, streams: ["parts"] })).rejects.toMatchObject({ code: "UNKNOWN_STREAM" });
});

test("describeState reports each stream's position and its table's rows, for all pipelines or one", async () => {
  const destination = memory();
  expect(await describeState({ destination })).toEqual([]);
  const { source } = factory(job("a"), job("b"));
  await sync({ source, destination, pipeline: "p", now: () => 1_800_000_000_000 });
  await sync({ source, destination: withTablePrefix(destination, "other_"), pipeline: "q" });
  const [state, ...others] = await describeState({ destination, pipeline: "p" });
  expect(others).toEqual([]);
  expect(state).toEqual({
    ...{ pipeline: "p", stream: "jobs", table: "factory_jobs", rows: 2, deleted: 0, status: "synced" },
    position: "2027-01-15T08:00:00.000Z",
    reconciledAt: "2027-01-15T08:00:00.000Z",
    historySince: null,
    outstanding: null,
    committedAt: expect.stringMatching(/Z$/),
  });
  const all = await describeState({ destination });
  expect(all.map(({ pipeline, table }) => [pipeline, table])).toEqual([
    ["p", "factory_jobs"],
    ["q", "other_factory_jobs"],
  ]);
});

test("describeState reports an unfinished first sync, and an unreadable state", async () => {
  const destination = memory();
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([jobs]);
  await session.commit("jobs", { table: jobs, state: { version: 3, value: { none: true } } });
  await session.close();
  expect(await describeState({ destination })).toMatchObject([{ status: "unfinished", position: null, rows: 0 }]);
  const contents = await destination.contents!();
  const broken = contents.map((each) => ({
    ...each,
    streams: each.streams.map((stream) => ({ ...stream, state: undefined })),
  }));
  const unreadable = { ...destination, contents: async () => broken };
  expect(await describeState({ destination: unreadable })).toMatchObject([{ status: "unreadable", position: null }]);
  const { contents: _, ...silent } = destination;
  await expect(describeState({ destination: silent })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
});

test.each([
  ["as it is", (destination: Destination) => destination],
  ["whose tables have a prefix", (destination: Destination) => withTablePrefix(destination, "my_")],
  ["without a column", (destination: Destination) => withoutColumns(destination, { factory_jobs: ["note"] })],
])(
  "exportState and importState move a pipeline out of a destination %s, and the next sync resumes",
  async (_, shape) => {
    const { source } = factory(job("a", { note: "x" }), job("b", { attempt: 2 }));
    const [from, to] = [shape(memory()), sqlite(place("o.sqlite"))];
    await sync({ source, destination: from, pipeline: "p" });
    const lines = exportState({ destination: from, tables: [jobs] });
    const imported = await importState({ destination: to, from: lines, pipeline: "moved" });
    expect(imported).toEqual({ pipeline: "moved", rows: 2, streams: ["jobs"] });
    const known = from.realTable ? { ...(from.realTable(jobs) as typeof jobs), name: jobs.name } : jobs;
    expect(await rowsIn(to, "moved", known)).toEqual(await rowsIn(from, "p", known));
    const { streams } = await sync({ source, destination: to, pipeline: "moved" });
    expect(streams).toMatchObject([{ mode: "incremental", inserted: 0 }]);
  },
);

test("a pipeline is exported from the destination that holds the tables, even if a wrapper added their prefix", async () => {
  const { source } = factory(job("a"));
  const destination = memory();
  await sync({ source, destination: withTablePrefix(destination, "my_"), pipeline: "p" });
  const lines = (await Array.fromAsync(exportState({ destination, tables: [jobs] }))).join("").split("\n");
  expect(JSON.parse(lines[1]!)).toMatchObject({ type: "table", table: { name: "factory_jobs" } });
  await expect(Array.fromAsync(exportState({ destination, tables: [] }))).rejects.toMatchObject({
    code: "UNKNOWN_TABLE",
    message: expect.stringContaining("my_factory_jobs"),
  });
});

test("an export or import that is impossible fails with the reason, and a truncated file imports no state", async () => {
  const destination = memory();
  const exporting = (pipeline?: string) => Array.fromAsync(exportState({ destination, tables: [jobs], pipeline }));
  await expect(exporting()).rejects.toMatchObject({ code: "NOTHING_STORED", failureType: "config" });
  const { source } = factory(job("a"));
  for (const pipeline of ["p", "q"]) {
    await sync({ source, destination: withTablePrefix(destination, `${pipeline}_`), pipeline });
  }
  await expect(exporting()).rejects.toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining("p, q") });
  await expect(exporting("r")).rejects.toMatchObject({ code: "NOTHING_STORED" });
  const text = (await exporting("p")).join("");

  async function* chunks(given: string) {
    yield given;
  }
  const importing = (given: string, to: Destination) =>
    importState({ destination: to, from: chunks(given), name: "x" });
  const to = memory();
  const cut = text.slice(0, text.lastIndexOf('{"type":"end"'));
  await expect(importing(cut, to)).rejects.toMatchObject({
    code: "INVALID_EXPORT",
    message: expect.stringMatching(/^x is truncated/),
  });
  expect(await describeState({ destination: to })).toEqual([]);
  await expect(importing("CANARY", to)).rejects.toThrow(/^x:1: not a line of an export/);
  await expect(importing('{"type":"export","format":2,"pipeline":"p","exportedAt":""}', to)).rejects.toMatchObject({
    code: "NEWER_STATE",
  });
  await importing(text, to);
  await expect(importing(text, to)).rejects.toMatchObject({ code: "ALREADY_STORED" });
});
