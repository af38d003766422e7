import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAirflowSimulator } from "@org/simulators";
import { expect, onTestFinished, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url));
const packageFolder = fileURLToPath(new URL("..", import.meta.url));

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, args, { cwd: packageFolder, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function finished(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout?.resume();
  const [code] = await once(child, "close");
  return { code, stderr };
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a process that gets %s, even twice at once, closes its file and exits with %i", async (signal, code) => {
  const simulator = await until(startAirflowSimulator());
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const args = ["sync", "--from", `airflow:${simulator.url}`, "--to", `duckdb:${file}`];
  const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
  const child = start(["--conditions=@org/source", bin, ...args], env);
  simulator.faults.push({
    match: ({ path }) => path.includes("/taskInstances"),
    // A terminal signals npm, which signals its child again.
    before() {
      child.kill(signal);
      child.kill(signal);
    },
    stall: "headers",
  });
  const result = await finished(child);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(`dagsync: stopped by ${signal}. Nothing is lost`);
  expect((await dagsync(["state", "--to", `duckdb:${file}`])).stdout).toContain("dag_runs");
});

test("comes back later while another process holds the file, and names it", async () => {
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const hold = `import { DuckDBInstance } from "@duckdb/node-api";
    const instance = await DuckDBInstance.create(${JSON.stringify(file)});
    console.log("held");
    setInterval(() => instance, 1000);`;
  const child = start(["--input-type=module", "--eval", hold]);
  await once(child.stdout!, "data");
  const { code, stderr } = await dagsync(["sync", "--from", "dagster:http://127.0.0.1:1", "--to", `duckdb:${file}`]);
  expect(code).toBe(75);
  expect(stderr).toMatch(
    new RegExp(`^dagsync: duckdb:${file} is in use by .*\\(process ${child.pid}\\)\\. Try again when it has finished`),
  );
});

test.runIf(process.platform === "linux")("a result that could not be written is no success", async () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  for (const more of [[], ["--json"]]) {
    const args = ["--conditions=@org/source", bin, "discover", "--from", "airflow:http://127.0.0.1:1", ...more];
    const child = spawn(process.execPath, args, { cwd: packageFolder, stdio: ["ignore", full, "pipe"] });
    expect(await finished(child)).toEqual({
      code: 1,
      stderr: "dagsync: the result could not be written (ENOSPC).\n",
    });
  }
});

test("goes on when nobody reads its output any more", async () => {
  const child = start(["--conditions=@org/source", bin, "discover", "--from", "airflow:http://127.0.0.1:1"]);
  child.stdout?.destroy();
  expect(await finished(child)).toEqual({ code: 0, stderr: "" });
});
