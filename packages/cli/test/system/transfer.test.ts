/** A pipeline moves from one destination to another, and the next sync goes on there. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "@org/destination";
import { queryDuckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { defaultAirflowTables } from "@org/sources/airflow";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "../helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
const lines = (text: string) => text.trimEnd().split("\n");

/** Of a conf: no double says them in these words. */
const numbers = '{"large":12345678901234567890,"list":[1.10,1E5,-0],"vast":1e400}';

/** A simulator that was synced, with a deleted run, and what was exported of it. */
async function exported() {
  const simulator = await until(
    startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 3, days: 2, runsPerDag: 3 }) }),
  );
  // JSON leaves these as they are, and some readers of lines take them for line ends.
  simulator.world.note(simulator.world.runs()[0]!, "a\u2028b\u2029c\u0085d");
  simulator.world.runs()[0]!.conf = parseJson(numbers) as Record<string, unknown>;
  const folder = temporaryFolder();
  const [first, second, file] = ["first.duckdb", "second.duckdb", "export.json"].map((name) => join(folder, name));
  const run = (command: string, to: string, ...more: string[]) =>
    dagsync([command, "--from", `airflow:${simulator.url}`, "--to", `duckdb:${to}`, ...more], { env });
  expect((await run("sync", first!)).code).toBe(0);
  const [, gone] = simulator.world.runs().filter(({ state }) => state === "success");
  simulator.world.advance(60_000);
  simulator.world.deleteRun(gone!);
  expect((await run("sync", first!, "--reconcile")).code).toBe(0);
  const { code, stdout, stderr } = await dagsync(["state", "export", "--to", `duckdb:${first}`]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  writeFileSync(file!, stdout);
  return { simulator, run, first: first!, second: second!, file: file!, stdout };
}

const tables = defaultAirflowTables.map(({ name }) => name);
const rowsOf = (file: string, table: string) => queryDuckdb(file, `FROM ${table} ORDER BY ALL`);

test("rows and states arrive unchanged, deleted rows included, and the next sync is incremental", async () => {
  const { simulator, run, first, second, file } = await exported();
  const imported = await dagsync(["state", "import", "--to", `duckdb:${second}`, file]);
  expect(imported.stderr).toBe("");
  expect(imported.stdout).toMatch(/^[\d,]+ rows and the states of dag_runs, dags, task_instances: pipeline airflow@/);
  for (const table of tables) expect(await rowsOf(second, table)).toEqual(await rowsOf(first, table));
  expect(await queryDuckdb(second, "SELECT count(*) AS n FROM airflow_dag_runs WHERE _deleted_at IS NOT NULL")).toEqual(
    [{ n: 1 }],
  );
  const conf = `SELECT count(*) AS n FROM airflow_dag_runs WHERE conf::VARCHAR = '${numbers}'`;
  expect(await queryDuckdb(second, conf)).toEqual([{ n: 1 }]);
  const states = "SELECT pipeline, stream, version, value, tables FROM _sync_state ORDER BY stream";
  expect(await queryDuckdb(second, states)).toEqual(await queryDuckdb(first, states));

  simulator.world.addRun([...simulator.world.dags.values()][0]!);
  const next = await run("sync", second);
  expect(next.code).toBe(0);
  for (const line of lines(next.stdout).slice(2, 5)) expect(line).toMatch(/what changed$/);
  expect(next.stdout).toMatch(/^dag_runs +airflow_dag_runs +1 +0 /m);
  expect((await run("verify", second)).code).toBe(0);
});

test("a truncated file imports no state, and importing the whole file fixes it", async () => {
  const { second, file, stdout } = await exported();
  const cut = `${file}.cut`;
  writeFileSync(cut, lines(stdout).slice(0, -1).join("\n"));
  const refused = await dagsync(["state", "import", "--to", `duckdb:${second}`, cut]);
  expect({ code: refused.code, stderr: refused.stderr }).toEqual({
    code: 2,
    stderr: `dagsync: ${cut} is truncated: its rows were stored, but not its states. Import the complete file again.\n`,
  });
  expect(await queryDuckdb(second, "SELECT count(*) AS n FROM _sync_state")).toEqual([{ n: 0 }]);
  expect((await dagsync(["state", "import", "--to", `duckdb:${second}`, file])).code).toBe(0);
  const again = await dagsync(["state", "import", "--to", `duckdb:${second}`, file]);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("import it under another name");
});

test("rejects a file that is not an export, and a changed line", async () => {
  const folder = temporaryFolder();
  const [file, to] = [join(folder, "x.json"), `duckdb:${join(folder, "to.duckdb")}`];
  const attempt = async (text: string) => {
    writeFileSync(file, text);
    const { code, stderr } = await dagsync(["state", "import", "--to", to, file]);
    return { code, stderr };
  };
  expect(await attempt("")).toEqual({
    code: 2,
    stderr: `dagsync: ${file} was not written by "dagsync state export".\n`,
  });
  expect(await attempt('{"CANARY')).toEqual({
    code: 2,
    stderr: `dagsync: ${file}:1: not a line of an export. Was the file truncated or changed?\n`,
  });
  const newer = '{"type":"export","format":99,"pipeline":"p","exportedAt":"x"}';
  expect((await attempt(newer)).stderr).toContain("was exported by a newer release (format 99)");
});

test("a folder, a missing file and bytes that are not UTF-8 are rejected by name", async () => {
  const folder = temporaryFolder();
  const attempt = async (file: string) => {
    const { code, stderr } = await dagsync(["state", "import", "--to", `duckdb:${join(folder, "to.duckdb")}`, file]);
    expect(code).toBe(2);
    return stderr;
  };
  expect(await attempt(folder)).toBe(
    `dagsync: ${folder} is a folder: name the file that "dagsync state export" wrote.\n`,
  );
  const file = join(folder, "x.json");
  expect(await attempt(file)).toBe(`dagsync: The file ${file} cannot be read (ENOENT).\n`);
  writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d, 0x0a]));
  expect(await attempt(file)).toMatch(/^dagsync: \S+x\.json: not UTF-8 at or after line 1\./);
});

test("one of several pipelines must be named; it may be renamed", async () => {
  const { first, second, file } = await exported();
  const dagster = await until(startDagsterSimulator());
  const from = ["--from", `dagster:${dagster.url}`, "--to", `duckdb:${first}`, "--pipeline", "d"];
  expect((await dagsync(["sync", ...from])).code).toBe(0);
  const unnamed = await dagsync(["state", "export", "--to", `duckdb:${first}`]);
  expect(unnamed.code).toBe(2);
  expect(unnamed.stderr).toMatch(/has several pipelines: name one with --pipeline\. It has: airflow@\S+, d\.$/m);
  const { stdout } = await dagsync(["state", "export", "--to", `duckdb:${first}`, "--pipeline", "d"]);
  writeFileSync(file, stdout);
  const args = ["state", "import", "--to", `duckdb:${second}`, "--pipeline", "other", file, "--json"];
  expect(JSON.parse((await dagsync(args)).stdout)).toMatchObject({ type: "imported", pipeline: "other" });
  expect(await queryDuckdb(second, "SELECT DISTINCT pipeline FROM _sync_tables")).toEqual([{ pipeline: "other" }]);
  for (const table of ["dagster_runs", "dagster_assets"]) {
    expect(await rowsOf(second, table)).toEqual(await rowsOf(first, table));
  }
});

test("the exported file is lines of JSON: a header, tables with their rows, states, an end", async () => {
  const { file } = await exported();
  const types = lines(readFileSync(file, "utf8")).map((line) => JSON.parse(line).type);
  expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
    "export",
    ...["table", "row", "table", "row", "table", "row"],
    "state",
    "end",
  ]);
});
