import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Interrupted } from "@org/cli";
import { duckdb } from "@org/destination/duckdb";
import { day, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, onTestFinished, test, vi } from "vitest";
import { dagsync, type Outcome, temporaryFolder, until } from "../helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

/** A simulator, and a file to which some streams of it were synced. */
async function syncedAirflow(...streams: string[]) {
  const simulator = await until(startAirflowSimulator());
  return { ...simulator, ...(await syncedFrom(`airflow:${simulator.url}`, ...streams)), simulator };
}

async function syncedFrom(from: string, ...streams: string[]) {
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const only = streams.length > 0 ? ["--streams", streams.join(",")] : [];
  const args = ["--from", from, "--to", `duckdb:${file}`, ...only];
  const run = (command: string, ...options: string[]) => dagsync([command, ...args, ...options], { env });
  expect((await run("sync")).code).toBe(0);
  return { file, args, run };
}

async function byHand(file: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** What was written as JSON: tables and differences without what does not matter, and the result. */
function written({ stdout }: Outcome) {
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const tables = lines.filter(({ type }) => type === "table");
  return {
    tables: Object.fromEntries(tables.map(({ type, table, ...counts }) => [table, counts])),
    differences: lines.filter(({ type }) => type === "difference").map(({ type, ...difference }) => difference),
    result: lines.at(-1),
  };
}

const equal = { different: 0, missing: 0, extra: 0, kept: 0, unstored: 0, causes: {} };

test("verify finds no difference after a sync of Airflow, exits with 0 and leaves the file unchanged", async () => {
  const { world, file, run } = await syncedAirflow();
  const before = readFileSync(file);
  const outcome = await run("verify", "--json");
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: "" });
  const rows = world.rows();
  expect(written(outcome)).toEqual({
    tables: {
      airflow_dags: { ...equal, compared: rows.airflow_dags.length },
      airflow_dag_runs: { ...equal, compared: rows.airflow_dag_runs.length },
      airflow_task_instances: { ...equal, compared: rows.airflow_task_instances.length },
    },
    differences: [],
    result: {
      type: "result",
      exitCode: 0,
      differences: 0,
      requests: expect.any(Number),
      durationMs: expect.any(Number),
    },
  });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("verify finds no difference after a sync of Dagster, and says so in its text output", async () => {
  const { url, world } = await until(startDagsterSimulator());
  const { file, run } = await syncedFrom(`dagster:${url}`);
  const { code, stdout, stderr } = await run("verify");
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^dagster_runs +${world.runs.size.toLocaleString("en-US")} +0 +0 +0 +0$`, "m"));
  expect(stdout).toMatch(/^No difference in [\d,]+ rows: duckdb:\S+ \(\S+ s, \d+ requests\)$/m);
  expect(stderr).toMatch(new RegExp(`^Reading all rows from ${url}\\S* again, to compare with duckdb:${file} `));
});

test("verify names what changed on the server since the last sync, and leaves the file unchanged", async () => {
  const { world, file, run } = await syncedAirflow("dag_runs");
  const before = readFileSync(file);
  world.advance(3_600_000);
  const [changed] = world.runs().filter(({ state }) => state === "success");
  const [, deleted] = world.runs().filter(({ dag }) => dag !== changed!.dag);
  world.setRunState(changed!, "failed");
  const added = world.addRun(changed!.dag);
  world.deleteRun(deleted!);

  const outcome = await run("verify", "--json");
  expect(outcome.code).toBe(1);
  const { tables, differences } = written(outcome);
  expect(tables.airflow_dag_runs).toMatchObject({ different: 1, missing: 1, kept: 0 });
  const key = (run: typeof added) => ({ dag_id: run.dag.dagId, dag_run_id: run.runId });
  expect(differences).toContainEqual({
    table: "airflow_dag_runs",
    kind: "different",
    cause: "changed",
    key: key(changed!),
    columns: expect.objectContaining({ state: { table: "success", server: "failed" } }),
  });
  expect(differences).toContainEqual(
    expect.objectContaining({ kind: "missing", cause: "new", key: key(added), columns: {} }),
  );
  expect(differences).toContainEqual(expect.objectContaining({ kind: "extra", cause: "deleted", key: key(deleted!) }));
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("verify finds a row that was changed, one that was deleted and one that was duplicated by hand", async () => {
  const { world, file, run } = await syncedAirflow("dag_runs");
  world.advance(3_600_000);
  // Of the last DAGs: the first ones are those that the next reconcile reads again.
  const dags = [...world.dags.values()].sort((a, b) => (a.dagId < b.dagId ? 1 : -1));
  const [changed, taken, doubled] = dags.flatMap(
    ({ runs }) => [...runs.values()].find(({ state }) => state === "success") ?? [],
  );
  const is = (run: typeof changed) => `dag_id = '${run!.dag.dagId}' AND dag_run_id = '${run!.runId}'`;
  await byHand(file, `UPDATE airflow_dag_runs SET conf = '{"by":"hand"}' WHERE ${is(changed)}`);
  await byHand(file, `UPDATE airflow_dag_runs SET _deleted_at = now() WHERE ${is(taken)}`);
  await byHand(file, `INSERT INTO airflow_dag_runs SELECT * FROM airflow_dag_runs WHERE ${is(doubled)}`);

  const { code, stdout } = await run("verify");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^airflow_dag_runs +[\d,]+ +1 +1 +1 +0$/m);
  expect(stdout).toContain(
    [
      `different (unexplained): dag_id "${changed!.dag.dagId}", dag_run_id "${changed!.runId}"`,
      `      conf: {"by":"hand"} in the table, ${JSON.stringify(changed!.conf)} on the server\n`,
    ].join("\n"),
  );
  expect(stdout).toMatch(/missing \(\w+\): .*\n {6}_deleted_at: "2\S+" in the table, null on the server\n/);
  expect(stdout).toContain(`doubled (unexplained): dag_id "${doubled!.dag.dagId}", dag_run_id "${doubled!.runId}"\n`);
  expect(stdout).toMatch(/^3 differences in [\d,]+ rows: /m);
});

test("verify distinguishes what the next sync will bring from what syncs missed", async () => {
  const { world, run } = await syncedAirflow("dag_runs");
  world.advance(3_600_000);
  const dag = [...world.dags.values()].find(({ runs }) => runs.size > 2)!;
  const [missed, deleted] = [...dag.runs.values()].filter(({ state }) => state === "success");
  Object.assign(missed!, { triggeredBy: "ui" });
  world.deleteRun(deleted!, true);
  const { differences } = written(await run("verify", "--json"));
  const found = differences.map(({ kind, cause, key, columns }) => ({ kind, cause, run: key.dag_run_id, columns }));
  expect(found).toHaveLength(2);
  const columns = { triggered_by: { table: "timetable", server: "ui" } };
  expect(found).toContainEqual({ kind: "different", cause: "missed", run: missed!.runId, columns });
  expect(found).toContainEqual({ kind: "extra", cause: "deleted", run: deleted!.runId, columns: {} });
});

test("verify of a sample covers rows since a date, and reads no more than it must", async () => {
  const { world, file, run } = await syncedAirflow("dag_runs");
  const finished = world.runs().filter(({ state }) => state === "success");
  finished.sort((a, b) => a.runAfter - b.runAfter);
  const [oldest, newest] = [finished[0]!, finished.at(-1)!];
  const is = ({ dag, runId }: typeof oldest) => `dag_id = '${dag.dagId}' AND dag_run_id = '${runId}'`;
  const days = (Date.now() * 1000 - newest.runAfter) / day + 2;
  for (const each of [oldest, newest])
    await byHand(file, `UPDATE airflow_dag_runs SET state = 'lost' WHERE ${is(each)}`);
  await byHand(
    file,
    `INSERT INTO airflow_dag_runs SELECT * REPLACE ('none' AS dag_run_id) FROM airflow_dag_runs WHERE ${is(newest)}`,
  );

  const all = written(await run("verify", "--json"));
  expect(all.result.differences).toBe(3);
  const sample = written(await run("verify", "--json", "--since", `${days}d`));
  expect(sample.tables.airflow_dag_runs).toMatchObject({ different: 1, extra: 1 });
  expect(Number(sample.tables.airflow_dag_runs.compared)).toBeLessThan(all.tables.airflow_dag_runs.compared / 2);
  const { code, stderr } = await run("verify", "--since", "yesterday");
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("--since is not a duration") });
});

test("verify of a sample of Dagster's runs covers those that changed since a date", async () => {
  const { url, world } = await until(startDagsterSimulator());
  const { file, run } = await syncedFrom(`dagster:${url}`);
  expect((await run("verify", "--since", "1000d")).code).toBe(0);
  const times = [...world.runs.values()].map(({ updateTime }) => updateTime).sort((a, b) => a - b);
  const days = (Date.now() * 1000 - times.at(-20)!) / day;
  await byHand(file, "UPDATE dagster_runs SET status = 'LOST'");
  const { tables } = written(await run("verify", "--json", "--since", `${days}d`));
  expect(tables.dagster_runs.compared).toBe(tables.dagster_runs.different);
  expect(tables.dagster_runs.different).toBeGreaterThanOrEqual(20);
  expect(tables.dagster_runs.compared).toBeLessThan(times.length);
  expect(tables.dagster_assets).toMatchObject({ different: 0, missing: 0, extra: 0 });
});

test("verify leaves nothing behind when stopped", async () => {
  const { simulator, file, args } = await syncedAirflow("dag_runs");
  const [before, folder] = [readFileSync(file), temporaryFolder()];
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const controller = new AbortController();
  const copies: string[][] = [];
  simulator.faults.push({
    match: ({ path }) => path.includes("dagRuns"),
    before() {
      copies.push(readdirSync(folder));
      controller.abort(new Interrupted("SIGINT"));
    },
    stall: "headers",
  });
  const { code, stdout } = await dagsync(["verify", ...args], { env, signal: controller.signal });
  expect({ code, stdout, copies: copies[0]?.length, left: readdirSync(folder) }).toEqual({
    code: 130,
    stdout: "",
    copies: 1,
    left: [],
  });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("verify shows a table's first ten differences, and their number", async () => {
  const { file, run } = await syncedAirflow("dag_runs");
  await byHand(file, "UPDATE airflow_dag_runs SET triggered_by = 'me'");
  const { stdout } = await run("verify");
  expect(stdout.match(/ in the table, /g)).toHaveLength(10);
  const [, more] = /^ {4}… and ([\d,]+) more$/m.exec(stdout) ?? [];
  const [, different] = /^airflow_dag_runs +[\d,]+ +([\d,]+) /m.exec(stdout) ?? [];
  const number = (text: string | undefined) => Number(text?.replaceAll(",", ""));
  expect(number(more)).toBe(number(different) - 10);
});

test("an earlier attempt that the server no longer shows is kept, and is no difference", async () => {
  const { world, run } = await syncedAirflow("task_instances");
  const task = world.tasks().find(({ history, tryNumber }) => history.length === 1 && tryNumber === 2);
  task!.history.length = 0;
  const { code, stdout } = await run("verify");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^airflow_task_instances +[\d,]+ +0 +0 +0 +1$/m);
});

test("rows purged by the server's retention are kept, and are no difference", async () => {
  const { world, run } = await syncedAirflow("dag_runs");
  world.advance(3_600_000);
  const oldest = world.runs().filter(({ startDate }) => startDate !== null);
  oldest.sort((a, b) => a.startDate! - b.startDate!);
  for (const gone of oldest.slice(0, 3)) world.deleteRun(gone, true);
  expect((await run("sync", "--reconcile")).code).toBe(0);
  const { code, stdout } = await run("verify");
  expect(stdout).toMatch(/^airflow_dag_runs +[\d,]+ +0 +0 +0 +3$/m);
  expect(code).toBe(0);
});

test("definitions of a code location that is not loaded count as unknown, not as deleted", async () => {
  const { url, world } = await until(startDagsterSimulator());
  const { run } = await syncedFrom(`dagster:${url}`, "sensors");
  const [location] = [...world.locations.values()].filter(({ sensors }) => sensors.length > 0);
  world.breakLocation(location!.name);
  const outcome = await run("verify", "--json");
  expect(outcome.code).toBe(1);
  expect(written(outcome).tables.dagster_sensors).toMatchObject({
    extra: location!.sensors.length,
    causes: { not_loaded: location!.sensors.length },
  });
});

test("verify exits to be retried while a sync holds the file", async () => {
  const { file, run } = await syncedAirflow("dag_runs");
  const session = await duckdb(file).open({ pipeline: "other" });
  const { code, stdout, stderr } = await run("verify").finally(() => session.close());
  expect({ code, stdout }).toEqual({ code: 75, stdout: "" });
  expect(stderr).toMatch(new RegExp(`^dagsync: duckdb:${file} is in use by pipeline other`));
});

test("verify fails if the server cannot be read completely, and compares nothing", async () => {
  const { simulator, run } = await syncedAirflow("dags", "dag_runs");
  const forbidden = { match: ({ path }: { path: string }) => path.includes("dagRuns"), times: 1000, status: 403 };
  simulator.faults.push({ ...forbidden, body: { detail: "Forbidden" } });
  const outcome = await run("verify", "--json");
  expect(outcome.code).toBe(1);
  expect(written(outcome)).toEqual({
    tables: {},
    differences: [],
    result: expect.objectContaining({ exitCode: 1, error: expect.objectContaining({ code: "STREAMS_FAILED" }) }),
  });
});

test("verify rejects a file that no sync of this source wrote", async () => {
  const { file } = await syncedAirflow("dag_runs");
  const { code, stderr } = await dagsync(["verify", "--from", "dagster:http://127.0.0.1:1", "--to", `duckdb:${file}`]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `dagsync: duckdb:${file} has no data synced from dagster: there is nothing to verify.\n`,
  });
});
