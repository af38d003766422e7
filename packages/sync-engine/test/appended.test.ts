import { defineTable } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { duckdb } from "@org/destination/duckdb";
import { createMemory, memoryDestination } from "@org/destination/memory";
import { type SyncOptions, sync, verify } from "@org/sync-engine";
import {
  type AppendedState,
  defineStream,
  parsePosition,
  readAppended,
  type Source,
  windowStart,
} from "@org/sync-engine/source";
import { expect, test } from "vitest";
import { place } from "./factory.ts";

const log = defineTable({
  name: "machine_log",
  description: "What a machine logged.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "Number." }, at: { type: "timestamp", description: "When." } },
});

const overlapMs = 1000;
const start = 1_800_000_000_000;

/** A log of which a page has three lines. */
function machine() {
  const server = { lines: [] as { id: number; at: number }[], now: start, pages: 0, failAt: 0 };
  const write = (at: number, count = 1) => {
    for (let n = 0; n < count; n += 1) server.lines.push({ id: server.lines.length, at });
  };
  const stream = defineStream<void, typeof log, AppendedState>({
    name: "log",
    table: log,
    revision: 1,
    needs: ["at"],
    keeps: [{ why: "forgotten", datedBy: "at" }],
    read({ state }) {
      const position = { server: server.now, local: server.now };
      const last = parsePosition(state?.position, position);
      return readAppended({
        table: log,
        what: "log lines",
        state,
        position,
        from: last ? windowStart(last, position, overlapMs) : null,
        async page({ to }, offset) {
          server.pages += 1;
          if (server.pages === server.failAt) throw new Error("The machine stopped.");
          const newestFirst = server.lines
            .filter(({ at }) => to === null || at < to)
            .sort((a, b) => b.at - a.at || b.id - a.id);
          return { rows: newestFirst.slice(offset, offset + 3), total: newestFirst.length };
        },
        timeOf: ({ at }) => at,
        keyOf: ({ id }) => String(id),
        rowsOf: ({ id, at }) => [{ id, at: `${new Date(at).toISOString().slice(0, -1)}000Z` }],
      });
    },
  });
  const source: Source<void> = {
    name: "machine",
    url: "http://machine.example",
    streams: [stream],
    start() {},
    check: async () => ({ version: "1", notes: [] }),
  };
  const memory = memoryDestination(createMemory());
  const syncNow = async (options: Partial<SyncOptions> = {}) => {
    server.pages = 0;
    await sync({ source, destination: memory, requests: { retries: 0 }, ...options } as SyncOptions);
    return server.pages;
  };
  const stored = () =>
    memory
      .rows(log.name)
      .map(({ id }) => Number(id))
      .sort((a, b) => a - b);
  return { server, source, write, syncNow, stored, memory, all: () => server.lines.map(({ id }) => id) };
}

test("a first sync reads the whole log, and a later one what is new", async () => {
  const { server, write, syncNow, stored, all } = machine();
  for (let n = 0; n < 20; n += 1) write(start - 100_000 + n * 5000);
  await syncNow();
  expect(stored()).toEqual(all());
  server.now += 60_000;
  expect(await syncNow()).toBe(1);
  write(server.now - 500, 2);
  await syncNow();
  expect(stored()).toEqual(all());
});

test.each([1, 2, 3, 4, 7])("lines of one moment that fill pages are all read (%i)", async (count) => {
  const { write, syncNow, stored, all } = machine();
  write(start - 9000, 2);
  write(start - 5000, count);
  write(start - 1000, 2);
  await syncNow();
  expect(stored()).toEqual(all());
});

test("a line that was committed late is found within the overlap", async () => {
  const { server, write, syncNow, stored, all } = machine();
  write(start - 5000, 4);
  await syncNow();
  write(start - 500);
  server.now += 60_000;
  await syncNow();
  expect(stored()).toEqual(all());
});

test("what the machine forgot stays", async () => {
  const { server, write, syncNow, stored } = machine();
  for (let n = 0; n < 9; n += 1) write(start - 90_000 + n * 5000);
  await syncNow();
  server.lines.splice(0, 5);
  server.now += 60_000;
  await syncNow({ reconcile: true });
  expect(stored()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("I3: a sync that stops at any page resumes there, with what came meanwhile", async () => {
  for (let failAt = 1; ; failAt += 1) {
    const { server, write, syncNow, stored, all } = machine();
    for (let n = 0; n < 12; n += 1) write(start - 90_000 + n * 5000);
    server.failAt = failAt;
    const isWhole = await syncNow().then(
      () => true,
      () => false,
    );
    if (isWhole) return expect(failAt).toBeGreaterThan(3);
    server.failAt = 0;
    server.now += 60_000;
    write(server.now - 2000, 4);
    // What was read before the stop is not read again.
    expect(await syncNow()).toBeLessThanOrEqual(8 - failAt + 2);
    expect(stored()).toEqual(all());
  }
});

test("I1: the state is never ahead of the rows", async () => {
  const { write, syncNow, memory, stored, all } = machine();
  for (let n = 0; n < 12; n += 1) write(start - 90_000 + n * 5000);
  let commits = 0;
  const destination = wrapSession(memory, (session) => ({
    async commit(stream, batch) {
      commits += 1;
      if (commits === 2) throw new Error("The lights went out.");
      return session.commit(stream, batch);
    },
  }));
  await expect(syncNow({ destination })).rejects.toThrow("The lights went out.");
  await syncNow();
  expect(stored()).toEqual(all());
});

test("verify does not expect what the machine forgot, and finds what is missing in between", async () => {
  const { server, source, write } = machine();
  for (let n = 0; n < 9; n += 1) write(start - 90_000 + n * 5000);
  const destination = duckdb(place());
  await sync({ source, destination });
  server.lines.splice(0, 3);
  server.lines.splice(2, 1);
  const { tables } = await verify({ source, destination });
  expect(tables).toMatchObject([{ compared: 5, kept: 3, extra: 1, missing: 0, different: 0 }]);
  server.lines.splice(0);
  expect((await verify({ source, destination })).tables).toMatchObject([{ compared: 0, kept: 9, extra: 0 }]);
});
