/** Manifests alone keep writers apart: what could go wrong with them, one case at a time. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Chain } from "../src/files/chain.ts";
import { folderStore } from "../src/files/folder.ts";
import type { Manifest } from "../src/files/manifest.ts";
import type { Store } from "../src/files/store.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chain-"));
  store = folderStore(folder);
  await store.prepare();
});
afterEach(() => rm(folder, { recursive: true }));

const chainOn = async (some: Store) => {
  const chain = new Chain(some);
  await chain.refresh();
  return chain;
};

/** Counts in a state, as a pipeline's commits do. */
const addOne = (chain: Chain, pipeline: string) =>
  chain.append(({ tables, pipelines }, id) => {
    const value = Number(pipelines[pipeline]?.states.count?.value ?? 0) + 1;
    const states = { count: { version: 1, value, tables: [], at: "2026-11-21T09:30:00.000000Z" } };
    return { tables, pipelines: { ...pipelines, [pipeline]: { writer: null, last: id, states } } };
  });

const countsIn = ({ pipelines }: Manifest) =>
  Object.fromEntries(Object.entries(pipelines).map(([name, { states }]) => [name, states.count?.value]));

test("two chains that append at once lose nothing and duplicate nothing", async () => {
  const chains = await Promise.all(["a", "b", "c"].map(async (name) => ({ name, chain: await chainOn(store) })));
  await Promise.all(
    chains.map(async ({ name, chain }) => {
      for (let round = 0; round < 40; round += 1) await addOne(chain, name);
    }),
  );
  const { latest } = await chainOn(store);
  expect(countsIn(latest)).toEqual({ a: 40, b: 40, c: 40 });
  expect(latest.number).toBe(120);
});

test("old manifests are removed, a few stay", async () => {
  const chain = await chainOn(store);
  for (let round = 0; round < 25; round += 1) await addOne(chain, "a");
  const names = await readdir(join(folder, "_sync/manifests"));
  expect(names.length).toBe(10);
  expect(names.sort().at(-1)).toBe("000000000025.json");
});

test("a number that became free because its manifest was removed long ago is not taken for the next one", async () => {
  const sleeper = await chainOn(store);
  await addOne(sleeper, "sleeper");
  const other = await chainOn(store);
  for (let round = 0; round < 20; round += 1) await addOne(other, "other");
  const made = await addOne(sleeper, "sleeper");
  expect(made.number).toBe(22);
  expect(countsIn((await chainOn(store)).latest)).toEqual({ sleeper: 2, other: 20 });
  expect(await readdir(join(folder, "_sync/manifests"))).not.toContain("000000000002.json");
});

test("a response lost after the manifest was created does not cause a second commit", async () => {
  for (const lose of [() => false, () => Promise.reject(new Error("socket hang up"))]) {
    const chain = await chainOn({
      ...store,
      async create(path, text) {
        await store.create(path, text);
        return lose();
      },
    });
    const { number } = chain.latest;
    expect((await addOne(chain, "a")).number).toBe(number + 1);
  }
  expect(countsIn((await chainOn(store)).latest)).toEqual({ a: 2 });
});

test("a manifest that could not be created is an error, and the chain continues after it", async () => {
  let broken = true;
  const chain = await chainOn({
    ...store,
    create: (path, text) => (broken ? Promise.reject(new Error("no route")) : store.create(path, text)),
  });
  await expect(addOne(chain, "a")).rejects.toThrow("no route");
  broken = false;
  await addOne(chain, "a");
  expect(countsIn((await chainOn(store)).latest)).toEqual({ a: 1 });
});

test("other files among the manifests are ignored", async () => {
  await mkdir(join(folder, "_sync/manifests/000000000009"));
  for (const name of ["99.json", "000000000007.json.tmp", "notes.txt"]) {
    await writeFile(join(folder, "_sync/manifests", name), "{");
  }
  expect((await addOne(await chainOn(store), "a")).number).toBe(1);
});

/** A part of a manifest, an invalid value, and the larger part that the error names, if it does. */
const edits: [part: string, value: unknown, named?: string][] = [
  ["number", 7],
  ["tables", []],
  ["tables.t", null],
  ["tables.t.primaryKey", undefined],
  ["tables.t.primaryKey", ["other"]],
  ["tables.t.columns", undefined],
  ["tables.t.columns.0.type", "blob", "tables.t.columns"],
  ["tables.t.files", undefined],
  ["tables.t.files.0.sha256", undefined, "tables.t.files"],
  ["tables.t.retired.0.at", undefined, "tables.t.retired"],
  ["tables.t.pipeline", undefined],
  ["pipelines.p", null],
  ["pipelines.p.writer", 5],
  ["pipelines.p.last", undefined],
  ["pipelines.p.states", undefined],
  ["pipelines.p.states.s.value", undefined, "pipelines.p.states.s"],
  ["pipelines.p.abandoned", "a"],
];

test.each(edits)(
  "a manifest whose %s is %j is rejected with its location",
  async (part, value, named: string = part) => {
    const at = "2026-11-21T09:30:00.000000Z";
    const path = "t/000000000001-0a1b2c3d.parquet";
    const columns = [{ name: "id", type: "string" }] as const;
    const files = [{ path, rows: 1, bytes: 1, sha256: "a" }];
    const writer = { host: "h", pid: 1, session: "0a1b2c3d", until: at };
    const states = { s: { version: 1, value: null, tables: ["t"], at } };
    const chain = await chainOn(store);
    await chain.append((_, last) => ({
      tables: { t: { pipeline: "p", primaryKey: ["id"], columns, files, retired: [{ path, at }] } },
      pipelines: { p: { writer, last, states, abandoned: [{ session: "0a1b2c3d", at }] } },
    }));
    expect((await chainOn(store)).latest).toEqual(chain.latest);
    const file = join(folder, "_sync/manifests/000000000001.json");
    const manifest = JSON.parse(await readFile(file, "utf8"));
    const names = part.split(".");
    const last = names.pop() as string;
    let found = manifest;
    for (const name of names) found = found[name];
    found[last] = value;
    await writeFile(file, JSON.stringify(manifest));
    await expect(chainOn(store)).rejects.toMatchObject({
      code: "INVALID_STATE",
      message: expect.stringMatching(
        new RegExp(`000000000001\\.json .*: ${named.replaceAll(".", "\\.")} is .*move it away`),
      ),
    });
  },
);

test("a number that no manifest ever had belongs to someone else, and stays", async () => {
  const foreign = join(folder, "_sync/manifests/000000000000.json");
  await writeFile(foreign, "mine");
  const chain = await chainOn(store);
  for (let round = 0; round < 12; round += 1) await addOne(chain, "a");
  expect(await readFile(foreign, "utf8")).toBe("mine");
});
