/** A configuration's settings for reports: deadlines, and pairs of a DAG and a job. */
import * as z from "zod";

const text = z.string("must be text: put it in quotes").min(1, "is empty");
const object = "must be a mapping of keys to values";
const weekday = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*";
const weekdays = new RegExp(`^${weekday}(?:-${weekday})?(?:[\\s,]+${weekday}(?:-${weekday})?)*$`, "i");
const days = z
  .string("must be weekdays, as in mon-fri")
  .regex(weekdays, "must be weekdays, as in mon-fri or [mon, wed]");

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

export const deadline = z
  .strictObject(
    {
      dag: text.optional().describe("The DAG with the deadline. Or:"),
      job: text.optional().describe("Dagster's job."),
      pipeline: text.optional().describe("The pipeline, if several have a DAG or job of that name."),
      done_by: z
        .string("must be text: put it in quotes")
        .regex(/^(?:[01]?\d|2[0-3]):[0-5]\d$/, "must be a time of day, as in 06:30")
        .optional()
        .describe("A run must have succeeded by this time of day, as in 06:30. Or:"),
      within: z
        .string("must be text: put it in quotes")
        .regex(/^\s*(?:\d+(?:\.\d+)?\s*[dhms]\s*)+$/, "must be a duration, as in 45m or 1h30m")
        .optional()
        .describe("Every run must succeed within this time after it was due: 45m, 1h30m."),
      timezone: text
        .refine(isTimezone, "must be an IANA name, as in Europe/Berlin")
        .optional()
        .describe("Time zone of done_by. Default: that of the report."),
      days: z
        .union([days, z.array(days, "must be weekdays, as in mon-fri").min(1, "is an empty list")])
        .optional()
        .describe("Weekdays for done_by: mon-fri, or a list. Default: every day."),
    },
    object,
  )
  .refine(({ dag, job }) => (dag === undefined) !== (job === undefined), "must name either a dag or a job")
  .refine(
    ({ done_by, within }) => (done_by === undefined) !== (within === undefined),
    "must have either done_by or within",
  )
  .refine(
    ({ within, timezone, days }) => within === undefined || (timezone ?? days) === undefined,
    "has timezone or days, which need done_by",
  );

export const pair = z.strictObject({ airflow: text.describe("The DAG."), dagster: text.describe("The job.") }, object);
