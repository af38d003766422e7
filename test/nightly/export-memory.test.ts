/** How much memory an export takes, of few rows and of many. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, describe, expect, test } from "vitest";
import { generate, type Origin } from "../../bench/export-rows.ts";

const program = fileURLToPath(new URL("export-process.ts", import.meta.url));
const [few, many, rowsPerFile] = [525_000, 1_575_000, 75_000];

/** In MB: what many rows may take beyond few of them, which is noise, and what an export may take in all. */
const [noise, most] = [32, 250];

const folder = mkdtempSync(join(tmpdir(), "export-memory-"));
const server = await startPostgres({ log: () => {} });
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function filled(origin: Origin, rows: number): Promise<string> {
  const address = origin === "postgres" ? server.url(`rows_${rows}`) : join(folder, `${rows}.${origin}`);
  if (origin === "postgres") await server.createDatabase(`rows_${rows}`);
  await generate(origin, address, rows);
  return address;
}

async function peakOf(origin: Origin, address: string, format: string): Promise<number> {
  const args = ["--conditions=@org/source", program, origin, address, format, String(rowsPerFile)];
  return Number((await promisify(execFile)(process.execPath, args)).stdout);
}

describe.each(["duckdb", "sqlite", "postgres"] as const)("I11: an export of %s", { timeout: 900_000 }, (origin) => {
  test("takes as much memory for many rows and files as for few, in every format", async () => {
    const [small, large] = [await filled(origin, few), await filled(origin, many)];
    for (const format of ["parquet", "csv", "ndjson"]) {
      const [before, after] = [await peakOf(origin, small, format), await peakOf(origin, large, format)];
      expect([format, after - before < noise, after < most], `${before} and ${after} MB`).toEqual([format, true, true]);
    }
  });
});
