import { join } from "node:path";
import { Interrupted } from "@org/cli";
import { queryDuckdb } from "@org/destination/duckdb";
import { createClock, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { closedPort, dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

// By a clock that is right: another one is told.
async function dagsterInto(file: string) {
  const simulator = await until(startDagsterSimulator({ clock: createClock(Date.now()) }));
  return { simulator, args: ["sync", "--from", `dagster:${simulator.url}`, "--to", `duckdb:${file}`] };
}

async function airflowInto(file: string) {
  const simulator = await until(startAirflowSimulator());
  return { simulator, args: ["sync", "--from", `airflow:${simulator.url}`, "--to", `duckdb:${file}`] };
}

const newFile = () => join(temporaryFolder(), "orchestration.duckdb");
const columns = (line: string | undefined) => line?.split(/ {2,}/);
const lines = (text: string) => text.trimEnd().split("\n");

test("copies everything the first time and changes the second, and says which", async () => {
  const file = newFile();
  const { simulator, args } = await dagsterInto(file);
  const before = simulator.world.rows();
  const first = await dagsync(args);
  expect(first.code).toBe(0);
  expect(columns(lines(first.stdout)[2])).toEqual([
    "runs",
    "dagster_runs",
    `${before.dagster_runs.length}`,
    "0",
    expect.any(String),
    "0",
    "everything",
  ]);
  // How far it is, is only said of what takes long.
  const isProgress = (line: string) => line.startsWith("  ");
  expect(lines(first.stderr).filter((line) => !isProgress(line))).toEqual([
    `${simulator.url} → duckdb:${file} (pipeline dagster@${new URL(simulator.url).host})`,
    "▸ runs: reading everything",
    expect.stringMatching(`^✓ runs: ${before.dagster_runs.length} new `),
    "▸ assets: reading everything",
    expect.stringMatching(`^✓ assets: ${before.dagster_assets.length} new `),
    "▸ schedules: reading everything",
    expect.stringMatching(`^✓ schedules: ${before.dagster_schedules.length} new `),
    "▸ sensors: reading everything",
    expect.stringMatching(`^✓ sensors: ${before.dagster_sensors.length} new `),
  ]);

  simulator.world.addRun({ jobName: "score", location: "ml_platform" });
  const second = await dagsync(args);
  expect(second.code).toBe(0);
  expect(lines(second.stdout)[2]).toMatch(/^runs +dagster_runs +1 +0 +\d+ +0 +what changed$/);
  expect(await queryDuckdb(file, "SELECT count(*) AS rows FROM dagster_runs")).toEqual([
    { rows: before.dagster_runs.length + 1 },
  ]);
});

test("reads only the chosen streams, under the chosen pipeline", async () => {
  const file = newFile();
  const { args } = await airflowInto(file);
  const { code } = await dagsync([...args, "--streams", "dags, dag_runs", "--pipeline", "mine"], { env });
  expect(code).toBe(0);
  const stored = "SELECT pipeline, stream FROM _sync_state ORDER BY stream";
  expect(await queryDuckdb(file, stored)).toEqual([
    { pipeline: "mine", stream: "dag_runs" },
    { pipeline: "mine", stream: "dags" },
  ]);
});

test("reads everything again with --full-refresh", async () => {
  const { args } = await dagsterInto(newFile());
  await dagsync(args);
  const { stdout } = await dagsync([...args, "--full-refresh"]);
  expect(lines(stdout)[2]).toMatch(/^runs +dagster_runs +0 +0 +\d+ +0 +everything$/);
});

test("writes every event and the result as lines of JSON, and nothing else", async () => {
  const { simulator, args } = await dagsterInto(newFile());
  const { code, stdout, stderr } = await dagsync([...args, "--json"]);
  const events = lines(stdout).map((line) => JSON.parse(line));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(events[0]).toMatchObject({ type: "sync-started", streams: ["runs", "assets", "schedules", "sensors"] });
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set([
      "sync-started",
      "request-finished",
      "stream-started",
      "progress",
      "batch-committed",
      "stream-finished",
      "sync-finished",
      "result",
    ]),
  );
  expect(events.at(-1)).toMatchObject({
    type: "result",
    exitCode: 0,
    streams: [{ stream: "runs", inserted: simulator.world.runs.size }, {}, {}, {}],
  });
});

test("writes a failure as JSON too, without stack trace and secrets", async () => {
  const { simulator, args } = await airflowInto(newFile());
  const canary = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "CANARY" };
  const { code, stdout, stderr } = await dagsync([...args, "--json"], { env: canary });
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  expect(JSON.parse(lines(stdout).at(-1)!)).toEqual({
    type: "result",
    exitCode: 2,
    error: {
      name: "AirflowAuthError",
      code: "INVALID_CREDENTIALS",
      retryable: false,
      message: `POST ${simulator.url}/auth/token answered 401: wrong user name or password.`,
    },
  });
  expect(stdout).not.toContain("CANARY");
  expect(stdout).not.toContain(".ts:");
});

test("reports what was synced and what was not, and exits with 1", async () => {
  const { simulator, args } = await airflowInto(newFile());
  simulator.faults.push({
    match: ({ path }) => path.includes("/taskInstances"),
    times: 1000,
    status: 400,
    body: { detail: "no" },
  });
  const { code, stdout, stderr } = await dagsync(args, { env });
  expect(code).toBe(1);
  const [title, failed, rest] = lines(stderr).slice(-3);
  expect(title).toBe("dagsync: Not everything was synced.");
  expect(failed).toMatch(/^ {2}not synced: task_instances: (GET|POST) http:\S+ answered 400: no/);
  expect(rest).toBe("  synced: dags, dag_runs");
  expect(lines(stdout)[4]).toMatch(/^task_instances .* FAILED$/);
});

test("exits with 75 if the server asks for a longer wait than a sync allows", async () => {
  const { simulator, args } = await dagsterInto(newFile());
  simulator.faults.push({ times: 1000, status: 503, headers: { "retry-after": "86400" } });
  const { code, stderr } = await dagsync(args, { requests: {} });
  expect({ code, last: lines(stderr).at(-1) }).toEqual({ code: 75, last: "Try the same command again later." });
});

test("reports a retried request, and continues", async () => {
  const { simulator, args } = await dagsterInto(newFile());
  simulator.faults.push({ status: 503, body: { detail: "CANARY is not a secret of ours" } });
  const { code, stderr } = await dagsync(args, { requests: { retries: 1, retryWaitMs: 1 } });
  expect(code).toBe(0);
  expect(stderr).toMatch(/attempt 1 failed, retrying in 0\.0 s: The Dagster query \w+ to .* failed \(HTTP 503\)/);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("ends on %s with exit code %i, and the next sync resumes", async (by, exitCode) => {
  const file = newFile();
  const { simulator, args } = await airflowInto(file);
  const controller = new AbortController();
  simulator.faults.push({
    match: ({ path }) => path.includes("/taskInstances"),
    before: () => controller.abort(new Interrupted(by)),
    stall: "headers",
  });
  const { code, stderr } = await dagsync(args, { env, signal: controller.signal });
  expect({ code, last: lines(stderr).at(-1) }).toEqual({
    code: exitCode,
    last: `dagsync: stopped by ${by}. Nothing is lost: what is stored stays, and the same command resumes from there.`,
  });
  const next = await dagsync(args, { env });
  expect(next.code).toBe(0);
  expect(next.stderr).toContain("▸ dag_runs: reading what changed");
  const expected = simulator.world.rows().airflow_task_instances.length;
  expect(await queryDuckdb(file, "SELECT count(*) AS rows FROM airflow_task_instances")).toEqual([{ rows: expected }]);
});

test("shows stack traces only with DAGSYNC_DEBUG", async () => {
  const { args } = await airflowInto(newFile());
  expect((await dagsync(args)).stderr).not.toContain("    at ");
  expect((await dagsync(args, { env: { DAGSYNC_DEBUG: "1" } })).stderr).toContain("    at ");
});

test.each([
  ["airflow", "dags, dag_runs, task_instances"],
  ["dagster", "runs, assets, schedules, sensors"],
])("waits once for a %s server that is down, and reports it once", async (kind, streams) => {
  const requests = { retries: 3, retryWaitMs: 1, retryWaitMaxMs: 1 };
  const place = await closedPort();
  const to = `duckdb:${join(temporaryFolder(), "out.duckdb")}`;
  const { code, stderr } = await dagsync(["sync", "--from", `${kind}:http://${place}`, "--to", to], { requests });
  expect(code).toBe(75);
  // Requests that were sent at once fail together.
  const tried = stderr.match(/[a-z ]+(?=: attempt \d failed)/g)!;
  expect(Math.max(...tried.map((label) => tried.filter((other) => other === label).length))).toBe(3);
  expect(new Set(tried).size).toBeLessThanOrEqual(2);
  const lines = stderr.split("\n").filter((line) => !line.includes("attempt") && line.includes(place));
  expect(lines).toEqual([
    expect.stringContaining(`http://${place} → `),
    expect.stringContaining(`✗ ${streams.split(",")[0]}: `),
    expect.stringContaining(`  not synced: ${streams}: `),
  ]);
});
