import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { runnerSchemaFor } from "../src/file/runner-schema.ts";

const schema = JSON.parse(readFileSync(new URL("../schema/runner.schema.json", import.meta.url), "utf8"));
const isValid = new Ajv2020({ strict: false }).compile(schema);

const schedule = { name: "a", cron: "0 * * * *", config: "job.yaml" };
const withSchedule = (change: object) => ({ runner: { orchestrator: { schedules: [{ ...schedule, ...change }] } } });
const withJob = (job: object) => withSchedule({ config: undefined, job });

const right = {
  "a minimal file": withSchedule({}),
  "no schedule": { runner: { orchestrator: { schedules: [] } } },
  "every key": {
    runner: {
      mode: "oneshot",
      orchestrator: {
        ...{ type: "airflow", concurrency_per_tenant: 3 },
        schedules: [
          {
            ...schedule,
            enabled: false,
            timezone: "Europe/Berlin",
            max_concurrent_runs: 2,
            tags: { team: "data" },
            catchup: "all",
          },
        ],
      },
    },
  },
  "an interval": withSchedule({ cron: undefined, interval_seconds: 60 }),
  "a job": withJob({
    sync: ["prod"],
    tenant_id: "acme",
    retry_config: { max_retries: 0, retryable_error_patterns: null },
  }),
};

const wrong = {
  "an empty file": {},
  "an unknown mode": { runner: { mode: "sometimes", orchestrator: { schedules: [] } } },
  "an unknown orchestrator": { runner: { orchestrator: { type: "prefect", schedules: [] } } },
  "no name": withSchedule({ name: undefined }),
  "no job": withSchedule({ config: undefined }),
  "two jobs": withSchedule({ job: { sync: "prod" } }),
  "neither cron nor interval": withSchedule({ cron: undefined }),
  "both cron and interval": withSchedule({ interval_seconds: 60 }),
  "an interval of zero": withSchedule({ cron: undefined, interval_seconds: 0 }),
  "zero concurrent runs": withSchedule({ max_concurrent_runs: 0 }),
  "a number as a tag": withSchedule({ tags: { priority: 1 } }),
  "an unknown catchup": withSchedule({ catchup: "some" }),
  "a job that does nothing": withJob({ tenant_id: "acme" }),
  "a job that does two things": withJob({ sync: "a", export: "b" }),
  "invalid exit codes": withJob({ sync: "a", retry_config: { retryable_exit_codes: ["x"] } }),
};

/** Drops `undefined`, which YAML cannot express. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test.each(Object.entries(right))("both parser and JSON Schema accept %s", (_, value) => {
  expect(runnerSchemaFor(plain(value)).safeParse(plain(value)).error).toBeUndefined();
  expect(isValid(plain(value)), JSON.stringify(isValid.errors)).toBe(true);
});

test.each(Object.entries(wrong))("both parser and JSON Schema reject %s", (_, value) => {
  expect(runnerSchemaFor(plain(value)).safeParse(plain(value)).success).toBe(false);
  expect(isValid(plain(value))).toBe(false);
});

test("the JSON Schema rejects an unknown key, which the parser ignores", () => {
  const unknown = { runner: { ...right["a minimal file"].runner, orchestrators: 1 } };
  expect(runnerSchemaFor(unknown).safeParse(unknown).success).toBe(true);
  expect(isValid(unknown)).toBe(false);
});
