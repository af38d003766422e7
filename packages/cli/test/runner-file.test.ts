import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readRunner } from "../src/config/runner-file.ts";
import { dagsync, temporaryFolder } from "./helpers.ts";

/** Writes files, and reads the runner.yaml among them. Removes the folder from error messages. */
async function read(files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text.replaceAll("FOLDER", folder));
  }
  try {
    return await readRunner(join(folder, "runner.yaml"));
  } catch (error) {
    throw new Error((error as Error).message.replaceAll(`${folder}/`, ""), { cause: error });
  }
}

const foreignJob = `
tenant_id: acme
environment: production
source_connector: stripe
source_connector_path: /app/connectors/stripe.yaml
target_connector_path: /app/connectors/iceberg.yaml
asset_path: /app/assets/stripe/v1.0/customers.yaml
source: { objects: [customers] }
retry_config:
  max_retries: 3
  retry_delay_seconds: 7
  retryable_exit_codes: [1, 2]
  retryable_error_patterns: ["(?i)rate.?limit"]
  retryable_errors: [timeout]
`;

/** From the original runner's guide. */
const original = `
runner:
  mode: orchestrated
  orchestrator:
    type: airflow
    schedules:
      # Cron-based schedule
      - name: stripe_customers_hourly
        config: FOLDER/jobs/stripe.yaml
        cron: "0 * * * *"
        enabled: true
        timezone: "UTC"
        max_concurrent_runs: 1
        tags:
          environment: "production"
          priority: "high"

      # Interval-based schedule (every 6 hours)
      - name: hubspot_contacts_daily
        config: jobs/stripe.yaml
        interval_seconds: 21600
        enabled: yes
        timezone: "America/New_York"
        tags: { environment: "production" }

      - name: gsheets_vendors_daily
        config: /app/jobs/acme/not-here.yaml
        cron: "10 1 * * *"
        enabled: off
    concurrency_per_tenant: 1
`;

test("reads an unchanged file of the original runner, and its jobs", async () => {
  const file = await read({ "runner.yaml": original, "jobs/stripe.yaml": foreignJob });
  expect(file).toMatchObject({ mode: "orchestrated", concurrencyPerTenant: 1, disabled: ["gsheets_vendors_daily"] });
  expect(file.notices).toEqual([]);
  expect(file.schedules).toMatchObject([
    {
      name: "stripe_customers_hourly",
      when: "0 * * * * UTC",
      tags: { environment: "production", priority: "high" },
      maxConcurrentRuns: 1,
      catchup: "one",
      job: {
        tenant: "acme",
        connectorType: "stripe",
        command: {
          kind: "program",
          args: ["dativo", "run", "--config", expect.stringMatching(/jobs.stripe\.yaml$/), "--mode", "self_hosted"],
        },
        retry: { max_retries: 3, retry_delay_seconds: 7, max_delay_seconds: 300, backoff_multiplier: 2 },
      },
    },
    { name: "hubspot_contacts_daily", when: "every 21600 s", timezone: "America/New_York" },
  ]);
});

test("reads the form without the runner key, which the original's parser requires, with the same defaults", async () => {
  const { schedules, mode, concurrencyPerTenant } = await read({
    "runner.yaml": "orchestrator: { schedules: [{ name: a, config: job.yaml, cron: '@daily' }] }",
    "job.yaml": "sync: prod",
  });
  expect({ mode, concurrencyPerTenant }).toEqual({ mode: "orchestrated", concurrencyPerTenant: 1 });
  expect(schedules[0]).toMatchObject({ timezone: "UTC", maxConcurrentRuns: 1, tags: {} });
});

test.each([
  ["sync: prod", { kind: "dagsync", args: ["sync", "prod"] }, "sync"],
  [
    "sync: [prod, staging, --parallel, '4']",
    { kind: "dagsync", args: ["sync", "prod", "staging", "--parallel", "4"] },
    "sync",
  ],
  [
    "report: --at warehouse --html report.html",
    { kind: "dagsync", args: ["report", "--at", "warehouse", "--html", "report.html"] },
    "report",
  ],
  ["export: [dag_runs]", { kind: "dagsync", args: ["export", "dag_runs"] }, "export"],
  [
    "command: 'curl -f https://example.com | wc -l'",
    { kind: "shell", text: "curl -f https://example.com | wc -l" },
    "command",
  ],
  ["command: [./load.sh, a b]", { kind: "program", args: ["./load.sh", "a b"] }, "command"],
])("runs the right command for the job %s", async (job, command, connectorType) => {
  const inFile = await read({ "runner.yaml": only("config: job.yaml"), "job.yaml": `${job}\ntenant_id: acme` });
  const inline = await read({ "runner.yaml": only(`job: { ${job}, tenant_id: acme }`) });
  for (const { schedules } of [inFile, inline]) {
    expect(schedules[0]!.job).toEqual({ tenant: "acme", connectorType, command, retry: undefined });
  }
});

const only = (lines: string) => `runner:
  orchestrator:
    schedules:
      - name: a
        interval_seconds: 60
        ${lines}
`;

test("accepts text as numbers and booleans where the original does", async () => {
  const text = only(`job: { command: "true" }
        enabled: "Yes"
        max_concurrent_runs: "3"`);
  expect((await read({ "runner.yaml": text })).schedules).toMatchObject([{ maxConcurrentRuns: 3 }]);
});

test("ignores unknown keys, as the original does, and warns about them", async () => {
  const text = only(`job: { command: "true" }
        timezon: Europe/Berlin`);
  const { notices } = await read({ "runner.yaml": text });
  expect(notices).toEqual([
    expect.stringMatching(
      /runner\.yaml:7:9: runner\.orchestrator\.schedules\[0\] has a key that is not known\. Did you mean "timezone"\?$/,
    ),
  ]);
});

test.each([
  ["", 'runner.yaml:1:1: the file lacks "runner".'],
  [
    only("cron: '* * * * *'\n        job: { sync: a }"),
    'runner.yaml:4:9: runner.orchestrator.schedules[0] must have either "cron" or "interval_seconds", not both: remove one.',
  ],
  [
    only("config: nowhere.yaml"),
    "runner.yaml:6:17: runner.orchestrator.schedules[0].config names a file that does not exist. Correct the path.",
  ],
  [
    only("job: { comand: x }\n        cron: 5"),
    `runner.yaml cannot be used:
  runner.yaml:6:14: runner.orchestrator.schedules[0].job must have exactly one of sync, report, export and command.
  runner.yaml:7:15: runner.orchestrator.schedules[0].cron must be text: put it in quotes.
  runner.yaml:6:16: runner.orchestrator.schedules[0].job has a key that is not known. Did you mean "command"?`,
  ],
  [
    "runner: { orchestrator: { schedule: [] } }",
    `runner.yaml cannot be used:
  runner.yaml:1:25: runner.orchestrator lacks "schedules".
  runner.yaml:1:27: runner.orchestrator has a key that is not known. Did you mean "schedules"?`,
  ],
  [
    only("job: {}"),
    "runner.yaml:6:14: runner.orchestrator.schedules[0].job must have exactly one of sync, report, export and command.",
  ],
  [
    only("job: { sync: a }\n        timezone: Mars/Phobos"),
    "runner.yaml:7:19: runner.orchestrator.schedules[0].timezone must be an IANA name, as in Europe/Berlin.",
  ],
  [
    only("job: { sync: a }\n        max_concurrent_runs: 0"),
    "runner.yaml:7:30: runner.orchestrator.schedules[0].max_concurrent_runs must be at least 1.",
  ],
  [
    only("job: { sync: a }\n        tags: { team: 5 }"),
    "runner.yaml:7:23: runner.orchestrator.schedules[0].tags.team must be text: put it in quotes.",
  ],
  [
    only("job: { sync: a }").replace("interval_seconds: 60", "cron: 0 25 * * *"),
    "runner.yaml:5:15: runner.orchestrator.schedules[0].cron has an invalid hour: it must be from 0 to 23.",
  ],
  [
    only("job: { sync: a }").replace("interval_seconds: 60", "cron: * * * * *"),
    "runner.yaml:5:15: a value that begins with * or & must be in quotes.",
  ],
  [
    `${only("job: { sync: a }")}      - { name: a, cron: "@daily", job: { sync: b } }\n`,
    "runner.yaml:7:17: runner.orchestrator.schedules[1].name repeats the name of an earlier schedule. Give each schedule its own name.",
  ],
  [
    "orchestrator: { schedules: [{ name: a, job: { sync: a } }] }",
    'runner.yaml:1:29: orchestrator.schedules[0] must have either "cron" or "interval_seconds": add one.',
  ],
  [
    only("job: { sync: a, retry_config: { retryable_error_patterns: ['('] } }"),
    "runner.yaml:6:68: runner.orchestrator.schedules[0].job.retry_config.retryable_error_patterns[0] must be a regular expression.",
  ],
])("says what is wrong, and where: %#", async (text, message) => {
  await expect(read({ "runner.yaml": text })).rejects.toThrow(new Error(message));
});

test("reports a mistake in a job's file with that file's line", async () => {
  const files = {
    "runner.yaml": only("config: job.yaml"),
    "job.yaml": "sync: prod\nretry_config: { max_retries: many }",
  };
  await expect(read(files)).rejects.toThrow(
    new Error("job.yaml:2:30: retry_config.max_retries must be a whole number."),
  );
});

test("reads the example", async () => {
  const file = await readRunner(fileURLToPath(new URL("../../../examples/schedules/runner.yaml", import.meta.url)));
  expect(file).toMatchObject({ notices: [], disabled: ["nightly_load"] });
  expect(file.schedules.map(({ name, job }) => [name, job.command])).toEqual([
    ["sync_prod", { kind: "dagsync", args: ["sync", "prod"] }],
    ["morning_report", { kind: "dagsync", args: ["report", "--at", "warehouse", "--html", "report.html"] }],
  ]);
});

test.each([
  [["--state", "runner.db"], "--state must be sqlite:file, or postgres://user@host/database[?schema=]."],
  [["--state", "duckdb:runner.duckdb"], "--state must be sqlite:file, or postgres://user@host/database[?schema=]."],
  [["--state", "sqlite:"], "--state must be sqlite:file, or postgres://user@host/database[?schema=]."],
  [["--plan", "7 days"], "--plan is not a duration. Write a number and s, m, h or d, as in 12h or 1d."],
  [["--plan", "off"], "--plan is not a duration. Write a number and s, m, h or d, as in 12h or 1d."],
])("run rejects %j", async (options, message) => {
  const file = join(temporaryFolder(), "runner.yaml");
  writeFileSync(file, only('job: { command: "true" }'));
  const failed = { code: 2, stdout: "", stderr: `dagsync: ${message}\n` };
  expect(await dagsync(["run", "--config", file, ...options])).toEqual(failed);
  if (options[0] === "--state") {
    for (const more of [["history"], ["logs", "a"]])
      expect(await dagsync(["run", ...more, ...options])).toEqual(failed);
  }
});

test("history and logs create no state where there is none", async () => {
  const file = join(temporaryFolder(), "misspelled.sqlite");
  for (const command of [["history"], ["logs", "a"]]) {
    expect(await dagsync(["run", ...command, "--state", `sqlite:${file}`])).toEqual({
      code: 2,
      stdout: "",
      stderr: `dagsync: --state: there is no file ${file}. "dagsync run" writes it; or correct the path.\n`,
    });
  }
  expect(existsSync(file)).toBe(false);
});
