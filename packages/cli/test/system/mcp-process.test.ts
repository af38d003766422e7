/** How `dagsync mcp` lives and ends, with the process that it asks in. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagsync, isRunning, temporaryFolder } from "../helpers.ts";
import { childOf, type start, startForTest } from "../mcp-client.ts";

const folder = mkdtempSync(join(tmpdir(), "dagsync-mcp-"));
const stored = `sqlite:${join(folder, "o.sqlite")}`;
const world = createDemoAirflowWorld({ dags: 1, days: 1 });
let simulator: Awaited<ReturnType<typeof startAirflowSimulator>>;

async function sync(place: string): Promise<void> {
  const args = ["sync", "--from", `airflow:${simulator.url}`, "--to", place, "--pipeline", "prod"];
  const { code, stderr } = await dagsync(args, { env: { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" } });
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  simulator = await startAirflowSimulator({ world });
  await sync(stored);
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

test("reports an empty destination, and answers once it has data", async () => {
  const place = `sqlite:${join(temporaryFolder(), "new.sqlite")}`;
  const { call } = await startForTest(["--at", place]);
  expect(await call("failing_now")).toMatchObject({ isError: true, text: expect.stringContaining("does not exist") });
  await sync(place);
  expect(await call("failing_now")).toMatchObject({ isError: false });
});

test("continues after the process that runs queries died", async () => {
  const { call, pid } = await startForTest(["--at", stored]);
  expect(await call("query", { sql: "SELECT 1 AS one" })).toMatchObject({ isError: false });
  const worker = await childOf(pid);
  process.kill(worker, "SIGKILL");
  await expect.poll(() => isRunning(worker)).toBe(false);
  expect(await call("query", { sql: "SELECT 2 AS two" })).toMatchObject({ structured: { rows: [{ two: 2 }] } });
});

test.runIf(process.platform !== "win32").each(["close", "SIGTERM"] as const)(
  "leaves no copy of a DuckDB file behind: %s",
  async (how) => {
    const [place, temporary] = [temporaryFolder(), temporaryFolder()];
    const file = `duckdb:${join(place, "o.duckdb")}`;
    await sync(file);
    const { client, call, closed, pid } = await startForTest(["--at", file], { TMPDIR: temporary });
    expect(await call("failing_now")).toMatchObject({ isError: false });
    expect(readdirSync(temporary)).toHaveLength(1);
    if (how === "close") await client.close();
    else process.kill(pid, how);
    await closed;
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  },
);

const endless = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) AS n FROM a";

/** Has SQLite ask without end. @returns the process that does */
async function askEndlessly({ call, pid }: Awaited<ReturnType<typeof start>>, options: object = {}): Promise<number> {
  await call("query", { sql: "SELECT 1 AS one" });
  const worker = await childOf(pid);
  call("query", { sql: endless }, options).catch(() => undefined);
  // It sleeps but for the query. Who looks once may see it clean up, and the query not even sent.
  const state = () => execFileSync("ps", ["-o", "stat=", "-p", String(worker)], { encoding: "utf8" });
  let busy = 0;
  const looksBusy = () => {
    busy = state().startsWith("R") ? busy + 1 : 0;
    return busy;
  };
  await expect.poll(looksBusy).toBeGreaterThan(5);
  return worker;
}

test("ends a call that the client cancels, and answers the next one", async () => {
  const started = await startForTest(["--at", stored]);
  const controller = new AbortController();
  const worker = await askEndlessly(started, { signal: controller.signal });
  controller.abort();
  await expect.poll(() => isRunning(worker)).toBe(false);
  expect(await started.call("query", { sql: "SELECT 1 AS one" })).toMatchObject({ isError: false });
});

test.runIf(process.platform !== "win32").each([
  ["close", ""],
  ["SIGTERM", "dagsync: stopped by SIGTERM"],
  ["SIGINT", "dagsync: stopped by SIGINT"],
  ["SIGKILL", ""],
] as const)("exits with everything it started, in the middle of a query: %s", async (how, says) => {
  const started = await startForTest(["--at", stored]);
  const { client, closed, pid, stderr } = started;
  const worker = await askEndlessly(started);
  if (how === "close") await client.close();
  else process.kill(pid, how);
  await closed;
  await expect.poll(() => isRunning(pid)).toBe(false);
  await expect.poll(() => isRunning(worker)).toBe(false);
  expect(stderr().slice(0, says.length || undefined)).toBe(says);
});
