/**
 * I11 at full size: 20,000 runs with 100 kB of conf each, two gigabytes, into every destination, by the program as users
 * run it: compiled, without flags.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startPostgres } from "@org/testkit/servers/postgres";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHeavyAirflow } from "../invariants/heavy.ts";
import { log } from "../live/live.ts";

const RUNS = Number(process.env.MEMORY_RUNS ?? 20_000);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "memory-"));
// The drivers are resolved from here.
const program = join(root, "node_modules", `.memory-${process.pid}.mjs`);
let airflow: Awaited<ReturnType<typeof startHeavyAirflow>>;

beforeAll(async () => {
  await build({
    entryPoints: [join(root, "test/invariants/heavy-sync.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@org/source"],
    external: ["@duckdb/*", "@aws-sdk/*", "pg-native"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  airflow = await startHeavyAirflow(RUNS, 100_000);
}, 120_000);
afterAll(() => {
  airflow?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(program, { force: true });
});

/** The process's memory limit. */
const MOST_MEGABYTES = 400;
const destinations = ["sqlite", "postgres", "duckdb", "files"] as const;

test.each(destinations)(
  "I11: two gigabytes of runs go into %s",
  async (kind) => {
    const server = kind === "postgres" ? await startPostgres({ log }) : undefined;
    try {
      const place = server?.url("postgres") ?? join(folder, kind);
      const { stdout } = await promisify(execFile)(process.execPath, [program, airflow.url, kind, place]);
      const { inserted, megabytes } = JSON.parse(stdout) as { inserted: number[]; megabytes: number };
      log(`${kind}: ${megabytes} MB`);
      expect(inserted).toEqual([10, RUNS, RUNS]);
      expect(megabytes).toBeLessThan(MOST_MEGABYTES);
    } finally {
      await server?.stop();
      rmSync(join(folder, kind), { recursive: true, force: true });
    }
  },
  1_200_000,
);
