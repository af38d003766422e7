/** `dagsync export`, as a person or a job calls it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { queryDuckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { Interrupted } from "../src/errors.ts";
import { lastDays, parseMoment } from "../src/export/moment.ts";
import { ExportProgress } from "../src/export/progress.ts";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

async function synced(kind = "duckdb") {
  const world = createDemoAirflowWorld({ dags: 3, days: 3, runsPerDag: 6 });
  const simulator = await until(startAirflowSimulator({ world }));
  const folder = temporaryFolder();
  const at = `${kind}:${join(folder, "from")}`;
  expect((await dagsync(["sync", "--from", `airflow:${simulator.url}`, "--to", at], { env })).code).toBe(0);
  const into = join(folder, "backups");
  const run = (...more: string[]) => dagsync(["export", "--at", at, "--into", into, ...more], { env });
  return { simulator, folder, at, into, run, file: join(folder, "from") };
}

const manifestOf = (into: string, text: string) =>
  JSON.parse(readFileSync(join(into, "_exports", `${/\d{4}-\d\d-\d\dT\d{6}Z/.exec(text)![0]}.json`), "utf8"));

test.each(["duckdb", "sqlite", "files"])(
  "all tables of %s are exported, and the folder is what its manifest says",
  async (kind) => {
    const { into, run } = await synced(kind);
    const { code, stdout, stderr } = await run();
    expect(stderr).toMatch(/^[\d,]+ rows → .*\n✓ airflow_dag_runs: 12 rows, .*\n/);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/Z: 3 files, [\d,]+ rows, [\d,]+ k?[bB].*\n$/),
    });
    const { files, positions } = manifestOf(into, stdout);
    expect(files.map(({ table }: { table: string }) => table)).toEqual([
      "airflow_dag_runs",
      "airflow_dags",
      "airflow_task_instances",
    ]);
    expect(positions.map(({ stream, position }: Record<string, string>) => [stream, position])).toEqual(
      ["dag_runs", "dags", "task_instances"].map((stream) => [stream, expect.stringMatching(/Z$/)]),
    );
    const verified = await dagsync(["export", "verify", into]);
    expect(verified).toEqual({ code: 0, stdout: expect.stringMatching(/^✓ .*Z: 3 files, [\d,]+ rows/), stderr: "" });
    rmSync(join(into, files[0].path));
    const broken = await dagsync(["export", "verify", into]);
    expect([broken.code, broken.stdout]).toEqual([
      1,
      expect.stringMatching(/^✗ .*\n {2}\d{4}\/.*airflow_dag_runs_\d{6}.parquet is missing, or is not a file\n$/),
    ]);
  },
);

test("each run is in one of several adjacent windows, even if it never started", async () => {
  const { into, run, file } = await synced();
  const [bounds] = await queryDuckdb(
    file,
    "SELECT min(run_after)::DATE::VARCHAR AS first, (max(run_after)::DATE + 1)::VARCHAR AS last FROM airflow_dag_runs",
  );
  const { first, last } = bounds as { first: string; last: string };
  const rows: number[] = [];
  const all = [
    ["--until", first],
    ["--since", first, "--until", `${first}T12:00:00Z`],
    ["--since", `${first}T12:00:00+00:00`, "--until", last],
    ["--since", last],
  ];
  for (const window of all) {
    const { code, stdout } = await run("--tables", "dag_runs", ...window);
    expect(code).toBe(0);
    rows.push(manifestOf(into, stdout).files[0].rows);
  }
  expect(rows[0]).toBe(0);
  expect(rows.reduce((sum, each) => sum + each)).toBe(12);
});

test("exports a configured pipeline by name, with only its tables", async () => {
  const { simulator, folder, into } = await synced();
  const config = join(folder, "dagsync.yaml");
  const pipelines = ["prod", "dev"]
    .map((name) => `  - { name: ${name}, from: one, to: here, prefix: ${name}_ }`)
    .join("\n");
  writeFileSync(
    config,
    `sources:\n  one: { kind: airflow, url: "${simulator.url}", username: admin, password: "\${PASSWORD}" }\n` +
      `destinations:\n  here: duckdb:both.duckdb\npipelines:\n${pipelines}\n`,
  );
  expect(await dagsync(["sync", "--config", config], { env: { PASSWORD: "admin" } })).toMatchObject({ code: 0 });
  const { code, stdout } = await dagsync([
    "export",
    "--at",
    "dev",
    "--config",
    config,
    "--into",
    into,
    "--format",
    "csv",
    "--json",
  ]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ type }) => type)).toEqual([
    "export-started",
    "file-written",
    "file-written",
    "file-written",
    "result",
  ]);
  expect([code, lines.at(-1).exitCode, lines.at(-1).files]).toEqual([0, 0, 3]);
  expect(lines.slice(1, 4).every(({ file }) => /^dev_airflow_/.test(file.table) && /\.csv\.gz$/.test(file.path))).toBe(
    true,
  );
  const unclear = await dagsync(["export", "--config", config, "--into", into]);
  expect([unclear.code, unclear.stderr]).toEqual([2, expect.stringMatching(/Name one pipeline: prod, dev/)]);
});

test("rejects invalid options, and says what to write instead", async () => {
  const { run, at } = await synced();
  const refusals: [string[], RegExp][] = [
    [["--tables", "dag_rums"], /--tables: .* has no such table/],
    [["--tables", "airflow_dag_rums"], /Did you mean "airflow_dag_runs"/],
    [["--format", "parket"], /--format must be csv, ndjson, parquet. Did you mean "parquet"/],
    [["--layout", "seed"], /--layout must be date, hive/],
    [["--compression", "gzip"], /Parquet has zstd only/],
    [["--safe-csv"], /needs --format csv/],
    [["--since", "2026-02-30"], /--since is not a valid time/],
    [["--since", "2026-11-02", "--until", "2026-11-02"], /must be after --since/],
    [["--timezone", "Mars/Base"], /--timezone is unknown/],
    [["--days", "0"], /--days must be a whole number/],
    [["--days", "2", "--since", "2026-11-02"], /--days replaces/],
    [["--changed-since", "last"], /--changed-since is not a valid time/],
    [["--keep", "30"], /--keep is not a duration/],
    [["--config", "dagsync.yaml"], /use --config only with a pipeline/],
  ];
  for (const [args, message] of refusals) {
    const { code, stderr } = await run(...args);
    expect([args, code, stderr]).toEqual([args, 2, expect.stringMatching(message)]);
  }
  expect(await dagsync(["export", "--at", at])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--into is missing/),
  });
  const nothing = await dagsync(["export", "verify", temporaryFolder()]);
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no exports/) });
  const secret = await dagsync(["export", "--at", at, "--into", "s3://key:hunter2@bucket/x"]);
  expect([secret.code, secret.stderr]).toEqual([2, expect.not.stringContaining("hunter2")]);
  expect(await dagsync(["export", "--at", at, "--into", "s3://bucket/x?format=csv"])).toMatchObject({ code: 2 });
});

test("days, and times without an offset, are those of the time zone", async () => {
  expect(await parseMoment("--since", "2026-11-01", "America/New_York")).toBe("2026-11-01T04:00:00.000000Z");
  expect(await parseMoment("--since", "2026-11-02 06:00", "America/New_York")).toBe("2026-11-02T11:00:00.000000Z");
  expect(await parseMoment("--since", "2026-11-02T06:00:00.000001+01:00", "America/New_York")).toBe(
    "2026-11-02T05:00:00.000001Z",
  );
  // A day of 25 hours, seen from the evening of the next one, which is the day after in UTC.
  expect(await lastDays(1, "America/New_York", Date.parse("2026-11-03T01:00Z"))).toEqual({
    since: "2026-11-01T04:00:00.000000Z",
    until: "2026-11-02T05:00:00.000000Z",
  });
});

test("progress shows the share and the time left, without counting reused files", () => {
  let now = 0;
  const progress = new ExportProgress(() => now);
  const file = { table: "runs", rows: 500, bytes: 12_345_678 } as never;
  progress.take({ type: "export-started", id: "x", rows: 2000, into: "to" });
  expect(progress.status()).toBeUndefined();
  expect(progress.take({ type: "file-written", file, resumed: true })).toBe("✓ runs: 500 rows, 12 MB, written before");
  now = 10_000;
  progress.take({ type: "rows-written", table: "tasks", rows: 500 });
  expect(progress.status()).toBe("tasks: 1,000 of 2,000 rows (50 %), about 20 s left");
});

test("Ctrl-C ends an export with 130, and repeating it resumes", async () => {
  const { at, into, run } = await synced();
  const stop = new AbortController();
  const stderr = {
    write(text: string) {
      if (text.startsWith("✓ airflow_dag_runs")) stop.abort(new Interrupted("SIGINT"));
    },
  };
  const stopped = await dagsync(["export", "--at", at, "--into", into], { env, stderr, signal: stop.signal });
  expect([stopped.code, stopped.stdout]).toEqual([130, ""]);
  const verified = await dagsync(["export", "verify", into]);
  // A folder without a complete export is no backup.
  expect([verified.code, verified.stdout]).toEqual([
    1,
    expect.stringMatching(/is unfinished: run the same export again/),
  ]);
  const { code, stderr: said } = await run();
  expect([code, said]).toEqual([0, expect.stringMatching(/✓ airflow_dag_runs: .* written before\n/)]);
  expect((await dagsync(["export", "verify", into])).stdout).toMatch(/^✓ .*\n$/);
});

test("verify fails for a file beside exported ones that no export wrote", async () => {
  const { into, run } = await synced();
  const { stdout } = await run("--layout", "hive");
  const [{ path }] = manifestOf(into, stdout).files;
  const foreign = join(into, path, "..", "somebody's.parquet");
  writeFileSync(foreign, "PAR1");
  const { code, stdout: said } = await dagsync(["export", "verify", into]);
  expect([code, said]).toEqual([1, expect.stringMatching(/✗ .*\/somebody's\.parquet is in no manifest/)]);
  expect((await run("--layout", "hive", "--keep", "1s")).code).toBe(0);
  expect(readFileSync(foreign, "utf8")).toBe("PAR1");
});
