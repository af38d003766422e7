/** Expected deadlines of runs, as written in configuration files. */
import { DateTime } from "luxon";
import { InsightsError } from "./errors.ts";
import { checkTimezone, DAY, HOUR, MINUTE, type Micros, microsOf, SECOND, type Window } from "./moments.ts";

interface Expected {
  readonly name: string;
  readonly orchestrator: "airflow" | "dagster";
  readonly pipeline?: string;
  /** Readable text. */
  readonly text: string;
}

/** Every day, or on some weekdays (1 is Monday), a run must have succeeded by a time of day. */
export interface DailyDeadline extends Expected {
  readonly hour: number;
  readonly minute: number;
  readonly timezone: string;
  readonly weekdays: ReadonlySet<number>;
}

/** Every run must succeed within this time after it was due. */
export interface RunDeadline extends Expected {
  readonly within: Micros;
}

export type Deadline = DailyDeadline | RunDeadline;

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const units: Readonly<Record<string, Micros>> = { d: DAY, h: HOUR, m: MINUTE, s: SECOND };
const keys = ["dag", "job", "pipeline", "done_by", "within", "timezone", "days"];

/**
 * Parses deadlines: `dag` or `job`, with `done_by: "06:30"` (and `timezone`, and `days: [mon-fri]`) or `within: 45m`,
 * and `pipeline` if several have one of that name.
 *
 * @param timezone of those that name none
 * @throws InsightsError `INVALID_PARAMETER`
 */
export function parseDeadlines(list: readonly unknown[], timezone: string): readonly Deadline[] {
  return list.map((given, index) => {
    const where = `expect, entry ${index + 1}`;
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw invalid(`${where} is not an object: write { dag: "sales", done_by: "06:30" }.`);
    }
    return parseDeadline(given as Readonly<Record<string, unknown>>, where, timezone);
  });
}

function parseDeadline(given: Readonly<Record<string, unknown>>, where: string, timezone: string): Deadline {
  const unknown = Object.keys(given).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw invalid(`${where} has an unknown key ${unknown}. It can have: ${keys.join(", ")}.`);
  for (const key of ["dag", "job", "pipeline", "done_by", "within", "timezone"]) {
    const value = given[key];
    if (value === undefined || (typeof value === "string" && value !== "")) continue;
    throw invalid(`${where}: ${key} must be a string: put it in quotes.`);
  }
  const { dag, job, pipeline, done_by, within } = given as Readonly<Record<string, string | undefined>>;
  if ((dag === undefined) === (job === undefined)) throw invalid(`${where} must name either a dag or a job.`);
  if ((done_by === undefined) === (within === undefined)) {
    throw invalid(`${where} (${dag ?? job}) must have either done_by or within.`);
  }
  const of = {
    name: (dag ?? job) as string,
    orchestrator: dag === undefined ? ("dagster" as const) : ("airflow" as const),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
  if (within !== undefined) {
    if (given.timezone !== undefined || given.days !== undefined) {
      throw invalid(`${where} (${of.name}): timezone and days need done_by, not within.`);
    }
    return { ...of, text: `within ${within}`, within: lengthOf(within, `${where} (${of.name})`) };
  }
  return { ...of, ...daily(given, done_by as string, `${where} (${of.name})`, timezone) };
}

function daily(given: Readonly<Record<string, unknown>>, done_by: string, where: string, timezone: string) {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(done_by) ?? [];
  if (hour === undefined) throw invalid(`${where}: done_by is ${JSON.stringify(done_by)}: write a time as in "06:30".`);
  const zone = checkTimezone((given.timezone as string | undefined) ?? timezone);
  const chosen = weekdaysOf(given.days, where);
  const names = weekdays.filter((_, index) => chosen.has(index + 1));
  const onDays = names.length === 7 ? "" : `, ${names.join(" ")}`;
  return {
    text: `by ${done_by} ${zone}${onDays}`,
    hour: Number(hour),
    minute: Number(minute),
    timezone: zone,
    weekdays: chosen,
  };
}

function weekdaysOf(given: unknown, where: string): ReadonlySet<number> {
  if (given === undefined) return new Set([1, 2, 3, 4, 5, 6, 7]);
  const parts = typeof given === "string" ? given.split(/[\s,]+/) : given;
  const chosen = new Set<number>();
  for (const part of Array.isArray(parts) ? parts : [""]) {
    const ends = String(part)
      .toLowerCase()
      .split("-")
      .map((name) => weekdays.indexOf(name.slice(0, 3)));
    const [first, last = first] = ends as [number, number?];
    if (ends.length > 2 || first < 0 || last < 0) {
      throw invalid(`${where}: days must be weekdays, as in [mon, wed] or mon-fri, not ${JSON.stringify(given)}.`);
    }
    for (let day = first; ; day = (day + 1) % 7) {
      chosen.add(day + 1);
      if (day === last) break;
    }
  }
  return chosen;
}

function lengthOf(text: string, where: string): Micros {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([dhms])/g)];
  const isWhole =
    parts.length > 0 && text.replace(/\s/g, "") === parts.map(([part]) => part.replace(/\s/g, "")).join("");
  if (!isWhole) throw invalid(`${where}: within is ${JSON.stringify(text)}: write a duration as in 45m or 1h30m.`);
  return Math.round(
    parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit as string] as number), 0),
  );
}

/** A deadline's times in a window, each with the same time a day earlier. */
export function deadlineTimes(
  { hour, minute, timezone, weekdays }: DailyDeadline,
  { from, to }: Window,
): readonly { readonly after: Micros; readonly deadline: Micros }[] {
  const deadlines = [];
  let day = DateTime.fromMillis(Math.floor(from / 1000), { zone: timezone }).startOf("day");
  for (; microsOf(day) < to; day = day.plus({ days: 1 })) {
    const deadline = microsOf(day.set({ hour, minute }));
    if (deadline < from || deadline >= to || !weekdays.has(day.weekday)) continue;
    deadlines.push({ after: microsOf(day.minus({ days: 1 }).set({ hour, minute })), deadline });
  }
  return deadlines;
}

function invalid(message: string): InsightsError {
  return new InsightsError("INVALID_PARAMETER", message);
}
