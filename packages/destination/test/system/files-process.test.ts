/** Behavior that only shows with several processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFixture, type FilesFixture, latestManifest, readFolder } from "@org/testkit/places/files";
import { afterEach, beforeEach, expect, test } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let fixture: FilesFixture;
beforeEach(async () => {
  fixture = await createFixture({ leaseMs: 60_000 });
});
afterEach(() => fixture.cleanup?.());

/** Starts a script that may call `connect(argument)`, with a `table` to fill. */
function start(script: string, { failPoint = "", pipeline = "p" } = {}) {
  const text = `
    const { connect } = await import(${JSON.stringify(fixture.process!.module)});
    const pipeline = ${JSON.stringify(pipeline)};
    const table = { name: "table_" + pipeline, description: "", primaryKey: ["id"], columns: {
      id: { type: "int64", description: "" }, size: { type: "int64", description: "" } } };
    const open = () => connect(${JSON.stringify(fixture.argument)}).open({ pipeline });
    const commit = (session, number) => session.commit("s", { table, state: { version: 1, value: number },
      upserts: [{ id: 0, size: number }, { id: number, size: number }] });
    ${script}`;
  const child = spawn(
    process.execPath,
    ["--conditions=@org/source", "--import", here("../files-fail-points.ts"), "--input-type=module", "--eval", text],
    { env: { ...process.env, FILES_FAILPOINT: failPoint } },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (said += part));
  return { child, ended: once(child, "close").then(([code, signal]) => ({ said, how: signal ?? code })) };
}

const commitAll = (count: number) => `
  const session = await open();
  await session.prepare([table]);
  const from = Number((await session.states()).get("s")?.value ?? 0);
  for (let number = from + 1; number <= from + ${count}; number += 1) {
    await commit(session, number);
    console.log(number);
  }
  await session.close();`;

async function stored(pipeline = "p") {
  const rows = (await readFolder(fixture.folder, `table_${pipeline}`)).map(({ id, size }) => [
    Number(id),
    Number(size),
  ]);
  const session = await fixture.connect().open({ pipeline });
  const state = Number((await session.states()).get("s")?.value ?? 0);
  await session.close();
  return { state, rows: rows.sort(([a = 0], [b = 0]) => a - b) };
}

/** The rows of a state: one that every commit rewrites, and one per commit. */
const rowsOf = (state: number) =>
  state === 0 ? [] : Array.from({ length: state + 1 }, (_, id) => [id, id === 0 ? state : id]);

test.each([
  ["data-file-copied:3", 2],
  ["data-file-made:3", 2],
  ["manifest-written:5", 2],
  ["manifest-made:5", 3],
])(
  "after a kill at %s, the files hold the rows of their state, and the next sync continues",
  async (failPoint, expected) => {
    const { said, how } = await start(commitAll(5), { failPoint }).ended;
    expect(how, said).toBe("SIGKILL");
    expect(said.trim().split("\n")).toEqual(["1", "2"]);
    expect(await stored()).toEqual({ state: expected, rows: rowsOf(expected) });
    // The inspecting session removed the killed one's uncommitted files.
    const named = (await latestManifest(fixture.folder)).tables.table_p?.files.map(({ path }) => path);
    expect((await readdir(join(fixture.folder, "table_p"))).map((name) => `table_p/${name}`).sort()).toEqual(named);
    const after = await start(commitAll(22)).ended;
    expect(after.how, after.said).toBe(0);
    expect(await stored()).toEqual({ state: expected + 22, rows: rowsOf(expected + 22) });
    // The table was rewritten in between.
    const { files } = (await latestManifest(fixture.folder)).tables.table_p ?? {};
    expect(files?.length).toBeLessThan(20);
  },
);

test("two processes that write to two pipelines at once both succeed", async () => {
  const both = ["a", "b"].map((pipeline) => start(commitAll(25), { pipeline }).ended);
  for (const { said, how } of await Promise.all(both)) expect(how, said).toBe(0);
  for (const pipeline of ["a", "b"]) expect(await stored(pipeline)).toEqual({ state: 25, rows: rowsOf(25) });
});

test("processes competing for one pipeline lose nothing: each reported commit is stored, once", async () => {
  const fight = `
    for (let commits = 0; commits < 3; ) {
      const session = await open().catch((error) => { if (error.code !== "LOCKED") throw error; });
      if (!session) { await new Promise((resolve) => setTimeout(resolve, Math.random() * 50)); continue; }
      await session.prepare([table]);
      await commit(session, Number((await session.states()).get("s")?.value ?? 0) + 1);
      console.log("stored");
      commits += 1;
      await session.close();
    }`;
  const ended = await Promise.all([start(fight).ended, start(fight).ended, start(fight).ended]);
  for (const { said, how } of ended) expect(how, said).toBe(0);
  const reported = ended.reduce((sum, { said }) => sum + (said.match(/stored/g)?.length ?? 0), 0);
  expect(reported).toBe(9);
  expect(await stored()).toEqual({ state: reported, rows: rowsOf(reported) });
});

test.skipIf(process.platform === "win32")(
  "a process that was suspended during many commits of others continues",
  async () => {
    const sleeper = start(
      `const session = await open();
     await session.prepare([table]);
     await commit(session, 1);
     console.log("ready");
     await new Promise((resolve) => setTimeout(resolve, 300));
     for (const number of [2, 3]) await commit(session, number);
     await session.close();`,
      { pipeline: "sleeper" },
    );
    await once(sleeper.child.stdout, "data");
    sleeper.child.kill("SIGSTOP");
    const other = await start(commitAll(20), { pipeline: "other" }).ended;
    sleeper.child.kill("SIGCONT");
    expect(other.how, other.said).toBe(0);
    const { said, how } = await sleeper.ended;
    expect(how, said).toBe(0);
    expect(await stored("sleeper")).toEqual({ state: 3, rows: rowsOf(3) });
    expect(await stored("other")).toEqual({ state: 20, rows: rowsOf(20) });
  },
);

test("without a driver, the error says what to install", async () => {
  // A copy of the sources in a folder without access to installed packages.
  const copy = join(fixture.folder, "..", "copy");
  await cp(here("../../src"), join(copy, "src"), { recursive: true });
  await writeFile(join(copy, "package.json"), '{"type":"module"}');
  const module = JSON.stringify(join(copy, "src/files/index.ts"));
  const script = `
    const { currentFiles, files } = await import(${module});
    const say = (error) => console.log(error.code, error.message);
    await files("folder").open({ pipeline: "p" }).catch(say);
    await currentFiles("s3://bucket/prefix", "things").catch(say);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (said += part));
  await once(child, "close");
  expect(said).toMatch(
    /^DRIVER_MISSING The files .*npm install @duckdb\/node-api\nDRIVER_MISSING .*npm install @aws-sdk\/client-s3/,
  );
});
