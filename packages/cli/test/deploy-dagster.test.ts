import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPython } from "@org/testkit/servers/find-python";
import { expect, onTestFinished, test } from "vitest";
import { dagsync, temporaryFolder } from "./helpers.ts";

/** A folder with a dagsync.yaml of two pipelines and a runner.yaml with these schedules; jobs are deployed from there. */
function runner(schedules: readonly object[], orchestrator: object = {}) {
  const folder = temporaryFolder();
  const into = join(folder, "dagster");
  mkdirSync(into);
  const write = (name: string, value: object) => writeFileSync(join(folder, name), JSON.stringify(value));
  write("runner.yaml", { runner: { orchestrator: { schedules, ...orchestrator } } });
  write("dagsync.yaml", {
    // Nobody needs to know the variables before a job runs.
    sources: { a: { kind: "airflow", url: "$URL", token: "$TOKEN" }, d: { kind: "dagster", url: "http://d:3000" } },
    destinations: { local: "duckdb:$FILE" },
    pipelines: [
      { name: "prod", from: "a", to: "local", prefix: "prod_" },
      { name: "my d/1", from: "d", to: "local", streams: ["runs", "assets"] },
    ],
  });
  const path = join(into, "dagsync_definitions.py");
  const deploy = async (...more: readonly string[]) => {
    const cwd = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(cwd));
    return dagsync(["deploy", "dagster", "--into", into, "--workdir", "/app", ...more]);
  };
  return { folder, into, path, write, deploy, text: () => readFileSync(path, "utf8") };
}

const job = { command: "true" };
const daily = (name: string, change: object = {}) => ({ name, cron: "@daily", job, ...change });

interface Read {
  readonly SCHEDULES: readonly Record<string, unknown>[];
  readonly VERIFICATIONS: readonly Record<string, unknown>[];
}

const python = await findPython().catch(() => undefined);

/** The data in the file, as Python reads it. */
function read(path: string): Read {
  const script = `import ast, json, sys
body = ast.parse(open(sys.argv[1], encoding="utf-8").read()).body
data = {b.targets[0].id: ast.literal_eval(b.value) for b in body if isinstance(b, ast.Assign) and b.targets[0].id in ("SCHEDULES", "VERIFICATIONS")}
print(json.dumps(data))`;
  return JSON.parse(execFileSync(python!.executable, ["-c", script, path], { encoding: "utf8" })) as Read;
}

const keysOf = (assets: unknown) => (assets as { readonly key: readonly string[] }[]).map(({ key }) => key.join("/"));

test.skipIf(!python)("a schedule becomes data that Python reads, whatever stands in it", async () => {
  const hostile = '"""\'\n\\ é \u2028 😀 {x} %s';
  const { deploy, path } = runner([
    daily("a-b", {
      timezone: "Europe/Berlin",
      tags: { team: hostile, "dagster/priority": "3", "my tag": "x" },
      max_concurrent_runs: 3,
      job: { command: [hostile], tenant_id: hostile, retry_config: { retryable_error_patterns: [hostile] } },
    }),
    { name: "type", interval_seconds: 90, enabled: false, catchup: "all", job },
  ]);
  expect(await deploy()).toMatchObject({ code: 0, stderr: "" });
  const { SCHEDULES } = read(path);
  expect(SCHEDULES).toMatchObject([
    {
      ...{ name: "a_b", description: "a-b of runner.yaml: @daily Europe/Berlin", command: [hostile], cwd: "/app" },
      ...{ cron: "@daily", timezone: "Europe/Berlin", interval: null, enabled: true, assets: [], reports: false },
      environment: { DAGSYNC_JOB: "a-b", DAGSYNC_TENANT: hostile },
      retry: {
        ...{ max_retries: 3, exit_codes: [1, 2], error_patterns: [hostile] },
        ...{ initial_delay: 5, multiplier: 2, max_delay: 300 },
      },
    },
    { name: "type_", cron: null, interval: 90, enabled: false, catchup: "all", retry: null },
  ]);
  expect(SCHEDULES[0]?.tags).toEqual({
    ...{ team: hostile, my_tag: "x", "dagster/priority": "3", "dagster/retry_on_asset_or_op_failure": "false" },
    ...{ "dagsync/schedule": "a-b", "dagsync/tenant": hostile, "dagsync/connector": "command" },
    "dagsync/at_most_3": "a-b",
  });
});

test("the file imports Dagster and Python's own modules only", async () => {
  const { deploy, text } = runner([daily("a")]);
  await deploy();
  const imported = text().match(/^(?:import|from) .*/gm);
  expect(imported?.map((line) => line.split(" ")[1])).toEqual([
    ...["datetime", "os", "re", "signal", "subprocess", "threading", "time", "dagster"],
  ]);
});

test.skipIf(!python)("each table is an asset of the first schedule that syncs it; others report about it", async () => {
  const { deploy, path } = runner([
    daily("prod", { job: { sync: ["prod", "--streams", "dags,dag_runs"] } }),
    daily("all", { job: { sync: "--reconcile" } }),
    daily("named", { job: { sync: "--from dagster:http://h:3000/x --to duckdb:o --streams runs" } }),
  ]);
  expect(await deploy()).toMatchObject({ code: 0 });
  const { SCHEDULES, VERIFICATIONS } = read(path);
  expect(SCHEDULES.map(({ assets, reported_assets }) => [keysOf(assets), keysOf(reported_assets)])).toEqual([
    [["prod/prod_airflow_dags", "prod/prod_airflow_dag_runs"], []],
    [[], ["prod/prod_airflow_task_instances", "my_d_1/dagster_runs", "my_d_1/dagster_assets"]],
    [["dagster_h_3000_x/dagster_runs"], []],
  ]);
  expect(VERIFICATIONS.map(({ name, command }) => [name, command])).toEqual([
    ["verify_prod", ["dagsync", "verify", "prod", "--since", "1d"]],
    ["verify_my_d_1", ["dagsync", "verify", "my d/1", "--since", "1d"]],
    [
      "verify_dagster_h_3000_x",
      ["dagsync", "verify", "--from", "dagster:http://h:3000/x", "--to", "duckdb:o", "--since", "1d"],
    ],
  ]);
});

test("what is deployed again changes only what changed, and --dry-run shows that and writes nothing", async () => {
  const schedules = [daily("a"), daily("b")];
  const { deploy, text, write } = runner(schedules);
  expect((await deploy("--dry-run")).stdout).toContain("+++ b/dagsync_definitions.py");
  expect(() => text()).toThrow("ENOENT");
  const first = await deploy();
  expect(first.stdout).toContain("+ dagsync_definitions.py\n1 new");
  expect(first.stdout).toContain("load_from:\n  - python_file:");
  expect((await deploy()).stdout).toBe("0 new, 0 changed, 0 removed, 1 unchanged.\n");
  const before = text();
  write("runner.yaml", {
    runner: { orchestrator: { schedules: [schedules[0], daily("b", { timezone: "Asia/Tokyo" })] } },
  });
  const { stdout } = await deploy("--dry-run");
  expect(stdout.match(/^[-+](?![-+]).*/gm)).toEqual([
    '-        "description": "b of runner.yaml: @daily UTC",',
    '+        "description": "b of runner.yaml: @daily Asia/Tokyo",',
    '-        "timezone": "UTC",',
    '+        "timezone": "Asia/Tokyo",',
  ]);
  expect(text()).toBe(before);
});

test("the limits that the schedules need are printed", async () => {
  const { deploy } = runner(
    [daily("a", { job: { ...job, tenant_id: "t" } }), daily("b", { max_concurrent_runs: 12 }), daily("c")],
    { concurrency_per_tenant: 2 },
  );
  expect((await deploy()).stdout).toContain(`concurrency:
  runs:
    tag_concurrency_limits:
      - { key: dagsync/tenant, value: { applyLimitPerUniqueValue: true }, limit: 2 }
      - { key: dagsync/at_most_1, value: { applyLimitPerUniqueValue: true }, limit: 1 }
      - { key: dagsync/at_most_12, value: { applyLimitPerUniqueValue: true }, limit: 12 }
`);
});

test("what Dagster does otherwise is told", async () => {
  const { deploy } = runner([daily("a", { catchup: "all" }), { name: "b", interval_seconds: 5, catchup: "all", job }]);
  expect((await deploy()).stderr).toBe(
    "dagsync: a: after a pause, Dagster makes up for one missed run of a cron schedule, whatever catchup says.\n",
  );
});

test.each<[string, readonly object[], RegExp]>([
  [
    "two names that become one",
    [daily("a b"), daily("a-b")],
    /schedule "a b" and the schedule "a-b" would both be called a_b/,
  ],
  ["a name that a part of another has", [daily("a"), daily("a__command")], /would both be called a__command/],
  ["a reserved tag", [daily("a", { tags: { "dagsync/tenant": "x" } })], /Schedule "a": tags that begin with dagsync\//],
  [
    "an unknown pipeline",
    [daily("a", { job: { sync: "prd" } })],
    /Schedule "a": .*no pipeline "prd"\. Did you mean "prod"\?/,
  ],
  ["an option that sync does not have", [daily("a", { job: { sync: "prod --strems x" } })], /Schedule "a": .*--strems/],
  [
    "a file that is not there",
    [daily("a", { job: { sync: "--config no.yaml" } })],
    /no file no\.yaml.*Deploy from the folder/,
  ],
  ["a secret", [daily("a", { job: { command: "x --token abc123" } })], /seems to contain a password or token/],
  [
    "a job that is not there, even if disabled",
    [daily("a", { job: undefined, config: "no.yaml", enabled: false })],
    /does not exist/,
  ],
])("%s is refused, and nothing is written", async (_, schedules, message) => {
  const { deploy, text } = runner(schedules);
  expect(await deploy()).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  expect(() => text()).toThrow("ENOENT");
});

test("somebody else's file is left alone", async () => {
  const { deploy, path } = runner([daily("a")]);
  writeFileSync(path, "# mine\n");
  expect(await deploy()).toMatchObject({ code: 2, stderr: expect.stringContaining("is in the way") });
});
