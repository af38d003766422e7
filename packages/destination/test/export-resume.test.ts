/** Exports that are interrupted anywhere, and resume. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoredValues } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { type ExportEvent, type ExportOptions, exportTables, momentText, verifyExports } from "@org/destination/export";
import { expect, test } from "vitest";
import { fill, kinds, places, readBack, run, runs, state, stored, temporaryFolder } from "./export-world.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hour = (number: number) => momentText(Date.UTC(2026, 0, 1, number));

/** Twenty rows, of which two belong to each hour. */
const history = Array.from({ length: 20 }, (_, id) => run(id, { created: hour(Math.floor(id / 2)) }));

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

/** Follows an export: which parts were written, and which taken over. */
function followed() {
  const parts: [string, boolean][] = [];
  const onEvent = (event: ExportEvent) => {
    if (event.type === "file-written") parts.push([`${event.file.table} ${event.file.part}`, event.resumed]);
  };
  return { parts, onEvent };
}

async function stoppedAfter(files: number, write: (options: Partial<ExportOptions>) => Promise<unknown>) {
  const stop = new AbortController();
  let written = 0;
  const onEvent = (event: ExportEvent) => {
    if (event.type === "file-written" && ++written === files) stop.abort(new Error("stopped"));
  };
  await expect(write({ signal: stop.signal, onEvent })).rejects.toThrow("stopped");
}

const inOrder = (rows: readonly StoredValues[]) => rows.toSorted((a, b) => Number(a.id) - Number(b.id));

test.each(Object.keys(kinds))("an export of %s resumes within a table, after the last complete file", async (kind) => {
  const destination = kinds[kind]!(temporaryFolder());
  await fill(destination, history);
  const into = join(temporaryFolder(), "to");
  const write = (options: Partial<ExportOptions> = {}) =>
    exportTables(destination, { into, tables: [runs, places], rowsPerFile: 5, ...options });
  await stoppedAfter(2, write);
  const { parts, onEvent } = followed();
  const manifest = await write({ onEvent });
  expect(parts).toEqual([
    ["runs 1", true],
    ["runs 2", true],
    ["runs 3", false],
    ["runs 4", false],
    ["runs 5", false],
    ["places 1", false],
  ]);
  expect(manifest.files.map(({ rows }) => rows)).toEqual([4, 4, 4, 4, 4, 1]);
  expect(inOrder(await readBack(into, manifest))).toEqual(await stored(destination));
  expect(filesIn(into)).toEqual([...manifest.files.map(({ path }) => path), `_exports/${manifest.id}.json`].toSorted());
});

test("rewrites only the files whose rows have changed meanwhile", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination, history);
  const into = join(temporaryFolder(), "to");
  const write = (options: Partial<ExportOptions> = {}) =>
    exportTables(destination, { into, tables: [runs], rowsPerFile: 5, ...options });
  await stoppedAfter(4, write);
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([runs]);
  const moved = [run(5, { created: hour(0) }), run(100, { created: hour(100) })];
  await session.commit("runs", { table: runs, upserts: moved, state });
  await session.close();
  const { parts, onEvent } = followed();
  const manifest = await write({ onEvent });
  expect(parts.filter(([, resumed]) => resumed).map(([name]) => name)).toHaveLength(2);
  expect(inOrder(await readBack(into, manifest))).toEqual(await stored(destination));
  expect((await verifyExports(into)).exports.map(({ problems }) => problems)).toEqual([[]]);
});

test("reuses files that fit another number of rows per file", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination, history);
  const into = join(temporaryFolder(), "to");
  const write = (options: Partial<ExportOptions> = {}) =>
    exportTables(destination, { into, tables: [runs], rowsPerFile: 5, ...options });
  await stoppedAfter(2, write);
  const { parts, onEvent } = followed();
  const manifest = await write({ rowsPerFile: 100, onEvent });
  expect(parts).toEqual([
    ["runs 1", true],
    ["runs 2", true],
    ["runs 3", false],
  ]);
  expect(inOrder(await readBack(into, manifest))).toEqual(await stored(destination));
});

/** Exports in a process of its own. @param kill at which of its writes it is killed, 0 for none */
function exportInProcess(from: string, into: string, kill: number) {
  const script = `
    const { duckdb } = await import("@org/destination/duckdb");
    const { exportTables } = await import("@org/destination/export");
    const { places, runs } = await import(${JSON.stringify(here("./export-tables.ts"))});
    await exportTables(duckdb(${JSON.stringify(from)}), { into: ${JSON.stringify(into)}, tables: [runs, places], rowsPerFile: 8 });`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@org/source", "--import", here("./export-fail-points.ts"), "--input-type=module", "--eval", script],
    { encoding: "utf8", cwd: here("."), env: { ...process.env, EXPORT_KILL: String(kill) } },
  );
  expect([stderr, signal ?? status]).toEqual(["", kill === 0 ? 0 : expect.anything()]);
  return { isKilled: signal === "SIGKILL", writes: Number(stdout) };
}

test("I3: an export killed at any write, then run again, leaves the same files as one that was not killed", async () => {
  const folder = temporaryFolder();
  const from = join(folder, "from.duckdb");
  await fill(duckdb(from), history);
  const rows = await stored(duckdb(from));
  const { writes } = exportInProcess(from, join(folder, "whole"), 0);
  expect(writes).toBeGreaterThan(20);
  // All of them at night; by day one of each kind, another one each time that the writes become more.
  const step = process.env.NIGHTLY ? 1 : 7;
  for (let kill = 1; kill <= writes; kill += step) {
    const into = join(folder, `killed-${kill}`);
    const { isKilled } = exportInProcess(from, into, kill);
    expect([kill, isKilled]).toEqual([kill, true]);
    const manifest = await exportTables(duckdb(from), { into, tables: [runs, places], rowsPerFile: 8 });
    const { exports, unfinished, unexpected } = await verifyExports(into);
    expect([kill, exports.flatMap(({ problems }) => problems), unfinished, unexpected]).toEqual([kill, [], [], []]);
    expect(inOrder(await readBack(into, manifest))).toEqual(rows);
    const named = exports.map(({ id }) => `_exports/${id}.json`);
    // Of a claim that was not made yet nobody knows whose it is; it goes after a day.
    const isHalf = (path: string) => path.includes(".begun.json.");
    const left = filesIn(into).filter((path) => path.startsWith("_exports") && !isHalf(path));
    expect([kill, left]).toEqual([kill, named.toSorted()]);
  }
}, 300_000);
