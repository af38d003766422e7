/** The working copy that the files destination keeps for the next session: what it saves, and what it must not hide. */
import { chmod, mkdir, mkdtemp, readdir, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTable, type Session } from "@org/destination";
import { files } from "@org/destination/files";
import { type FakeS3, startFakeS3 } from "@org/testkit/fake-s3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Key." },
    text: { type: "string", description: "Text that does not compress." },
  },
});

let s3: FakeS3;
let parent: string;
let sent: string[];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "kept-copy-"));
  await useMachine("one");
  s3 = await startFakeS3();
  sent = [];
  s3.fault = (method, path) => void sent.push(`${method} ${path}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await s3.stop();
  await rm(parent, { recursive: true });
});

/** A machine is a temporary folder of its own. */
async function useMachine(name: string): Promise<void> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  for (const variable of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(variable, folder);
}

async function during<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const credentials = { accessKeyId: "key-id", secretAccessKey: "so-secret" };
  const destination = files("s3://warehouse/place", { endpoint: s3.endpoint, region: "us-east-1", credentials });
  const session = await destination.open({ pipeline: "p" });
  try {
    await session.prepare([table]);
    return await work(session);
  } finally {
    await session.close();
  }
}

/** A row of 120 bytes that no compression makes much smaller. */
const row = (id: number) => ({
  id,
  text: Array.from({ length: 20 }, (_, part) => Math.imul(id * 20 + part + 1, 0x9e3779b1).toString(36)).join(""),
});
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => row(from + index));
const store = (from: number, to: number, value: number) =>
  during((session) => session.commit("s", { table, upserts: rows(from, to), state: { version: 1, value } }));
const count = () => during((session) => session.count(table, {}));

/** What a sync does if nothing changed: looks at the table, and stores rows that are there already. */
const idle = () =>
  during(async (session) => {
    expect((await session.states()).get("s")?.value).toBe(1);
    const [counted] = await session.countBy(table, {}, []);
    const found = await session.keys(table, { id: { gte: 5, lt: 7 } }, ["text"]);
    const batch = { table, replace: [{ scope: { id: { in: [1] } }, rows: [row(1)] }], upserts: [row(2)] };
    const result = await session.commit("s", { ...batch, state: { version: 1, value: 1 } });
    expect(result).toEqual({ inserted: 0, updated: 0, unchanged: 2, deleted: 0, removed: 0 });
    expect(found).toEqual([row(5), row(6)]);
    return counted?.count;
  });

const downloads = () => sent.filter((request) => /^GET .*things\/\d/.test(request));
/** Without the removal of old manifests, which begins with the tenth. */
const requests = () => sent.filter((request) => /^(GET|PUT|HEAD)/.test(request)).length;
const keptFolders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("files-destination-kept-"));

test("I12: an idle sync downloads no table, and its requests do not grow with it", async () => {
  await store(0, 20_000, 1);
  sent = [];
  expect(await idle()).toBe(20_000);
  expect(downloads()).toEqual([]);
  const few = requests();
  expect(few).toBeLessThan(20);

  await store(20_000, 80_000, 1);
  sent = [];
  expect(await idle()).toBe(80_000);
  expect(downloads()).toEqual([]);
  expect(requests()).toBe(few);
});

test("a table that another machine has changed is loaded again", async () => {
  await store(0, 20_000, 1);
  await useMachine("two");
  await during(async (session) => {
    const scope = { id: { lt: 10 } };
    await session.commit("s", { table, replace: [{ scope, rows: [] }], state: { version: 1, value: 1 } });
  });
  expect(downloads()).toHaveLength(1);
  await useMachine("one");
  sent = [];
  expect(await count()).toBe(19_990);
  expect(downloads()).toHaveLength(2);
  sent = [];
  expect(await count()).toBe(19_990);
  expect(downloads()).toEqual([]);
});

test("what a failed commit left in the copy does not count", async () => {
  await store(0, 20_000, 1);
  let failing = false;
  s3.fault = (method, path) => {
    const isManifest = method === "PUT" && path.includes("manifests/");
    return failing && isManifest ? { status: 403, code: "AccessDenied" } : undefined;
  };
  await during(async (session) => {
    failing = true;
    const batch = { table, upserts: [row(20_000)], state: { version: 1, value: 2 } };
    await expect(session.commit("s", batch)).rejects.toMatchObject({ code: "NO_PERMISSION" });
  });
  failing = false;
  expect(await idle()).toBe(20_000);
});

test("a copy that is damaged is replaced", async () => {
  await store(0, 20_000, 1);
  const [name = ""] = await keptFolders();
  const file = join(tmpdir(), name, "scratch.duckdb");
  await truncate(file, Math.floor((await stat(file)).size / 2));
  expect(await idle()).toBe(20_000);
  await writeFile(join(tmpdir(), (await keptFolders())[0] ?? "", "scratch.duckdb"), "not a database");
  expect(await idle()).toBe(20_000);
  expect(await keptFolders()).toEqual([name]);
});

test("data files that were removed are noticed, although the copy has their rows", async () => {
  await store(0, 20_000, 1);
  for (const path of s3.objects.keys()) if (/things\/\d/.test(path)) (s3.objects as Map<string, Buffer>).delete(path);
  await expect(idle()).rejects.toMatchObject({ code: "INVALID_STATE", message: expect.stringMatching(/missing/) });
});

test("no copy of a small place is kept, and none that was not used for a week", async () => {
  await store(0, 100, 1);
  expect(await readdir(tmpdir())).toEqual([]);
  await store(100, 20_000, 1);
  const [name = ""] = await keptFolders();
  const longAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000);
  await utimes(join(tmpdir(), name), longAgo, longAgo);
  sent = [];
  await count();
  expect(downloads()).not.toEqual([]);
});

test.skipIf(process.platform === "win32")("a copy that others could have changed is not used", async () => {
  await store(0, 20_000, 1);
  const [name = ""] = await keptFolders();
  await chmod(join(tmpdir(), name), 0o770);
  sent = [];
  expect(await count()).toBe(20_000);
  expect(downloads()).not.toEqual([]);
});
