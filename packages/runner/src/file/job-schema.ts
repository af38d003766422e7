/** Schema of a job: of its file, or of a schedule's `job`. */
import * as z from "zod";
import { amount, whole } from "./lax.ts";
import { patternOf } from "./pattern.ts";

export const text = z.string("must be text: put it in quotes").min(1, "is empty");
export const object = "must be a mapping of keys to values";

const words = z.array(text, "must be a list of texts").min(1, "is an empty list");
const textOrWords = z.union([text, words], "must be text or a list of texts");

/** How to retry a failed job. */
export const retrySchema = z
  .object(
    {
      max_retries: whole("", 0).default(3).describe("Maximum number of retries."),
      initial_delay_seconds: amount(0)
        .nullish()
        .describe("Pause before the first retry, in seconds. Default: retry_delay_seconds, or 5."),
      retry_delay_seconds: amount(0).nullish().describe("Older name of initial_delay_seconds, which takes precedence."),
      max_delay_seconds: amount(0).default(300).describe("The longest pause, in seconds."),
      backoff_multiplier: amount(0).default(2).describe("Factor by which each pause exceeds the previous one."),
      retryable_exit_codes: z
        .array(whole("", -255), "must be a list of exit codes")
        .default([1, 2])
        .describe("Only runs that end with one of these exit codes are retried."),
      retryable_error_patterns: z
        .array(
          text.refine((pattern) => patternOf(pattern) !== undefined, "must be a regular expression"),
          "must be a list of regular expressions",
        )
        .nullish()
        .describe(
          "Case-insensitive regular expressions. If there are any, a run is only retried if its stderr is empty or matches one.",
        ),
      retryable_errors: z
        .array(text, "must be a list of texts")
        .nullish()
        .describe("Ignored, as in the original runner."),
    },
    object,
  )
  .describe("How to retry failed runs. Without it, they are not retried.");

const kinds = ["sync", "report", "export", "command"] as const;

const jobFields = {
  tenant_id: text
    .optional()
    .describe("The tenant that owns the job. At most concurrency_per_tenant jobs of a tenant run at once."),
  connector_type: text.optional().describe("The source, as log lines name it. Default: the kind of job."),
  sync: textOrWords.optional().describe("Arguments of dagsync sync, such as a pipeline of dagsync.yaml. Or:"),
  report: textOrWords.optional().describe("Arguments of dagsync report. Or:"),
  export: textOrWords.optional().describe("Arguments of dagsync export. Or:"),
  command: textOrWords
    .optional()
    .describe("A command: a list is a program and its arguments, a text is run by the shell."),
  retry_config: retrySchema.nullish(),
};

type JobValue = { readonly [Key in (typeof kinds)[number]]?: unknown };

const hasOneKind = (job: JobValue) => kinds.filter((kind) => job[kind] !== undefined).length === 1;

/** A job in our own format. */
export const jobSchema = z
  .object(jobFields, object)
  .refine(hasOneKind, "must have exactly one of sync, report, export and command")
  .meta({ oneOf: kinds.map((kind) => ({ required: [kind] })) });

/** A job in the original runner's format, which its own command executes. Other keys are passed through unchecked. */
export const foreignJobSchema = z.looseObject(
  {
    tenant_id: text,
    source_connector_path: text,
    source_connector: text.nullish(),
    source: z.looseObject({ type: text.optional() }).nullish(),
    retry_config: retrySchema.nullish(),
  },
  object,
);

/** Whether a job is in the original runner's format. */
export function isForeignJob(value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null;
  return isObject && "source_connector_path" in value && !kinds.some((kind) => kind in value);
}

export type JobConfig = z.output<typeof jobSchema>;
export type ForeignJobConfig = z.output<typeof foreignJobSchema>;
export type RetryConfig = z.output<typeof retrySchema>;
