/** The manifests are the one thing that keeps writers apart: what could go wrong with them, one by one. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
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

test("two chains that append at once lose nothing and double nothing", async () => {
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

test("old manifests go, a few stay", async () => {
  const chain = await chainOn(store);
  for (let round = 0; round < 25; round += 1) await addOne(chain, "a");
  const names = await readdir(join(folder, "_sync/manifests"));
  expect(names.length).toBe(10);
  expect(names.sort().at(-1)).toBe("000000000025.json");
});

test("a number that is free again because its manifest was removed long ago is not taken for the next one", async () => {
  const sleeper = await chainOn(store);
  await addOne(sleeper, "sleeper");
  const other = await chainOn(store);
  for (let round = 0; round < 20; round += 1) await addOne(other, "other");
  const made = await addOne(sleeper, "sleeper");
  expect(made.number).toBe(22);
  expect(countsIn((await chainOn(store)).latest)).toEqual({ sleeper: 2, other: 20 });
  expect(await readdir(join(folder, "_sync/manifests"))).not.toContain("000000000002.json");
});

test("an answer that got lost after the manifest was made is no second commit", async () => {
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

test("a manifest that was not made is an error, and the chain goes on after it", async () => {
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

test("what else lies among the manifests is no manifest", async () => {
  await mkdir(join(folder, "_sync/manifests/000000000009"));
  for (const name of ["99.json", "000000000007.json.tmp", "notes.txt"]) {
    await writeFile(join(folder, "_sync/manifests", name), "{");
  }
  expect((await addOne(await chainOn(store), "a")).number).toBe(1);
});
