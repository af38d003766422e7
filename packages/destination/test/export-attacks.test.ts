/** What people, programs and clocks do to a folder of exports. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { duckdb } from "@org/destination/duckdb";
import {
  type ExportManifest,
  type ExportOptions,
  exportTables,
  removeOldExports,
  verifyExports,
} from "@org/destination/export";
import { afterEach, describe, expect, test, vi } from "vitest";
import { exported, fill, kinds, places, readBack, run, runs, state, stored, temporaryFolder } from "./export-world.ts";

async function world() {
  const folder = temporaryFolder();
  const destination = duckdb(join(folder, "from.duckdb"));
  await fill(destination);
  const into = join(folder, "to");
  const write = (options: Partial<ExportOptions> = {}) =>
    exportTables(destination, { into, tables: [runs, places], ...options });
  const problems = async () => (await verifyExports(into)).exports.flatMap((each) => each.problems);
  return { folder, destination, into, write, problems };
}

const manifestOf = (into: string, { id }: Pick<ExportManifest, "id">) => join(into, "_exports", `${id}.json`);

/** Ends an export once its first file is complete. @returns the path of that file's record */
async function interrupted(into: string, write: (options: Partial<ExportOptions>) => Promise<unknown>) {
  const stop = new AbortController();
  const onEvent: ExportOptions["onEvent"] = ({ type }) => type === "file-written" && stop.abort(new Error("stopped"));
  await expect(write({ signal: stop.signal, onEvent })).rejects.toThrow("stopped");
  const record = readdirSync(join(into, "_exports")).find((name) => name.endsWith(".runs.1.json"));
  return join(into, "_exports", record!);
}

/** Exports again. @returns the tables whose files were taken over */
async function resumed(write: (options: Partial<ExportOptions>) => Promise<unknown>) {
  const tables: string[] = [];
  await write({ onEvent: (event) => event.type === "file-written" && event.resumed && tables.push(event.file.table) });
  return tables;
}

test("any change of a manifest is found, and then no export is removed by it", async () => {
  const { into, write, problems } = await world();
  const path = manifestOf(into, await write());
  const text = readFileSync(path, "utf8");
  const edits: readonly (readonly [RegExp, string])[] = [
    [/"rows": \d+/, '"rows": 1'],
    [/"table": "runs"/, '"table": "other"'],
    [/"type": "int64"/, '"type": "string"'],
    [/"until": null/, '"until": "2026-01-01T00:00:00.000000Z"'],
    [/"beganAt": "\d{4}/, '"beganAt": "1999'],
    [/"beganAt": "[^"]*",/, ""],
    [/,\s*\{\s*"table": "places"[\s\S]*\}(?=\s*\],\s*"digest")/, ""],
    [/,\s*"digest": "[^"]*"/, ""],
  ];
  for (const [from, to] of edits) {
    const edited = text.replace(from, to);
    expect(JSON.parse(edited)).not.toEqual(JSON.parse(text));
    writeFileSync(path, edited);
    expect([from, await problems()]).toEqual([
      from,
      [{ kind: "manifest", path: expect.any(String), message: expect.stringContaining("digest") }],
    ]);
    await expect(removeOldExports(into, { keepMs: 0 })).rejects.toMatchObject({ code: "INVALID_STATE" });
  }
  writeFileSync(path, text);
  expect(await problems()).toEqual([]);
  writeFileSync(path.replace(/\d{4}-/, "2999-"), text);
  expect((await problems()).map(({ message }) => message)).toEqual([expect.stringContaining("is the manifest of")]);
});

test("a link, a folder or a pipe instead of a file is not taken for it, even if it leads to the same content", async () => {
  const { folder, into, write, problems } = await world();
  const manifest = await write();
  const elsewhere = join(folder, "elsewhere");
  const instead: readonly ((path: string) => void)[] = [
    (path) => symlinkSync(elsewhere, path),
    (path) => mkdirSync(path),
    (path) => void execFileSync("sh", ["-c", 'mkfifo "$0"', path]),
  ];
  for (const [path, kind] of [
    [join(into, manifest.files[0]!.path), "missing"],
    [manifestOf(into, manifest), "manifest"],
  ] as const) {
    renameSync(path, elsewhere);
    for (const put of instead) {
      put(path);
      expect(await problems()).toMatchObject([{ kind }]);
      rmSync(path, { recursive: true });
    }
    renameSync(elsewhere, path);
  }
  expect(await problems()).toEqual([]);
});

test("a record of an interrupted export that is a link, and a file that was swapped, are not taken over", async () => {
  const { folder, into, write } = await world();
  const record = await interrupted(into, write);
  renameSync(record, join(folder, "elsewhere"));
  symlinkSync(join(folder, "elsewhere"), record);
  expect(await resumed(write)).toEqual([]);
  // It is not ours, so it stays.
  rmSync(record);
  const { file } = JSON.parse(readFileSync(await interrupted(into, write), "utf8"));
  const content = readFileSync(join(into, file.path));
  content[20]! ^= 1;
  writeFileSync(join(into, file.path), content);
  expect(await resumed(write)).toEqual([]);
  await interrupted(into, write);
  expect(await resumed(write)).toEqual(["runs"]);
  expect((await verifyExports(into)).exports.flatMap((each) => each.problems)).toEqual([]);
});

test("names that are no second of this calendar are ignored, and the last possible one is an error that says so", async () => {
  const { into, write } = await world();
  mkdirSync(join(into, "_exports"), { recursive: true });
  for (const name of ["2026-99-99T999999Z", "2026-02-30T000000Z", "2026-01-01T240000Z"]) {
    for (const end of [".json", ".begun.json"]) writeFileSync(join(into, "_exports", `${name}${end}`), "{}");
  }
  const { id } = await write();
  expect((await verifyExports(into)).exports.map((each) => each.id)).toEqual([id]);
  writeFileSync(join(into, "_exports", "9999-12-31T235959Z.begun.json"), "{}");
  await expect(write()).rejects.toThrow(
    /none can have a later name. Remove the files in _exports\/ .*9999-12-31T235959Z/,
  );
});

afterEach(() => void vi.useRealTimers());

test("whatever a clock says, a later export has a later name, and the newest one stays", async () => {
  const { into, write } = await world();
  vi.useFakeTimers({ toFake: ["Date"] });
  const ids: string[] = [];
  for (const now of ["2026-11-30T12:00:00Z", "2031-01-01T00:00:00Z", "2026-11-30T12:00:00Z", "2026-11-01T00:00:00Z"]) {
    vi.setSystemTime(now);
    ids.push((await write()).id);
  }
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
  vi.setSystemTime("2026-12-01T00:00:00Z");
  const removed = await removeOldExports(into, { keepMs: 7 * 86_400_000 });
  expect(removed.map(({ id }) => id)).toEqual([]);
  expect((await verifyExports(into)).exports.map(({ id, problems }) => [id, problems])).toEqual(
    ids.map((id) => [id, []]),
  );
});

describe.each(Object.keys(kinds))("from %s", (kind) => {
  test("a table without rows, one with deleted rows only, and rows of one moment are exported whole", async () => {
    const destination = kinds[kind]!(temporaryFolder());
    await fill(destination, []);
    const empty = await exported(destination, { tables: [runs] });
    expect([empty.manifest.files.map(({ rows }) => rows), await empty.rows()]).toEqual([[0], []]);

    const created = "2026-10-25T00:59:59.999999Z";
    await fill(
      destination,
      [1, 2, 3, 4, 5].map((id) => run(id, { created })),
    );
    const options = { tables: [runs], rowsPerFile: 2, changedSince: "2026-01-01T00:00:00.000000Z" };
    const equal = await exported(destination, {
      ...options,
      window: { since: created, until: "2026-10-25T01:00:00.000000Z" },
    });
    expect(equal.manifest.files.map(({ rows }) => rows)).toEqual([5]);

    const session = await destination.open({ pipeline: "p" });
    await session.prepare([runs]);
    await session.commit("runs", { table: runs, replace: [{ scope: {}, rows: [] }], state });
    await session.close();
    const gone = await exported(destination, options);
    expect((await gone.rows()).map(({ id, _deleted_at }) => [id, typeof _deleted_at])).toEqual(
      [1, 2, 3, 4, 5].map((id) => [id, "string"]),
    );
    expect(await readBack(gone.into, gone.manifest)).toEqual(await stored(destination));
  });
});
