/** Schema of `runner.yaml`. Its descriptions end up in the JSON Schema that editors read. */
import * as z from "zod";
import { checkCron } from "../cron/parse.ts";
import { isTimezone } from "../cron/zone.ts";
import { jobSchema, object, text } from "./job-schema.ts";
import { flag, whole } from "./lax.ts";

/** URL of the published JSON Schema. */
const schemaUrl =
  "https://raw.githubusercontent.com/org/orchestration-sync/main/packages/runner/schema/runner.schema.json";

const cron = text.superRefine((expression, context) => {
  const reason = checkCron(expression);
  if (reason !== undefined) context.addIssue({ code: "custom", message: reason });
});

const schedule = z
  .object(
    {
      name: text.max(200, "is longer than 200 characters").describe("A unique name."),
      config: text.nullish().describe("The job's file. Relative paths are resolved against this file."),
      job: jobSchema.optional().describe("The job, inline instead of in a file."),
      cron: cron.nullish().describe("When to run: minute, hour, day of month, month, day of week. Or:"),
      interval_seconds: whole(" of seconds", 1)
        .nullish()
        .describe("How often to run, in seconds, counted from 1970-01-01T00:00Z: 3600 runs at every full hour."),
      enabled: flag().default(true).describe("Whether it runs. Can be changed at any time."),
      timezone: text
        .refine(isTimezone, "must be an IANA name, as in Europe/Berlin")
        .default("UTC")
        .describe("The time zone of cron."),
      max_concurrent_runs: whole("", 1).default(1).describe("Maximum number of concurrent runs of this schedule."),
      tags: z.record(z.string(), text, object).nullish().describe("Labels of your own, added to log lines."),
      catchup: z
        .enum(["skip", "one", "all"], "must be skip, one or all")
        .default("one")
        .describe("How to catch up runs missed while no runner was active: skip them, run the last one, or run all."),
    },
    object,
  )
  .refine(({ config, job }) => (config ?? job) !== undefined, 'lacks "config": the path of the job\'s file')
  .refine(
    ({ config, job }) => (config ?? undefined) === undefined || job === undefined,
    "must have either config or job",
  )
  .refine(
    ({ cron, interval_seconds }) => (cron ?? interval_seconds ?? undefined) !== undefined,
    'must have either "cron" or "interval_seconds": add one',
  )
  .refine(
    ({ cron, interval_seconds }) => (cron ?? undefined) === undefined || (interval_seconds ?? undefined) === undefined,
    'must have either "cron" or "interval_seconds", not both: remove one',
  )
  .meta({
    allOf: [
      { oneOf: [{ required: ["cron"] }, { required: ["interval_seconds"] }] },
      { oneOf: [{ required: ["config"] }, { required: ["job"] }] },
    ],
  });

const orchestrator = z.object(
  {
    type: z
      .enum(["dagster", "airflow"], "must be dagster or airflow")
      .default("dagster")
      .describe("The scheduler to deploy to. dagsync run ignores it and runs the schedules itself."),
    schedules: z.array(schedule, "must be a list").describe("What to run, and when."),
    concurrency_per_tenant: whole("", 1)
      .default(1)
      .describe("Maximum number of concurrent jobs per tenant, across all machines that share a state."),
  },
  object,
);

const runner = z.object(
  {
    mode: z
      .enum(["orchestrated", "oneshot"], "must be orchestrated or oneshot")
      .default("orchestrated")
      .describe("orchestrated: run the schedules until stopped. oneshot: run each enabled schedule once, now."),
    orchestrator,
  },
  object,
);

/** The whole file, under the key `runner`. */
const runnerFileSchema = z
  .object({ runner }, object)
  .describe("runner.yaml: the jobs of dagsync run, when they run, and how they are retried.");

/** The parsed file. */
export type RunnerConfig = z.output<typeof runner>;
export type ScheduleConfig = z.output<typeof schedule>;

/** The schema for this file. `runner` may be missing: the original's parser rejects the key, its guide has it. */
export function runnerSchemaFor(value: unknown): z.ZodType<RunnerConfig> {
  const isBare = typeof value === "object" && value !== null && !("runner" in value) && "orchestrator" in value;
  return isBare ? runner : runnerFileSchema.transform((file) => file.runner);
}

/** The JSON Schema, as text. */
export function runnerJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(runnerFileSchema, { override: makeDefaultsOptional });
  return `${JSON.stringify({ $schema, $id: schemaUrl, title: "runner.yaml", ...rest }, null, 2)}\n`;
}

/** Keys with defaults are required in the output type, but optional in a file. */
function makeDefaultsOptional({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: { required?: string[] };
}) {
  if (!(zodSchema instanceof z.ZodObject) || !jsonSchema.required) return;
  const { shape } = zodSchema;
  const required = jsonSchema.required.filter((key) => !(shape[key] as z.ZodType).safeParse(undefined).success);
  if (required.length > 0) jsonSchema.required = required;
  else delete jsonSchema.required;
}
