/** `dagsync report`: how questions are asked and answers written. What they say is tested with the questions. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Question, questions } from "@org/insights";
import { createClock, createDemoDagsterWorld, startDagsterSimulator } from "@org/simulators/internal";
import { defaultAirflowTables } from "@org/sources/airflow";
import { expect, test } from "vitest";
import { dagsync } from "./helpers.ts";
import { openPlace, zone } from "./report-place.ts";

const hostile = "<script>alert(1)</script>\u001b[2J|`a`";

const { folder, place, report } = openPlace();

test("without a question, prints five numbers with their change", async () => {
  const { code, stdout, stderr } = await report();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^sqlite:.*, as of \w{3} \d\d \w{3} \d\d:\d\d \(Europe\/Berlin\)$/m);
  expect(stdout).toMatch(/^ +last 7 days +before +change$/m);
  for (const number of ["success rate", "failing", "queue wait (p95)", "execution hours", "retry hours"])
    expect(stdout).toContain(`\n  ${number} `);
  expect(JSON.parse((await report("--format", "json")).stdout)).toMatchObject({ place, timezone: "Europe/Berlin" });
});

test("prints a question's answer as a table, JSON, CSV and Markdown", async () => {
  const rows = JSON.parse((await report("success_rate", "--format", "json")).stdout).rows;
  expect(rows.length).toBeGreaterThan(0);
  const csv = (await report("success_rate", "--format", "csv")).stdout.trimEnd().split("\n");
  expect(csv[0]).toBe(
    "orchestrator,pipeline,name,runs,succeeded,failed,canceled,running,rate,low,high,previous_rate,change",
  );
  expect(csv).toHaveLength(rows.length + 1);
  const table = (await report("success-rate")).stdout.trimEnd().split("\n");
  expect(table).toHaveLength(rows.length + 2);
  const markdown = (await report("success_rate", "--format", "markdown")).stdout;
  expect(markdown).toMatch(/^\*\*How often .*\n\n\| name \| runs \|/);
});

test("accepts the question's own options, in both spellings, and the window", async () => {
  const of = async (...args: string[]) =>
    JSON.parse((await report("success_rate", "--format", "json", ...args)).stdout);
  expect((await of("--limit", "1")).rows).toHaveLength(1);
  expect((await of("--limit=1", "--include-stale")).rows).toHaveLength(1);
  const { window } = await of("--until", "2025-01-02", "--days", "1.5", "--include_stale=false");
  expect(window).toEqual({ from: "2024-12-31T11:00:00.000000Z", to: "2025-01-01T23:00:00.000000Z" });
});

test("--sql prints the query; --list the questions, and the parameters of one of them", async () => {
  expect((await report("failing_now", "--sql")).stdout).toMatch(/^WITH /);
  const { stdout } = await dagsync(["report", "--list"]);
  for (const { name, sentence } of questions)
    expect(stdout).toMatch(new RegExp(`^${name} +${sentence.slice(0, 12)}`, "m"));
  expect((await dagsync(["report", "failing_now", "--list"])).stdout).toMatch(/--min-streak +1 +runs/);
});

test("--fail-on exits with 3 if one of its questions has an answer", async () => {
  const found = await report("--fail-on", "coverage,success-rate");
  expect(found.code).toBe(3);
  expect(found.stderr).toMatch(/^Found: coverage \(\d+\), success_rate \(\d+\)\.\n$/);
  expect((await report("--fail-on", "success_rate", "--until", "2001-01-01")).code).toBe(0);
});

test.each([
  [["failing_nwo"], 'Unknown question. Did you mean "failing_now"?'],
  [["success_rate", "prd"], 'Did you mean "prod"?'],
  [["success_rate", "--limt", "s3cret"], 'success_rate has no such option. Did you mean "limit"?'],
  [["success_rate", "--limit"], "--limit needs a value"],
  [["success_rate", "--limit", "s3cret"], "--limit must be a number"],
  [["success_rate", "--limit", "-1"], "limit is -1: must be 1 or more"],
  [["success_rate", "--days", "0"], "days is 0: must be a number above 0"],
  [["success_rate", "--since", "2026-02-30"], "write a date as in 2026-11-30"],
  [["success_rate", "--since", "2026-11-02", "--until", "2026-11-01"], "must be before until"],
  [["success_rate", "--since", "2026-11-02", "--days", "7"], "use only one of them"],
  [["queue_wait", "--by", "host"], 'by is "host": must be one of pool, queue, executor, job, hour, all'],
  [["--limit", "3"], "Unknown option without a question"],
  [["success_rate", "--days", "s3cret"], "--days must be a number"],
  [["success_rate", "--timezone", "Mars/Base"], "write an IANA name"],
  [["--sql"], "--sql needs a question"],
  [["--fail-on", "failing_nwo"], 'Did you mean "failing_now"?'],
  [["--format", "xml"], "Allowed choices are table, json, csv, markdown"],
])("%j is rejected with advice", async (args, message) => {
  const { code, stdout, stderr } = await dagsync(["report", ...args, "--at", place]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("s3cret");
});

test.each([
  [["report", "--timezone", "Mars/Base"], "write an IANA name"],
  [["report", "--until", "2026-02-30"], "write a date as in 2026-11-30"],
  [["report", "success_rate", "--limit", "-1"], "limit is -1: must be 1 or more"],
  [["serve", "--port", "0", "--timezone", "Mars/Base"], "write an IANA name"],
  [["serve", "--port", "0", "--days", "0"], "days is 0: must be a number above 0"],
  [["mcp", "--timezone", "Mars/Base"], "write an IANA name"],
])("%j is rejected before the destination is opened, whether it exists or not", async (args, message) => {
  const { code, stdout, stderr } = await dagsync([...args, "--at", `sqlite:${join(folder, "nowhere.sqlite")}`]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test("a configuration's pipelines determine the destination, also for state --at", async () => {
  const config = join(folder, "dagsync.yaml");
  writeFileSync(
    config,
    `sources: { a: { kind: airflow, url: "http://127.0.0.1:1" } }
destinations: { here: "${place}", there: "sqlite:other.sqlite" }
pipelines: [{ name: prod, from: a, to: here }, { name: dev, from: a, to: there }]\n`,
  );
  const { stdout } = await dagsync(["report", "coverage", "prod", "--config", config, "--format", "csv"]);
  expect(stdout).toContain("prod,airflow_dag_runs,");
  const both = await dagsync(["report", "--config", config]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("prod (here), dev (there)") });
  const states = ["--at", "--to"].map(async (option) => (await dagsync(["state", option, place, "--json"])).stdout);
  expect(await states[0]).toBe(await states[1]);
});

test("expected deadlines of the configuration are met, missed, or about unknown names", async () => {
  const config = join(folder, "deadlines.yaml");
  const expecting = (...entries: string[]) =>
    writeFileSync(
      config,
      `sources: { a: { kind: airflow, url: "http://127.0.0.1:1" } }
destinations: { here: "${place}" }
pipelines: [{ name: prod, from: a, to: here }, { name: not_synced_yet, from: a, to: here, prefix: b_ }]
expect: [${entries.join(", ")}]\n`,
    );
  const check = (...more: string[]) =>
    dagsync(["report", "--config", config, "--fail-on", "deadline_misses", ...more], { env: { DAG: "load_orders" } });
  expecting("{ dag: load_orders, within: 40d }");
  const kept = await check("deadline_misses", "--format", "json");
  expect(kept).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(kept.stdout).rows).toMatchObject([{ pipeline: "prod", missed: 0 }]);
  expecting('{ dag: "${DAG}", within: 1s }', "{ dag: dbt_nightly, within: 40d }");
  expect(await check()).toMatchObject({ code: 3, stderr: "Found: deadline_misses (1).\n" });
  expect((await check("needs_attention", "--format", "csv")).stdout).toContain("deadline_misses,");
  expect((await dagsync(["report", "--config", config], { env: { DAG: "load_orders" } })).stdout).toContain(
    "Not ready within 1s",
  );
  expecting("{ dag: absent, within: 40d }");
  expect(await check()).toMatchObject({ code: 3 });
  expecting();
  expect(await check()).toMatchObject({ code: 2, stderr: expect.stringContaining("no deadlines are configured") });
  expect((await report("deadline_misses")).stderr).toContain("no deadlines are configured");
});

test("--at accepts a configured pipeline too, in all commands that read tables", async () => {
  const config = join(folder, "at.yaml");
  writeFileSync(
    config,
    `sources: { a: { kind: airflow, url: "http://127.0.0.1:1" } }
destinations: { here: "${place}", there: "sqlite:other.sqlite" }
pipelines: [{ name: prod, from: a, to: here }, { name: dev, from: a, to: there }]\n`,
  );
  const at = (where: string, ...args: string[]) => dagsync([...args, "--at", where, "--config", config]);
  for (const args of [
    ["report", "coverage"],
    ["state"],
    ["state", "export"],
    ["export", "--into", join(folder, "out")],
  ]) {
    expect(await at("prod", ...args)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/airflow_dag_runs|: 3 files/),
    });
    expect(await at("prdo", ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "prod"?'),
    });
    const both = await at(place, ...args);
    expect(both.code, args.join(" ")).toBe(2);
  }
});

test("an idle Dagster is as current as its last sync", async () => {
  const day = 86_400_000;
  const clock = createClock(Date.now() - 10 * day);
  const { url, close } = await startDagsterSimulator({ world: createDemoDagsterWorld({ clock, runs: 20, days: 2 }) });
  const quiet = `sqlite:${join(folder, "quiet.sqlite")}`;
  for (const days of [10, 7]) {
    clock.set(Date.now() - days * day);
    expect((await dagsync(["sync", "--from", `dagster:${url}`, "--to", quiet])).code).toBe(0);
  }
  await close();
  const { stdout } = await dagsync(["report", "--at", quiet, "--format", "json"]);
  // Its runs are from three days before.
  expect(Math.abs(Date.parse(JSON.parse(stdout).asOf) - clock.now())).toBeLessThan(day / 24);
});

test("no question's option clashes with one of the command's", async () => {
  const own = [
    "at",
    "config",
    "since",
    "until",
    "days",
    "timezone",
    "format",
    "list",
    "sql",
    "fail_on",
    "html",
    "pipelines",
  ];
  const taken = (questions as readonly Question[]).flatMap(({ parameters }) => Object.keys(parameters));
  expect(taken.filter((name) => own.includes(name))).toEqual([]);
});

test("lines fit a terminal's width, and are not shortened elsewhere", async () => {
  const lines = async (columns: number, ...args: string[]) => {
    const written: string[] = [];
    const stdout = { isTTY: true, columns, write: (text: string) => written.push(text) };
    expect((await dagsync(["report", ...args, "--at", place, ...zone], { stdout })).code).toBe(0);
    return written.join("").split("\n");
  };
  for (const columns of [40, 80]) {
    for (const args of [[], ["success_rate"], ["run_durations"], ["coverage"]]) {
      const widest = Math.max(...(await lines(columns, ...args)).map((line) => line.length));
      // What is one word is not cut.
      const room = Math.max(columns, place.length + 1, args[0] === "coverage" && columns === 40 ? 60 : 0);
      expect(widest, `${args} at ${columns}`).toBeLessThanOrEqual(room);
    }
  }
  expect((await lines(80, "success_rate")).join(" ")).toMatch(/Not shown: [a-z ,]+\. Use a wider/);
  expect((await lines(40, "coverage")).join("\n")).toMatch(/^table +airflow_dags\nrows +2\n/m);
  const [head = ""] = (await report("success_rate")).stdout.split("\n");
  expect(head.length).toBeGreaterThan(80);
});

test("names from servers are printed, with control characters escaped", async () => {
  const file = join(folder, "hostile.sqlite");
  copyFileSync(join(folder, "o.sqlite"), file);
  const database = new DatabaseSync(file);
  for (const { name: table } of defaultAirflowTables)
    database.prepare(`UPDATE ${table} SET dag_id = ? || dag_id`).run(hostile);
  database.close();
  for (const format of ["table", "json", "csv", "markdown"]) {
    const { stdout } = await dagsync(["report", "success_rate", "--at", `sqlite:${file}`, "--format", format]);
    expect(stdout).toContain("script");
    expect(stdout).not.toMatch(/[^\n\P{Cc}]/u);
    if (format === "markdown") expect(stdout).not.toMatch(/<script|\|`a`|[^\\]`/);
  }
});
