import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createEmptyAirflowWorld, minute, startAirflowSimulator } from "@org/simulators";
import { expect, onTestFinished, test } from "vitest";

const program = fileURLToPath(new URL("sync-process.ts", import.meta.url));

/** In MB, of JavaScript objects alone: a sync needs half of it, and 60,000 rows several times as much. */
const heap = 48;

test("I11: a history many times as large as the memory is synced, and synced again", async () => {
  const world = createEmptyAirflowWorld();
  for (let number = 0; number < 10; number += 1) {
    const tasks = [1, 2, 3, 4, 5].map((task) => ({ taskId: `task_${task}` }));
    const dag = world.addDag({ dagId: `dag_${number}`, tasks });
    for (let index = 0; index < 1000; index += 1) {
      world.finishRun(world.addRun(dag, { runId: `run_${index}`, runAfter: world.now() - index * minute }));
    }
  }
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
  expect(await run("sync")).toEqual([10, 10_000, 50_000]);
  expect(await run("sync")).toEqual([0, 0, 0]);
  // The limit is one: a program that holds the same rows does not live under it.
  await expect(run("hold")).rejects.toThrow(/heap out of memory/);
}, 240_000);
