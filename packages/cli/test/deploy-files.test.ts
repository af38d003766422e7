import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPython } from "@org/testkit/servers/find-python";
import { expect, test } from "vitest";
import { diffOf } from "../src/deploy/files.ts";
import { python } from "../src/deploy/python.ts";
import { dagsync, temporaryFolder } from "./helpers.ts";

/** A runner.yaml with these schedules, and a folder for DAG files. */
function runner(...schedules: readonly object[]) {
  const folder = temporaryFolder();
  const dags = join(folder, "dags");
  mkdirSync(dags);
  const config = join(folder, "runner.yaml");
  const write = (all: readonly object[]) =>
    writeFileSync(config, JSON.stringify({ runner: { orchestrator: { schedules: all } } }));
  write(schedules);
  const deploy = (...more: readonly string[]) =>
    dagsync(["deploy", "airflow", "--config", config, "--dags-folder", dags, "--workdir", "/app", ...more]);
  return { dags, write, deploy, files: () => readdirSync(dags).sort() };
}

const schedule = (name: string, change: object = {}) => ({ name, cron: "@daily", job: { command: "true" }, ...change });

const found = await findPython().catch(() => undefined);

test.skipIf(!found)(
  "any text becomes a literal that Python reads as it was, and that shows nothing else than it is",
  async () => {
    const texts = [
      `"""\n'''\\`,
      "a\r\nimport os\u2028\u2029\u0085\f\v\0",
      "é ß Ж 漢 \u0301 \u202e \u00a0 \ufeff",
      "😀 𝒳 \u{10ffff}",
      "{{ var.value.x }} {% raw %} %s {0} \\N{BULLET} \\u0041",
    ];
    const literals = python([...texts, 1.5, 1e21, true, null, { "'": "\\" }]);
    expect(literals).not.toMatch(/[^\p{L}\p{N} -~]/u);
    const source = `import json\nprint(json.dumps(${literals}))`;
    const read = execFileSync(found!.executable, ["-"], { input: source, encoding: "utf8" });
    expect(JSON.parse(read)).toEqual([...texts, 1.5, 1e21, true, null, { "'": "\\" }]);
  },
);

test("a difference is shown as diff -u shows it", () => {
  const before = "1\n2\n3\n4\n5\n";
  const change = { kind: "changed", name: "x.py", before, after: before.replace("2", "two") } as const;
  expect(diffOf(change)).toBe("--- a/x.py\n+++ b/x.py\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n");
  expect(diffOf({ ...change, kind: "new", before: "", after: "1\n" })).toBe(
    "--- /dev/null\n+++ b/x.py\n@@ -0,0 +1,1 @@\n+1\n",
  );
});

test("a deploy writes a file for each enabled schedule, and the next one only what changed", async () => {
  const { files, deploy, dags, write } = runner(schedule("a"), schedule("b"), schedule("off", { enabled: false }));
  expect(await deploy()).toEqual({
    ...{ code: 0, stderr: "" },
    stdout: "+ dagsync_a.py\n+ dagsync_b.py\n2 new, 0 changed, 0 removed, 0 unchanged.\n",
  });
  expect((await deploy()).stdout).toBe("0 new, 0 changed, 0 removed, 2 unchanged.\n");
  write([schedule("a", { tags: { team: "data" } }), schedule("c")]);
  const before = readFileSync(join(dags, "dagsync_a.py"), "utf8");
  const dry = await deploy("--dry-run");
  expect(dry.stdout).toContain(
    '-    tags=["dagsync", "connector:command"],\n+    tags=["dagsync", "connector:command", "team:data"],',
  );
  expect(dry.stdout).toContain("--- /dev/null\n+++ b/dagsync_c.py\n");
  expect(dry.stdout).toContain("--- a/dagsync_b.py\n+++ /dev/null\n");
  expect(dry.stdout).toMatch(/Would be: 1 new, 1 changed, 1 removed, 0 unchanged\. Nothing was written\.\n$/);
  expect([files(), readFileSync(join(dags, "dagsync_a.py"), "utf8")]).toEqual([
    ["dagsync_a.py", "dagsync_b.py"],
    before,
  ]);
  expect((await deploy()).stdout).toBe(
    "~ dagsync_a.py\n- dagsync_b.py\n+ dagsync_c.py\n1 new, 1 changed, 1 removed, 0 unchanged.\n",
  );
  expect(files()).toEqual(["dagsync_a.py", "dagsync_c.py"]);
});

test("a schedule that is disabled keeps its file, as a DAG that is paused", async () => {
  const { deploy, dags, write } = runner(schedule("a"));
  await deploy();
  write([schedule("a", { enabled: false, job: undefined, config: "nowhere.yaml" })]);
  expect((await deploy()).stdout).toMatch(/^~ dagsync_a\.py\n/);
  expect(readFileSync(join(dags, "dagsync_a.py"), "utf8")).toContain("is_paused_upon_creation=True");
  expect((await deploy()).stdout).toMatch(/^0 new, 0 changed/);
});

test("the words of the file become those of Airflow", async () => {
  const retry = { max_retries: 9, initial_delay_seconds: 1, backoff_multiplier: 3, max_delay_seconds: 20 };
  const steady = { max_retries: 4, retry_delay_seconds: 7, backoff_multiplier: 1, retryable_exit_codes: [75] };
  const { deploy, dags } = runner(
    { ...schedule("a"), cron: "30 2 * * mon-fri", timezone: "Europe/Berlin", catchup: "all", max_concurrent_runs: 20 },
    { name: "b", interval_seconds: 90, job: { sync: "prod", tenant_id: "a/b", retry_config: retry } },
    schedule("c", { job: { command: ["x"], retry_config: steady } }),
    schedule("d", { catchup: "skip", job: { command: ["x"], retry_config: { ...steady, max_retries: 0 } } }),
  );
  const text = (name: string) => readFileSync(join(dags, `dagsync_${name}.py`), "utf8");
  expect(await deploy("--files-only", "--dagsync", "node '/opt/my bin.js'")).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/catchup: skip\. .* of d\.\n.*pools[\s\S]*airflow pools set 'tenant_a_b~\w{12}' 1/),
  });
  expect(text("a")).toContain('schedule=CronTriggerTimetable("30 2 * * mon-fri", timezone="Europe/Berlin", run_im');
  expect(text("a")).toMatch(/catchup=True,\n {4}max_active_runs=20,\n {4}max_active_tasks=20,/);
  expect(text("a")).toContain("@task(retries=1, retry_delay=timedelta(seconds=10))");
  expect(text("b")).toContain("schedule=DeltaTriggerTimetable(timedelta(seconds=90)),");
  expect(text("b")).toContain('COMMAND = ["node", "/opt/my bin.js", "sync", "prod"]');
  expect(text("b")).toMatch(/@task\(pool="tenant_a_b~\w{12}", retries=9, \*\*PAUSES\)/);
  expect(text("b")).toContain("RETRY_ON = [1, 2]");
  expect(text("b")).toContain("SECONDS = [1, 3, 9, 20] ");
  expect(text("b")).toMatch(/True if VERSION < "3\.2" else 3,\n +"max_retry_delay": timedelta\(seconds=20\)/);
  expect(text("c")).toContain("SECONDS = [7] ");
  expect(text("c")).toContain('False if VERSION < "3.2" else 0,');
  expect(text("d")).toMatch(/catchup=False[\s\S]*@task\(retries=1, retry_delay/);
  expect(text("d")).toContain("RETRY_ON = []");
});

test("tenants need a server, or somebody who creates their pools", async () => {
  const { deploy, files } = runner(schedule("a", { job: { command: "true", tenant_id: "acme" } }));
  expect(await deploy()).toMatchObject({ code: 2, stderr: expect.stringContaining("airflow pools set tenant_acme 1") });
  expect(files()).toEqual([]);
  expect(await deploy("--verify")).toMatchObject({ code: 2, stderr: expect.stringContaining("add --url") });
});

test("what other people or other deploys wrote is left alone", async () => {
  const { files, deploy, dags, write } = runner(schedule("a"));
  await deploy("--owner", "other");
  const mine = join(dags, "dagsync_b.py");
  writeFileSync(mine, "# mine\n");
  writeFileSync(
    join(dags, "copy.py"),
    "# Written by dagsync deploy airflow (dagsync). The next deploy overwrites it.\n",
  );
  const taken = await deploy();
  expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining("dagsync_a.py is in the way") });
  write([]);
  expect((await deploy()).stdout).toBe("0 new, 0 changed, 0 removed, 0 unchanged.\n");
  expect(files()).toEqual(["copy.py", "dagsync_a.py", "dagsync_b.py"]);
  expect(readFileSync(mine, "utf8")).toBe("# mine\n");
  rmSync(dags, { recursive: true });
  expect(await deploy()).toMatchObject({ code: 2, stderr: expect.stringContaining("there is no such folder") });
});

test.each([
  ["a b", "cannot be the id of a DAG"],
  ['a"\nimport os', "cannot be the id of a DAG"],
  ["a/../../b", "cannot be the id of a DAG"],
  ["é\u0301", "cannot be the id of a DAG"],
  ["漢".repeat(90), "too long for a file"],
])("the name %j is refused where Airflow does not take it", async (name, message) => {
  const { deploy, files } = runner(schedule("fine"), schedule(name));
  const { code, stderr } = await deploy();
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr.trim()).not.toContain("\n");
  expect(files()).toEqual([]);
});

test.each([
  [{ sync: ["--from", "airflow:http://a", "--to", "postgres://me:hunter22@db/x"] }],
  [{ command: "PGPASSWORD=hunter22 ./load.sh" }],
  [{ command: ["load", "--api-key", "hunter22"] }],
  [{ command: "curl -H 'x' --token hunter22" }],
  [{ command: "psql postgres://me:hunter22@db" }],
])("a secret is not written into a file: %j", async (job) => {
  const { deploy, files } = runner(schedule("a", { job }));
  const { code, stdout, stderr } = await deploy();
  expect([code, stderr]).toEqual([2, expect.stringContaining("seems to contain a password or token")]);
  expect(stdout + stderr).not.toContain("hunter22");
  expect(files()).toEqual([]);
});

test.each([
  [{ command: 'PGPASSWORD="$PGPASSWORD" psql postgres://me:$PW@db' }],
  [{ command: ["load", "--token-file", "/run/secrets/token", "--password-stdin"] }],
  [{ command: "curl -H @/run/secrets/header --token-file=x https://a:8080/b@c" }],
])("where a secret is to be found may be written: %j", async (job) => {
  expect(await runner(schedule("a", { job })).deploy()).toMatchObject({ code: 0, stderr: "" });
});

test("a command that no system can start is refused", async () => {
  const { deploy } = runner(schedule("a", { job: { command: ["a\0b"] } }));
  expect((await deploy()).stderr).toContain("which no program can receive");
});
