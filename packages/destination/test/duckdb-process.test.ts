/** What only another process can show. */
import { spawnSync } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPlace, type DuckdbPlace } from "./duckdb-place.ts";

const module = fileURLToPath(new URL("./duckdb-place.ts", import.meta.url));

let place: DuckdbPlace;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.cleanup?.());

/** Runs a script that may call `connect()`, and returns what it printed. */
function runScript(script: string, shell = ""): string {
  const text = `const { connect } = await import(${JSON.stringify(module)}); ${script}`;
  const command = [process.execPath, "--conditions=@org/source", "--input-type=module", "--eval", text];
  const { stdout, stderr } = shell
    ? spawnSync("sh", ["-c", `${shell} exec "$0" "$@"`, ...command], { encoding: "utf8" })
    : spawnSync(process.execPath, command.slice(1), { encoding: "utf8" });
  return stdout + stderr;
}

const tryToOpen = (file: string) => `
  await connect(${JSON.stringify(file)}).open({ pipeline: "second" }).then(
    (session) => { console.log("opened"); return session.close(); },
    (error) => console.log(error.code, error.retryable, error.message));`;

test("another process is told which one holds the file, also after this one was refused a second time", async () => {
  const session = await duckdb(place.file).open({ pipeline: "first" });
  for (let round = 0; round < 2; round += 1) {
    const said = runScript(tryToOpen(place.file));
    expect(said).toMatch(/^LOCKED true /);
    expect(said).toContain(`(process ${process.pid})`);
    expect(said).toContain("node");
    // Closing any handle of the file would give up the lock of the whole process.
    await expect(duckdb(place.file).open({ pipeline: "second" })).rejects.toThrow(/in this process/);
    await expect(queryDuckdb(place.file, "SELECT 1")).rejects.toThrow(/in this process/);
  }
  await session.close();
  expect(runScript(tryToOpen(place.file))).toBe("opened\n");
});

test.skipIf(process.platform === "win32")(
  "a full disk is an error that says so, and leaves rows and state together",
  async () => {
    const fill = `
    const table = { name: "fill", description: "", primaryKey: ["id"], columns: {
      id: { type: "int64", description: "" }, text: { type: "string", description: "" } } };
    const session = await connect(${JSON.stringify(place.file)}).open({ pipeline: "first" });
    await session.prepare([table]);
    try {
      for (let number = 0; ; number += 1) {
        const upserts = Array.from({ length: 2000 }, (_, index) => (
          { id: number * 2000 + index, text: Array.from({ length: 40 }, () => Math.random().toString(36)).join("") }));
        await session.commit("fill", { table, upserts, state: { version: 1, value: number + 1 } });
        console.log("stored", number + 1);
      }
    } catch (error) {
      console.log(error.code, error.message);
    }
    await session.close();`;
    const said = runScript(fill, "ulimit -f 16000; trap '' XFSZ;");
    expect(said).toMatch(/NO_SPACE .*Free up space/);
    const stored = Number(/stored (\d+)\nNO_SPACE/.exec(said)?.[1]);
    expect(await queryDuckdb(place.file, "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM fill")).toEqual([
      { rows: stored * 2000, ids: stored * 2000 },
    ]);
    const session = await duckdb(place.file).open({ pipeline: "first" });
    expect((await session.states()).get("fill")?.value).toBe(stored);
    await session.close();
  },
);

test("without the driver the error says what to install", async () => {
  // A copy of the sources, somewhere from where no installed package can be found.
  const source = fileURLToPath(new URL("../src", import.meta.url));
  await cp(source, join(place.folder, "src"), { recursive: true });
  await writeFile(join(place.folder, "package.json"), '{"type":"module"}');
  const script = `
    const { duckdb } = await import(${JSON.stringify(join(place.folder, "src/duckdb/index.ts"))});
    await duckdb("a.duckdb").open({ pipeline: "p" }).catch((error) => console.log(error.code, error.message));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  expect(stdout).toMatch(/^DRIVER_MISSING .*npm install @duckdb\/node-api/);
});
