/** What is special about files in a folder; everything else is in the conformance suite. */
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DestinationErrorCode, defineTable, type Session } from "@org/destination";
import { type FilesOptions, files } from "@org/destination/files";
import { createFixture, type FilesFixture, latestManifest, readFolder } from "@org/testkit/places/files";
import { fillDisk, filledTable } from "@org/testkit/run-script";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Key." },
    text: { type: "string", nullable: true, description: "Text." },
  },
});
const pipeline = "airflow@example.org";

let fixture: FilesFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function during<T>(work: (session: Session) => Promise<T>, options: FilesOptions = {}): Promise<T> {
  const session = await files(fixture.folder, options).open({ pipeline });
  try {
    await session.prepare([table]);
    return await work(session);
  } finally {
    await session.close();
  }
}

const rows = (ids: readonly number[], text = "x") => ids.map((id) => ({ id, text }));
const store = (ids: readonly number[], value = 1, options?: FilesOptions) =>
  during((session) => session.commit("s", { table, upserts: rows(ids), state: { version: 1, value } }), options);

const opening = () => during(async () => {});
const failure = (code: DestinationErrorCode, ...words: string[]) =>
  expect.objectContaining({
    name: "DestinationError",
    code,
    message: expect.stringMatching(new RegExp(words.map((word) => word.replace(/[^\w ]/g, "\\$&")).join("[^]*"))),
  });

const dataFiles = async () =>
  ((await latestManifest(fixture.folder)).tables.things?.files ?? []).map(({ path }) => path);
const lastManifest = async () => {
  const names = await readdir(join(fixture.folder, "_sync/manifests"));
  return join(fixture.folder, "_sync/manifests", names.sort().at(-1) as string);
};

describe("opening", () => {
  test("rejects a folder that holds other things and leaves it unchanged", async () => {
    await mkdir(fixture.folder);
    await writeFile(join(fixture.folder, "letter.txt"), "to my bank");
    await expect(opening()).rejects.toEqual(failure("NOT_A_DESTINATION", "letter.txt"));
    expect(await readdir(fixture.folder)).toEqual(["letter.txt"]);
  });

  test("rejects a file, and a folder whose parent does not exist", async () => {
    const missing = files(join(fixture.folder, "deep"));
    await expect(missing.open({ pipeline })).rejects.toEqual(failure("NOT_FOUND", fixture.folder, "does not exist"));
    await writeFile(fixture.folder, "");
    await expect(opening()).rejects.toEqual(failure("NOT_A_DESTINATION", fixture.folder));
  });

  test.skipIf(process.platform === "win32")("rejects a folder that is not writable", async () => {
    await store([1]);
    await chmod(join(fixture.folder, "_sync/manifests"), 0o555);
    // Permissions do not apply to root. Another user needs access to the parent folders.
    const superuser = process.geteuid?.() === 0;
    await chmod(join(fixture.folder, ".."), 0o755);
    if (superuser) process.seteuid?.(65_534);
    try {
      await expect(opening()).rejects.toEqual(failure("NO_PERMISSION", fixture.folder, "writable"));
    } finally {
      if (superuser) process.seteuid?.(0);
      await chmod(join(fixture.folder, "_sync/manifests"), 0o755);
    }
    await store([2]);
  });

  test("releases the pipeline after an aborted open", async () => {
    const controller = new AbortController();
    const opened = files(fixture.folder).open({ pipeline, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(opened).rejects.toThrow("enough");
    await store([1]);
  });

  test("removes the working copies of killed processes, and leaves none of its own", async () => {
    const copies = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("files-destination-"));
    // No process has this id.
    const abandoned = "files-destination-4194305-abc";
    await mkdir(join(tmpdir(), abandoned));
    await during(async () => {
      const found = await copies();
      expect(found).not.toContain(abandoned);
      expect(found.some((name) => name.startsWith(`files-destination-${process.pid}-`))).toBe(true);
    });
    expect((await copies()).filter((name) => name.startsWith(`files-destination-${process.pid}-`))).toEqual([]);
  });
});

describe("damaged files", () => {
  test("a truncated, changed or missing data file is named", async () => {
    await store([1, 2, 3]);
    const [path = ""] = await dataFiles();
    const file = join(fixture.folder, path);
    const bytes = await readFile(file);
    await truncate(file, bytes.length - 5);
    await expect(opening()).rejects.toEqual(failure("INVALID_STATE", path, "bytes", "Restore"));
    const changed = Buffer.from(bytes);
    changed[20] = (changed[20] ?? 0) ^ 1;
    await writeFile(file, changed);
    await expect(opening()).rejects.toEqual(failure("INVALID_STATE", path, "SHA-256"));
    await rm(file);
    await expect(opening()).rejects.toEqual(failure("INVALID_STATE", path, "missing"));
    await writeFile(file, bytes);
    expect(await during((session) => session.count(table, {}))).toBe(3);
  });

  test("a truncated manifest is named, and the previous one counts once it is removed", async () => {
    await store([1]);
    const manifest = await lastManifest();
    await truncate(manifest, 100);
    await expect(opening()).rejects.toEqual(failure("INVALID_STATE", "manifest", "move it away"));
    await rename(manifest, join(fixture.folder, "..", "aside.json"));
    expect(await during((session) => session.count(table, {}))).toBe(1);
  });

  test("a newer release's manifest is rejected", async () => {
    await store([1]);
    const manifest = await lastManifest();
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"format":1', '"format":99'));
    await expect(opening()).rejects.toEqual(failure("NEWER_VERSION", "99", "Update this program"));
  });
});

test.skipIf(process.platform === "win32")("a full disk is reported, and rows and state stay consistent", async () => {
  const { said, stored } = fillDisk(fixture, { blocks: 1500, rows: 100 });
  expect(said).toMatch(/NO_SPACE .*Free up space/);
  expect(await readFolder(fixture.folder, filledTable.name)).toHaveLength(100 * stored);
  const session = await files(fixture.folder).open({ pipeline: "first" });
  expect((await session.states()).get("fill")?.value).toBe(stored);
  await session.close();
});

test("a batch of 50,000 rows is one file", async () => {
  const ids = Array.from({ length: 50_000 }, (_, id) => id);
  await store(ids);
  expect(await dataFiles()).toHaveLength(1);
  expect(await readFolder(fixture.folder, "things")).toHaveLength(50_000);
  expect(await during((session) => session.count(table, {}))).toBe(50_000);
});

test("a batch that changes no row writes no data file", async () => {
  await store([1, 2]);
  await store([1, 2], 2);
  expect(await dataFiles()).toHaveLength(1);
  expect((await during((session) => session.states())).get("s")?.value).toBe(2);
});

test("a table that changes a hundred times stays a few files, all of them referenced or retired", async () => {
  await during(async (session) => {
    for (let value = 1; value <= 100; value += 1) {
      await session.commit("s", { table, upserts: rows([0, value], `${value}`), state: { version: 1, value } });
    }
  });
  const entry = (await latestManifest(fixture.folder)).tables.things;
  const [named, retired] = [entry?.files ?? [], entry?.retired ?? []];
  expect(named.length).toBeLessThan(60);
  const lying = (await readdir(join(fixture.folder, "things"))).map((name) => `things/${name}`);
  expect(lying.sort()).toEqual([...named, ...retired].map(({ path }) => path).sort());
  expect(await readFolder(fixture.folder, "things")).toHaveLength(101);
});

test("after a change of format, the table is rewritten in the new one", async () => {
  await store([1], 1, { format: "csv" });
  expect((await dataFiles()).map((path) => path.replace(/.*?\./, "."))).toEqual([".csv"]);
  await store([2], 2, { format: "ndjson" });
  expect((await dataFiles()).map((path) => path.replace(/.*?\./, "."))).toEqual([".ndjson.zst"]);
  expect(await readFolder(fixture.folder, "things")).toHaveLength(2);
});

describe("rehearsal", () => {
  const rehearsing = async (): Promise<void> => {
    const session = await files(fixture.folder).open({ pipeline });
    await session.rehearse?.([table]).finally(() => session.close());
  };
  const folder = () => join(fixture.folder, "things");

  test("reports what a sync would report about a table that was replaced", async () => {
    await store([1]);
    await rehearsing();
    const away = join(fixture.folder, "../away");
    await rename(folder(), away);
    await symlink(away, folder());
    await expect(rehearsing()).rejects.toEqual(failure("NOT_A_DESTINATION", "things", "is a link"));
    await rm(folder());
    await writeFile(folder(), "mine");
    const isFile = failure("NOT_A_DESTINATION", "things", "is a file");
    await expect(rehearsing()).rejects.toEqual(isFile);
    await rm(folder());
    await expect(rehearsing()).rejects.toEqual(failure("INVALID_STATE", "things", "missing"));
  });

  test("reports what blocks a table's first file, as the sync does", async () => {
    await during(async () => {});
    await writeFile(folder(), "mine");
    const isFile = failure("NOT_A_DESTINATION", "things", "is a file");
    await expect(rehearsing()).rejects.toEqual(isFile);
    await expect(store([1])).rejects.toEqual(isFile);
    expect(await readFile(folder(), "utf8")).toBe("mine");
  });
});
