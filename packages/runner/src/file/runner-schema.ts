/** What `runner.yaml` may say. Its descriptions become the JSON Schema that editors read. */
import * as z from "zod";
import { checkCron } from "../cron/parse.ts";
import { isTimezone } from "../cron/zone.ts";
import { jobSchema, object, text } from "./job-schema.ts";
import { flag, whole } from "./lax.ts";

/** Where the JSON Schema of the released files is. */
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
      config: text.nullish().describe("The job's file. A relative path starts at this file."),
      job: jobSchema.optional().describe("The job itself, instead of its file."),
      cron: cron.nullish().describe("When to run: minute, hour, day of month, month, day of week. Or:"),
      interval_seconds: whole(" of seconds", 1)
        .nullish()
        .describe("How often to run, in seconds, counted from 1970-01-01T00:00Z: 3600 runs at every full hour."),
      enabled: flag().default(true).describe("Whether it runs. May be edited at any time."),
      timezone: text
        .refine(isTimezone, "must be an IANA name, as in Europe/Berlin")
        .default("UTC")
        .describe("The time zone of cron."),
      max_concurrent_runs: whole("", 1).default(1).describe("Maximum number of concurrent runs of this schedule."),
      tags: z.record(z.string(), text, object).nullish().describe("Your own labels, added to log lines."),
      catchup: z
        .enum(["skip", "one", "all"], "must be skip, one or all")
        .default("one")
        .describe(
          "What to do about runs that were missed while no runner was active: skip them, run the last one, or run all.",
        ),
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
    'must have either "cron" or "interval_seconds", and has neither',
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
      .describe("Who runs the schedules once they are deployed. dagsync run runs them by itself, whatever this says."),
    schedules: z.array(schedule, "must be a list").describe("What to run when."),
    concurrency_per_tenant: whole("", 1)
      .default(1)
      .describe("How many jobs of a tenant may run at once, on all machines that share a state."),
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

/** The file, all of it under `runner`. */
const runnerFileSchema = z
  .object({ runner }, object)
  .describe("runner.yaml: which jobs dagsync run runs, when, and how often it repeats one that failed.");

/** What the file says. */
export type RunnerConfig = z.output<typeof runner>;
export type ScheduleConfig = z.output<typeof schedule>;

/** The schema for a file that says this: the original's reader wants no `runner` around everything, its guide has it. */
export function runnerSchemaFor(value: unknown): z.ZodType<RunnerConfig> {
  const isBare = typeof value === "object" && value !== null && !("runner" in value) && "orchestrator" in value;
  return isBare ? runner : runnerFileSchema.transform((file) => file.runner);
}

/** The same as JSON Schema, as text. */
export function runnerJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(runnerFileSchema, { override: whatMayBeMissing });
  return `${JSON.stringify({ $schema, $id: schemaUrl, title: "runner.yaml", ...rest }, null, 2)}\n`;
}

/** What has a default may be missing from a file, if not from what was read. */
function whatMayBeMissing({
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
