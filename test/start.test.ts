import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { airflowIncidents } from "@org/simulators/internal";
import { expect, onTestFinished, test } from "vitest";
import { tables } from "../scripts/demo/answers.ts";
import { createWorlds } from "../scripts/demo/simulated.ts";

const script = fileURLToPath(new URL("../scripts/start.ts", import.meta.url));

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs what `npm start` runs once everything is installed. */
function start(cwd: string): Promise<Finished> {
  return new Promise((resolve) => {
    const env = { ...process.env, TZ: "UTC" };
    execFile(process.execPath, ["--conditions=@org/source", script], { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "start-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The file's rows and the servers' rows, as sorted text. */
async function compare(file: string) {
  const visits = await queryDuckdb(file, "SELECT visited_at_ms FROM demo_visits ORDER BY 1");
  const worlds = createWorlds(visits.map(({ visited_at_ms }) => Number(visited_at_ms)));
  const truth: Readonly<Record<string, readonly object[]>> = { ...worlds.airflow.rows(), ...worlds.dagster.rows() };
  const ordered = (rows: readonly object[]) =>
    rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
  const pairs: [table: string, stored: string[], expected: string[]][] = [];
  for (const table of tables) {
    const stored = await queryDuckdb(file, `SELECT * EXCLUDE (_synced_at, _deleted_at) FROM ${table}`);
    pairs.push([table, ordered(stored), ordered(truth[table] ?? [])]);
  }
  return pairs;
}

/** Expects the summary to name what is broken on the servers and since when, and nothing else. */
async function expectTruth(stdout: string, file: string): Promise<void> {
  const visits = await queryDuckdb(file, "SELECT visited_at_ms FROM demo_visits ORDER BY 1");
  const [first] = visits.map(({ visited_at_ms }) => Number(visited_at_ms) * 1000);
  const { broken, slower, flaky } = airflowIncidents(first as number);
  const { dagster } = createWorlds([(first as number) / 1000]);
  const stale = dagster.rows().dagster_assets.find(({ key_path }) => key_path === "legacy.fax_numbers");
  const day = (at: number | string) => {
    const [weekday, date, month] = new Date(typeof at === "number" ? at / 1000 : at).toUTCString().split(/,? /);
    return `${weekday} ${date} ${month}`;
  };
  const summary = stdout.slice(stdout.indexOf("What needs attention:"));
  expect(summary).toMatch(new RegExp(`critical +${broken.dagId}: failing now since ${day(broken.since)} `));
  expect(summary).toMatch(new RegExp(`The last \\d+ runs failed, in ${broken.taskId}\\.`));
  expect(summary).toContain(`${slower.dagId}: got slower since ${day(slower.since)} 00:00\n`);
  expect(summary).toMatch(new RegExp(`${flaky.dagId}: flaky tasks\n +${flaky.taskId} succeeded only on retry`));
  expect(summary).toContain(`legacy.fax_numbers: stale assets since ${day(String(stale?.last_materialization_time))} `);
  expect(summary.match(/^ {2}(critical|major|minor)/gm)).toHaveLength(5);
  expect(summary).not.toMatch(/^ {2}major/m);
}

test("npm start copies seven tables and answers questions; the next two starts find the same servers some hours later", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "orchestration.duckdb");
  const first = await start(folder);
  expect(first.code).toBe(0);
  for (const table of tables) expect(first.stdout).toContain(`  ${table} `);
  expect(first.stdout).toMatch(/Which DAGs failed most this week\?\n {2}dag_id/);
  expect(first.stdout).toMatch(/Which assets are stale\?\n {2}asset key/);
  expect(first.stdout).toMatch(/^ {2}success rate +[\d.]+ %/m);
  expect(first.stdout).toContain(`${join(folder, "report.html")} (`);
  for (const [table, stored, expected] of await compare(file)) expect(stored, table).toEqual(expected);
  await expectTruth(first.stdout, file);

  for (let again = 0; again < 2; again += 1) {
    const { code, stdout } = await start(folder);
    expect(code).toBe(0);
    expect(stdout).toContain("was synced before, so these syncs are incremental");
    expect(stdout).not.toContain("  everything\n");
    await expectTruth(stdout, file);
    for (const [table, stored, expected] of await compare(file)) expect(stored, table).toEqual(expected);
  }
  // Three starts, each with two syncs and a page of all answers.
}, 180_000);

test("npm start writes nothing to a file that it did not create", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "orchestration.duckdb");
  await (await duckdb(file).open({ pipeline: "mine" })).close();
  const { code, stderr } = await start(folder);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      "orchestration.duckdb was not created by npm start, so it is left alone. Move it away, or start in another folder.\n",
  });

  writeFileSync(file, "something else altogether");
  expect((await start(folder)).code).toBe(2);
});
