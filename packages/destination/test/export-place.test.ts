/** Exports that are interrupted, concurrent, verified and removed. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { duckdb } from "@org/destination/duckdb";
import {
  type ExportEvent,
  type ExportOptions,
  exportTables,
  removeOldExports,
  verifyExports,
} from "@org/destination/export";
import { type FakeS3, startFakeS3 } from "@org/testkit/fake-s3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fill, places, run, runs, state, temporaryFolder } from "./export-world.ts";

const dayMs = 86_400_000;

async function world() {
  const folder = temporaryFolder();
  const destination = duckdb(join(folder, "from.duckdb"));
  await fill(destination);
  const into = join(folder, "to");
  const write = (options: Partial<ExportOptions> = {}) =>
    exportTables(destination, { into, tables: [runs, places], ...options });
  return { destination, into, write };
}

/** Ends once the first file is written. */
async function interrupted(
  write: (options: Partial<ExportOptions>) => Promise<unknown>,
  options: Partial<ExportOptions> = {},
) {
  const stop = new AbortController();
  const onEvent = (event: ExportEvent) => event.type === "file-written" && stop.abort(new Error("stopped"));
  await expect(write({ ...options, signal: stop.signal, onEvent })).rejects.toThrow("stopped");
}

/** All files below a folder. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

/** Makes an export one that began so many days before. */
function age(into: string, id: string, days: number): string {
  const at = new Date(Date.now() - days * dayMs);
  const old = `${at.toISOString().slice(0, 19).replaceAll(":", "")}Z`;
  const manifest = join(into, "_exports", `${id}.json`);
  const [day = "", time = ""] = old.replace("Z", "").split("T");
  const began = `"beganAt": ${JSON.stringify(at.toISOString())}`;
  let text = readFileSync(manifest, "utf8")
    .replaceAll(id, old)
    .replace(/"beganAt": "[^"]*"/, began);
  for (const { path } of JSON.parse(text).files) {
    const aged = path.replace(/\d{4}.\d\d.\d\d/, day.replaceAll("-", "/")).replace(/_\d{6}\./, `_${time}.`);
    mkdirSync(join(into, aged, ".."), { recursive: true });
    renameSync(join(into, path), join(into, aged));
    text = text.replace(path, aged);
  }
  const { digest: _, ...rest } = JSON.parse(text);
  text = JSON.stringify({ ...rest, digest: createHash("sha256").update(JSON.stringify(rest)).digest("hex") });
  writeFileSync(join(into, "_exports", `${old}.json`), text);
  rmSync(manifest);
  return old;
}

test("an interrupted export resumes with the missing files, and leaves nothing behind", async () => {
  const { into, write } = await world();
  await interrupted(write);
  expect(await verifyExports(into)).toEqual({ exports: [], unfinished: [expect.any(String)], unexpected: [] });
  const events: ExportEvent[] = [];
  const manifest = await write({ onEvent: (event) => events.push(event) });
  const written = events.flatMap((event) => (event.type === "file-written" ? [[event.file.table, event.resumed]] : []));
  expect(written).toEqual([
    ["runs", true],
    ["places", false],
  ]);
  expect(filesIn(into)).toEqual([...manifest.files.map(({ path }) => path), `_exports/${manifest.id}.json`].toSorted());
  expect((await verifyExports(into)).unfinished).toEqual([]);
});

test("a resumed export rewrites what has changed, and removes the old file", async () => {
  const { destination, into, write } = await world();
  await interrupted(write);
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([runs]);
  await session.commit("runs", { table: runs, upserts: [run(1, { name: "changed" })], state });
  await session.close();
  const resumed: boolean[] = [];
  const manifest = await write({ onEvent: (event) => event.type === "file-written" && resumed.push(event.resumed) });
  expect(resumed).toEqual([false, false]);
  expect(filesIn(into)).toEqual([...manifest.files.map(({ path }) => path), `_exports/${manifest.id}.json`].toSorted());
});

test("an export with another request reuses nothing of an interrupted one, and leaves its files", async () => {
  const { into, write } = await world();
  await interrupted(write);
  const before = filesIn(into);
  const resumed: boolean[] = [];
  await write({ format: "csv", onEvent: (event) => event.type === "file-written" && resumed.push(event.resumed) });
  expect(resumed).toEqual([false, false]);
  expect(filesIn(into)).toEqual(expect.arrayContaining(before));
});

test("concurrent exports have separate files and complete manifests", async () => {
  const { into, write } = await world();
  const manifests = await Promise.all([1, 2, 3].map(() => write()));
  expect(new Set(manifests.map(({ id }) => id)).size).toBe(3);
  expect(new Set(manifests.flatMap(({ files }) => files.map(({ path }) => path))).size).toBe(6);
  const { exports, unfinished } = await verifyExports(into);
  expect(exports.map(({ problems }) => problems)).toEqual([[], [], []]);
  expect(unfinished).toEqual([]);
});

test("finds missing, truncated and changed files, and manifests that are no longer valid", async () => {
  const { into, write } = await world();
  const manifest = await write({ format: "csv" });
  const [file, other] = manifest.files.map(({ path }) => join(into, path)) as [string, string];
  const problems = async () => (await verifyExports(into)).exports[0]!.problems.map(({ kind }) => kind);
  expect(await problems()).toEqual([]);
  const content = readFileSync(file);
  truncateSync(file, 10);
  expect(await problems()).toEqual(["size"]);
  writeFileSync(
    file,
    content.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
  );
  expect(await problems()).toEqual(["content"]);
  rmSync(file);
  rmSync(other);
  expect(await problems()).toEqual(["missing", "missing"]);
  const path = join(into, "_exports", `${manifest.id}.json`);
  const text = readFileSync(path, "utf8");
  for (const broken of [text.slice(0, 40), text.replace(/"path": "[^"]*"/, '"path": "../../etc/passwd"'), "{}"]) {
    writeFileSync(path, broken);
    expect(await problems()).toEqual(["manifest"]);
  }
  writeFileSync(path, text.replace('"version": 1', '"version": 2'));
  await expect(problems()).rejects.toMatchObject({ code: "NEWER_VERSION" });
  await expect(verifyExports(join(into, "elsewhere"))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("removes what manifests of old exports name, never the newest export, and nothing else", async () => {
  const { into, write } = await world();
  const ids = [age(into, (await write()).id, 40), age(into, (await write()).id, 35)];
  const foreign = join(into, "2026", "notes.txt");
  mkdirSync(join(into, "2026"), { recursive: true });
  writeFileSync(foreign, "mine");
  const removed = await removeOldExports(into, { keepMs: 30 * dayMs });
  expect(removed.map(({ id, removed, left }) => [id, removed.length, left])).toEqual([[ids[0], 2, []]]);
  expect((await verifyExports(into)).exports.map(({ id, problems }) => [id, problems])).toEqual([[ids[1], []]]);
  const { id } = await write();
  await removeOldExports(into, { keepMs: 30 * dayMs });
  expect((await verifyExports(into)).exports.map((each) => each.id)).toEqual([id]);
  expect(existsSync(foreign)).toBe(true);
  expect(await removeOldExports(into, { keepMs: 0 })).toEqual([]);
});

test("keeps a file that has another size, and everything if a manifest is invalid", async () => {
  const { into, write } = await world();
  const old = age(into, (await write()).id, 40);
  await write();
  const manifest = JSON.parse(readFileSync(join(into, "_exports", `${old}.json`), "utf8"));
  const [changed, whole] = manifest.files.map(({ path }: { path: string }) => join(into, path));
  writeFileSync(changed, "somebody's");
  const stray = join(into, "_exports", "2026-01-01T000000Z.json");
  writeFileSync(stray, "{");
  await expect(removeOldExports(into, { keepMs: dayMs })).rejects.toMatchObject({ code: "INVALID_STATE" });
  expect(existsSync(whole)).toBe(true);
  rmSync(stray);
  const [removed] = await removeOldExports(into, { keepMs: dayMs });
  expect(removed!.left.map((path) => join(into, path))).toEqual([changed]);
  expect([existsSync(changed), existsSync(whole)]).toEqual([true, false]);
});

test("follows no link out of the folder", async () => {
  const { into, write } = await world();
  const { id, files } = await write({ tables: [runs] });
  const year = join(into, files[0]!.path.slice(0, 4));
  const outside = `${into}-outside`;
  renameSync(year, outside);
  symlinkSync(outside, year);
  await expect(write()).rejects.toThrow(/is a link/);
  expect((await verifyExports(into).catch((error) => error)).message).toMatch(/is a link/);
  expect(filesIn(outside)).toHaveLength(1);
  expect(id).toBeDefined();
});

let s3: FakeS3;
beforeEach(async () => {
  s3 = await startFakeS3();
});
afterEach(() => s3.stop());

test("exports to a bucket are written, resumed, verified and removed like those to a folder", async () => {
  const { write } = await world();
  const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
  const options = { into: "s3://warehouse/backups", s3: { endpoint: s3.endpoint, region: "us-east-1", credentials } };
  await interrupted(write, options);
  const resumed: boolean[] = [];
  const manifest = await write({
    ...options,
    onEvent: (event) => event.type === "file-written" && resumed.push(event.resumed),
  });
  expect(resumed).toEqual([true, false]);
  const keys = () => [...s3.objects.keys()].toSorted();
  const named = [...manifest.files.map(({ path }) => path), `_exports/${manifest.id}.json`];
  expect(keys()).toEqual(named.map((path) => `/warehouse/backups/${path}`).toSorted());
  expect((await verifyExports(options.into, options)).exports).toMatchObject([{ id: manifest.id, problems: [] }]);
  const newer = await write({ ...options, tables: [runs] });
  await removeOldExports(options.into, { ...options, keepMs: -60_000 });
  expect(keys()).toEqual(
    [`/warehouse/backups/${newer.files[0]!.path}`, `/warehouse/backups/_exports/${newer.id}.json`].toSorted(),
  );
  s3.fault = () => "ignores conditions";
  await expect(write(options)).rejects.toMatchObject({ code: "NOT_A_DESTINATION" });
});
