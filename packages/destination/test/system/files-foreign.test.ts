/** I16: a destination only removes what it wrote, wherever that is and whatever a manifest says. */
import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DestinationNotice, defineTable } from "@org/destination";
import { compact, currentFiles, type FilesOptions, files } from "@org/destination/files";
import { startFakeS3 } from "@org/testkit/fake-s3";
import { createFixture, type FilesFixture, latestManifest, readFolder } from "@org/testkit/places/files";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "Key." } },
});

let fixture: FilesFixture;
let notices: DestinationNotice[];
beforeEach(async () => {
  fixture = await createFixture();
  notices = [];
});
afterEach(() => fixture.cleanup?.());

const onNotice = (notice: DestinationNotice) => void notices.push(notice);

async function store(ids: readonly number[], options: FilesOptions = {}, where = fixture.folder) {
  const session = await files(where, options).open({ pipeline: "p", onNotice });
  try {
    await session.prepare([table]);
    for (const id of ids) {
      await session.commit("s", { table, upserts: [{ id }], state: { version: 1, value: id } });
    }
  } finally {
    await session.close();
  }
}

const folder = () => join(fixture.folder, "things");
const lying = async () => (await readdir(folder())).sort();
const named = async () => {
  const { files, retired } = (await latestManifest(fixture.folder)).tables.things ?? { files: [], retired: [] };
  return [...files, ...retired].map(({ path }) => path.slice("things/".length));
};
const manifestFile = async () => {
  const manifests = join(fixture.folder, "_sync/manifests");
  return join(manifests, (await readdir(manifests)).sort().at(-1) as string);
};

describe("in a folder", () => {
  test("I16: foreign files next to a table's files stay, whatever rewrites the table, and are reported once", async () => {
    await store([1]);
    // One of them is named like our files, but its writer is in no manifest.
    const foreign = ["000000000001-0badcafe.parquet", "README.md", "_SUCCESS", "other-tool.parquet"];
    for (const name of foreign) await writeFile(join(folder(), name), "mine");
    await mkdir(join(folder(), "year=2026"));
    await store(
      Array.from({ length: 45 }, (_, id) => id),
      { graceMs: 0 },
    );
    await compact(fixture.folder, { graceMs: 0 });
    await compact(fixture.folder, { graceMs: 0 });
    expect(await lying()).toEqual([...foreign, ...(await named()), "year=2026"].sort());
    expect(await named()).toHaveLength(1);
    expect(await readFolder(fixture.folder, "things")).toHaveLength(45);
    expect(notices).toEqual([
      { code: "FOREIGN_FILES", message: expect.stringMatching(/things.*0badcafe.*README\.md.*_SUCCESS.*left alone/) },
    ]);
  });

  test("I16: compacting reports them too", async () => {
    await store([1, 2]);
    await writeFile(join(folder(), "README.md"), "mine");
    await compact(fixture.folder, { graceMs: 0, onNotice });
    expect(await lying()).toContain("README.md");
    expect(notices.map(({ code }) => code)).toEqual(["FOREIGN_FILES"]);
  });

  test.skipIf(process.platform === "win32")("I16: nothing is written or removed through a link", async () => {
    await store([]);
    const papers = join(fixture.folder, "../papers");
    await mkdir(papers);
    await writeFile(join(papers, "thesis.docx"), "my thesis");
    await symlink(papers, folder());
    const refusal = { code: "NOT_A_DESTINATION", message: expect.stringMatching(/things is a link.*real folders/) };
    await expect(store([1])).rejects.toMatchObject(refusal);
    await expect(compact(fixture.folder)).resolves.toBeUndefined();
    expect(await readdir(papers)).toEqual(["thesis.docx"]);
  });

  test.skipIf(process.platform === "win32")("I16: a table's folder that became a link is left alone", async () => {
    await store([1, 2]);
    await compact(fixture.folder);
    const moved = join(fixture.folder, "../moved");
    await rename(folder(), moved);
    await symlink(moved, folder());
    const before = await readdir(moved);
    await expect(compact(fixture.folder, { graceMs: 0 })).rejects.toMatchObject({ code: "NOT_A_DESTINATION" });
    expect(await readdir(moved)).toEqual(before);
  });

  test.skipIf(process.platform === "win32")("I16: manifests are not written or removed through a link", async () => {
    await store([1]);
    const moved = join(fixture.folder, "../moved");
    await rename(join(fixture.folder, "_sync"), moved);
    await symlink(moved, join(fixture.folder, "_sync"));
    const before = await readdir(join(moved, "manifests"));
    await expect(store([2])).rejects.toMatchObject({ code: "NOT_A_DESTINATION" });
    expect(await readdir(join(moved, "manifests"))).toEqual(before);
  });

  test.skipIf(process.platform === "win32")("I16: a link in place of a replaced file stays", async () => {
    await store([1, 2]);
    const [first = ""] = await named();
    await compact(fixture.folder);
    await rename(join(folder(), first), join(fixture.folder, "../kept.parquet"));
    await symlink(join(fixture.folder, "../kept.parquet"), join(folder(), first));
    await compact(fixture.folder, { graceMs: 0 });
    expect(await lying()).toContain(first);
    expect(await readdir(join(fixture.folder, ".."))).toContain("kept.parquet");
  });

  test.each(["files", "retired"])("I16: a manifest whose %s lie elsewhere is rejected", async (part) => {
    await store([1]);
    await mkdir(join(fixture.folder, "../victim"));
    const manifest = await manifestFile();
    const text = await readFile(manifest, "utf8");
    for (const path of [
      "../victim/file",
      "things/../../victim/file",
      "/etc/passwd",
      "others/1.parquet",
      "things/README.md",
      7,
    ]) {
      const changed = JSON.parse(text);
      changed.tables.things[part] = [{ path, at: "2026-01-01T00:00:00Z", rows: 1, bytes: 1, sha256: "" }];
      await writeFile(manifest, JSON.stringify(changed));
      const refusal = { code: "INVALID_STATE", message: expect.stringContaining(JSON.stringify(path)) };
      await expect(store([2])).rejects.toMatchObject(refusal);
      await expect(currentFiles(fixture.folder, "things")).rejects.toMatchObject(refusal);
      await expect(compact(fixture.folder, { graceMs: 0 })).rejects.toMatchObject(refusal);
    }
  });

  test("files that a session wrote and could not commit are removed by a later session", async () => {
    const session = await files(fixture.folder).open({ pipeline: "p" });
    await session.prepare([table]);
    const { folder: manifests } = { folder: join(fixture.folder, "_sync/manifests") };
    await rename(manifests, `${manifests}.away`);
    const commit = (id: number) => session.commit("s", { table, upserts: [{ id }], state: { version: 1, value: id } });
    await expect(commit(1)).rejects.toThrow();
    await rename(`${manifests}.away`, manifests);
    await session.close();
    expect(await lying()).toHaveLength(1);
    await store([]);
    expect(await lying()).toEqual([]);
    await store([1]);
    expect(await lying()).toEqual(await named());
    expect(notices).toEqual([]);
  });
});

describe("in S3", () => {
  const where = "s3://warehouse/orchestration";
  const credentials = { accessKeyId: "key-id", secretAccessKey: "so-secret" };
  let s3: Awaited<ReturnType<typeof startFakeS3>>;
  let options: FilesOptions;
  beforeEach(async () => {
    s3 = await startFakeS3();
    options = { endpoint: s3.endpoint, region: "us-east-1", credentials, graceMs: 0 };
  });
  afterEach(() => s3.stop());

  const put = (name: string) =>
    (s3.objects as Map<string, Buffer>).set(`/warehouse/orchestration/${name}`, Buffer.from("x"));
  const objects = () =>
    [...s3.objects.keys()]
      .map((key) => key.slice("/warehouse/orchestration/".length))
      .filter((key) => key.startsWith("things/"))
      .sort();
  /** Stores rows, and compacts until only the table is left of our files. */
  async function fill() {
    await store([1, 2, 3, 4], options, where);
    await compact(where, options);
  }
  const current = async () =>
    (await currentFiles(where, "things", options)).map((path) => path.slice(`${where}/`.length));

  test("I16: foreign objects under a table's prefix stay, and are reported once", async () => {
    await store([1], options, where);
    const foreign = ["things/README.md", "things/deep/000000000001-0badcafe.parquet", "things/other.parquet"];
    for (const name of [...foreign, "things/", "_sync/manifests/old/000000009999.json"]) put(name);
    await fill();
    await compact(where, { ...options, onNotice });
    expect(objects()).toEqual(["things/", ...foreign, ...(await current())].sort());
    expect(notices).toEqual([
      { code: "FOREIGN_FILES", message: expect.stringMatching(/README\.md, deep\/.*, other\.parquet/) },
    ]);
    expect(s3.objects.has("/warehouse/orchestration/_sync/manifests/old/000000009999.json")).toBe(true);
  });

  test("replaced files are removed in one request", async () => {
    await fill();
    const removals: string[] = [];
    s3.fault = (method, path) => {
      if (method === "POST" || method === "DELETE") removals.push(`${method} ${path}`);
      return undefined;
    };
    await compact(where, options);
    expect(removals.filter((each) => !each.includes("manifests"))[0]).toBe("POST /warehouse/");
    expect(removals.filter((each) => each.startsWith("DELETE"))).toEqual([]);
    expect(objects()).toEqual(await current());
  });

  test.each([
    [501, "NotImplemented"],
    [400, "MissingContentMD5"],
    [400, "InvalidRequest"],
    [405, "MethodNotAllowed"],
  ])("if a server answers %i %s to that, they are removed one by one", async (status, code) => {
    await fill();
    s3.fault = (method) => (method === "POST" ? { status, code } : undefined);
    await compact(where, options);
    expect(objects()).toEqual(await current());
  });

  test("a key that the server does not delete is reported and retried; the others are deleted", async () => {
    await fill();
    const [refused = ""] = objects();
    s3.fault = (method) => (method === "POST" ? { refusesKeys: refused } : undefined);
    await compact(where, { ...options, onNotice });
    expect(objects()).toEqual([refused, ...(await current())].sort());
    expect(notices).toEqual([
      { code: "FILES_NOT_REMOVED", message: expect.stringMatching(/AccessDenied.*Allow listing/) },
    ]);
    expect(notices[0]?.message).toContain(refused);
    s3.fault = () => undefined;
    await compact(where, options);
    expect(objects()).toEqual(await current());
  });
});
