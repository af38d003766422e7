import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDagsterSimulator } from "@org/simulators/internal";
import { afterEach, expect, test, vi } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

afterEach(() => void vi.unstubAllEnvs());

test.each([
  ["that is missing", "ENOENT", (folder: string) => join(folder, "nowhere")],
  [
    "that is a file",
    "ENOTDIR",
    (folder: string) => {
      writeFileSync(join(folder, "file"), "");
      return join(folder, "file");
    },
  ],
])("names a temporary folder %s, with its variable", async (_, code, make) => {
  const { url } = await until(startDagsterSimulator());
  const folder = temporaryFolder();
  const duckdb = ["--from", `dagster:${url}`, "--to", `duckdb:${join(folder, "out.duckdb")}`];
  const files = ["--from", `dagster:${url}`, "--to", `files:${join(folder, "files")}`];
  expect(await dagsync(["sync", ...duckdb])).toMatchObject({ code: 0 });
  const missing = make(folder);
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, missing);
  for (const args of [
    ["verify", ...duckdb],
    ["sync", ...files],
  ]) {
    const { code: exitCode, stderr } = await dagsync(args);
    expect({ exitCode, last: stderr.trimEnd().split("\n").at(-1) }).toEqual({
      exitCode: 2,
      last: `dagsync: The folder for temporary files, ${missing}, cannot be used (${code}). Set TMPDIR to a folder that exists, can be written, and has room.`,
    });
  }
  expect(existsSync(join(folder, "files", "dagster_runs"))).toBe(false);
});
