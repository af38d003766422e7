import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createEmptyAirflowWorld, minute, startAirflowSimulator } from "@org/simulators/internal";
import { expect, onTestFinished, test } from "vitest";
import { startHeavyAirflow } from "./heavy.ts";

const program = fileURLToPath(new URL("sync-process.ts", import.meta.url));

/** Heap limit in MB. The synced data is twice as large. */
const heap = 48;

test("I11: a history larger than memory is synced, and synced again", async () => {
  const world = createEmptyAirflowWorld();
  const text = "what a run was triggered with ".repeat(500);
  for (let number = 0; number < 6; number += 1) {
    const dag = world.addDag({ dagId: `dag_${number}`, tasks: [{ taskId: "a" }] });
    for (let index = 0; index < 1000; index += 1) {
      const run = world.addRun(dag, { runId: `run_${index}`, runAfter: world.now() - index * minute });
      Object.assign(run, { conf: { text } });
      world.finishRun(run);
    }
  }
  world.advance(3_600_000);
  const simulator = await startAirflowSimulator({ world });
  const folder = mkdtempSync(join(tmpdir(), "memory-"));
  onTestFinished(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const args = [
    `--max-old-space-size=${heap}`,
    "--conditions=@org/source",
    program,
    join(folder, "a.duckdb"),
    simulator.url,
  ];
  const run = async (mode: "sync" | "hold") => {
    const { stdout } = await promisify(execFile)(process.execPath, [...args, mode]);
    return JSON.parse(stdout) as number[];
  };
  expect(await run("sync")).toEqual([6, 6000, 6000]);
  expect(await run("sync")).toEqual([0, 0, 0]);
  // The limit is effective: a program that holds all rows exceeds it.
  await expect(run("hold")).rejects.toThrow(/heap out of memory/);
}, 240_000);

test("I11: runs that exceed memory together are synced, even if one response could hold them all", async () => {
  const airflow = await startHeavyAirflow(800, 100_000);
  const folder = mkdtempSync(join(tmpdir(), "memory-"));
  onTestFinished(() => {
    airflow.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const heavy = fileURLToPath(new URL("heavy-sync.ts", import.meta.url));
  const flags = ["--max-old-space-size=64", "--max-semi-space-size=4", "--conditions=@org/source"];
  const args = [...flags, heavy, airflow.url, "sqlite", join(folder, "a.sqlite")];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toMatchObject({ inserted: [10, 800, 800] });
}, 120_000);
