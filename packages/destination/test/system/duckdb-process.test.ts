/** Behavior that only shows with several processes. */
import { spawnSync } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { createFixture, type DuckdbFixture } from "@org/testkit/places/duckdb";
import { fillDisk, runScript } from "@org/testkit/run-script";
import { afterEach, beforeEach, expect, test } from "vitest";

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

const tryToOpen = `
  await connect(argument).open({ pipeline: "second" }).then(
    (session) => { console.log("opened"); return session.close(); },
    (error) => console.log(error.code, error.retryable, error.message));`;

test("another process learns which one holds the file, even after this one was rejected a second time", async () => {
  const session = await duckdb(fixture.file).open({ pipeline: "first" });
  for (let round = 0; round < 2; round += 1) {
    const said = runScript(fixture, tryToOpen);
    expect(said).toMatch(/^LOCKED true /);
    expect(said).toContain(`(process ${process.pid})`);
    expect(said).toContain("node");
    // Closing any handle of the file would release the whole process's lock.
    await expect(duckdb(fixture.file).open({ pipeline: "second" })).rejects.toThrow(/in this process/);
    await expect(queryDuckdb(fixture.file, "SELECT 1")).rejects.toThrow(/in this process/);
  }
  await session.close();
  expect(runScript(fixture, tryToOpen)).toBe("opened\n");
});

test.skipIf(process.platform === "win32")("a full disk is reported, and rows and state stay consistent", async () => {
  const { said, stored } = fillDisk(fixture, { blocks: 16_000, rows: 2000 });
  expect(said).toMatch(/NO_SPACE .*Free up space/);
  expect(await queryDuckdb(fixture.file, "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM things")).toEqual([
    { rows: stored * 2000, ids: stored * 2000 },
  ]);
  const session = await duckdb(fixture.file).open({ pipeline: "first" });
  expect((await session.states()).get("fill")?.value).toBe(stored);
  await session.close();
});

test("without the driver, the error says what to install", async () => {
  // A copy of the sources in a folder without access to installed packages.
  const source = fileURLToPath(new URL("../../src", import.meta.url));
  await cp(source, join(fixture.folder, "src"), { recursive: true });
  await writeFile(join(fixture.folder, "package.json"), '{"type":"module"}');
  const script = `
    const { duckdb } = await import(${JSON.stringify(join(fixture.folder, "src/duckdb/index.ts"))});
    await duckdb("a.duckdb").open({ pipeline: "p" }).catch((error) => console.log(error.code, error.message));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  expect(stdout).toMatch(/^DRIVER_MISSING .*npm install @duckdb\/node-api/);
});
