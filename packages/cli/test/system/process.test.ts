import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { describe, expect, onTestFinished, test } from "vitest";
import { dagsync, isRunning, temporaryFolder, until } from "../helpers.ts";

const bin = fileURLToPath(new URL("../../src/bin.ts", import.meta.url));
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
] as const)(
  "a process that receives %s, even twice at once, closes its file and exits with %i",
  async (signal, code) => {
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
  },
);

test("exits to be retried while another process holds the file, and names it", async () => {
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

describe.runIf(process.platform !== "win32").each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s while waiting for a token", (signal, code) => {
  /** What the process that is started writes into a file, once it has. */
  const written = async (file: string) => {
    await expect.poll(() => existsSync(file) && readFileSync(file, "utf8").trim()).toBeTruthy();
    return readFileSync(file, "utf8").trim();
  };

  test.each(["airflow", "dagster"])("ends a tokenCommand of %s and everything it started", async (kind) => {
    const folder = temporaryFolder();
    const starting: Promise<{ url: string; close(): Promise<void> }> =
      kind === "airflow" ? startAirflowSimulator() : startDagsterSimulator();
    const simulator = await until(starting);
    writeConfig(folder, { kind, url: simulator.url, tokenCommand: 'sleep 1000 & echo $! > "$PID_FILE"; wait' });
    const args = ["--conditions=@org/source", bin, "check", "--config", join(folder, "dagsync.yaml")];
    const child = start(args, { PID_FILE: join(folder, "pid") });
    const pid = Number(await written(join(folder, "pid")));
    child.kill(signal);
    const result = await finished(child);
    expect(result).toEqual({ code, stderr: expect.stringContaining(`stopped by ${signal}.`) });
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test("does not wait for a tokenFile that is never written", async () => {
    const folder = temporaryFolder();
    const simulator = await until(startAirflowSimulator());
    execFileSync("mkfifo", [join(folder, "fifo")]);
    writeConfig(folder, { kind: "airflow", url: simulator.url, tokenFile: "fifo" });
    const child = start(["--conditions=@org/source", bin, "check", "--config", join(folder, "dagsync.yaml")]);
    // Opening it for writing succeeds once somebody reads, and gives nothing.
    const reader = await open(join(folder, "fifo"), "w");
    onTestFinished(() => reader.close());
    child.kill(signal);
    expect(await finished(child)).toEqual({ code, stderr: expect.stringContaining(`stopped by ${signal}.`) });
  });

  test("does not wait for a configuration that is never written", async () => {
    const fifo = join(temporaryFolder(), "fifo");
    execFileSync("mkfifo", [fifo]);
    const child = start(["--conditions=@org/source", bin, "check", "--config", fifo]);
    const reader = await open(fifo, "w");
    onTestFinished(() => reader.close());
    child.kill(signal);
    expect(await finished(child)).toEqual({ code, stderr: expect.stringContaining(`stopped by ${signal}.`) });
  });
});

function writeConfig(folder: string, source: object): void {
  const config = {
    sources: { prod: source },
    destinations: { file: "duckdb:o.duckdb" },
    pipelines: [{ from: "prod", to: "file" }],
  };
  // YAML knows JSON.
  writeFileSync(join(folder, "dagsync.yaml"), JSON.stringify(config));
}

test.runIf(process.platform === "linux")("the token may come from stdin, or from bash's <(…)", async () => {
  const simulator = await until(startAirflowSimulator());
  const token = simulator.tokens.issue();
  for (const [file, command] of [
    ["/dev/stdin", `printf %s "$TOKEN" | "$@"`],
    ["/dev/fd/9", `"$@" 9< <(sleep 0.2; echo "$TOKEN")`],
  ]) {
    const folder = temporaryFolder();
    writeConfig(folder, { kind: "airflow", url: simulator.url, tokenFile: file });
    const args = ["--conditions=@org/source", bin, "check", "--config", join(folder, "dagsync.yaml")];
    const child = spawn("bash", ["-c", command ?? "", "bash", process.execPath, ...args], {
      cwd: packageFolder,
      env: { ...process.env, TOKEN: token },
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await finished(child)).toEqual({ code: 0, stderr: "" });
  }
});

test.runIf(process.platform === "linux")("a result that could not be written is not a success", async () => {
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

test("continues when its output is no longer read", async () => {
  const child = start(["--conditions=@org/source", bin, "discover", "--from", "airflow:http://127.0.0.1:1"]);
  child.stdout?.destroy();
  expect(await finished(child)).toEqual({ code: 0, stderr: "" });
});
