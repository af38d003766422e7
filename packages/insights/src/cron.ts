/** The times of cron schedules. */
import { Cron } from "croner";
import { type Micros, SECOND, type Window } from "./moments.ts";

/** Named expressions. `@once` and `@continuous` have no times, so they are not included. */
const named = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/;

/**
 * Parses a schedule's text into cron expressions: one, several separated by a comma and a space, or a printed Python
 * list, as Dagster shows several.
 *
 * @returns undefined for anything else, such as `Asset` or `1 day, 0:00:00`, whose times cannot be known
 */
export function cronsOf(text: string | null, timezone = "UTC"): readonly Cron[] | undefined {
  const trimmed = text?.trim() ?? "";
  const parts = trimmed.startsWith("[")
    ? [...trimmed.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double ?? "")
    : trimmed.split(/,\s+/);
  const crons = parts.map((part) => cronOf(part.trim(), timezone));
  return parts.length > 0 && crons.every((cron) => cron !== undefined) ? crons : undefined;
}

/** The last times before another one, newest first; fewer than requested if there are no more. */
export function lastMoments(crons: readonly Cron[], before: Micros, count: number): readonly Micros[] {
  // The times before a moment within a second are those before the next full second.
  const end = new Date(Math.ceil(before / SECOND) * 1000);
  const moments = new Set(crons.flatMap((cron) => cron.previousRuns(count, end).map((date) => date.getTime() * 1000)));
  return [...moments].sort((a, b) => b - a).slice(0, count);
}

/** The first time after another one; undefined if there is none. */
export function nextMoment(crons: readonly Cron[], after: Micros): Micros | undefined {
  const start = new Date(Math.floor(after / SECOND) * 1000);
  const moments = crons.flatMap((cron) => cron.nextRun(start)?.getTime() ?? []);
  return moments.length > 0 ? Math.min(...moments) * 1000 : undefined;
}

/** All times in a window, in order. Slow for minutely schedules: call it once per expression, not once per DAG. */
export function momentsIn(crons: readonly Cron[], { from, to }: Window): readonly Micros[] {
  const moments = new Set<Micros>();
  for (const cron of crons) {
    // Only a later time counts as the next one.
    let next = cron.nextRun(new Date(Math.ceil(from / SECOND) * 1000 - 1));
    while (next && next.getTime() * 1000 < to) {
      moments.add(next.getTime() * 1000);
      next = cron.nextRun(next);
    }
  }
  return [...moments].sort((a, b) => a - b);
}

function cronOf(text: string, timezone: string): Cron | undefined {
  const fields = text.split(/\s+/);
  if (!named.test(text) && (fields.length < 5 || fields.length > 7)) return undefined;
  const [minute, hour, day, month, weekday, second, year] = fields;
  // Airflow and Dagster write seconds after the weekday, the parser expects them first.
  const pattern = second === undefined ? text : [second, minute, hour, day, month, weekday, year].join(" ").trim();
  try {
    return new Cron(pattern, { timezone, paused: true });
  } catch {
    return undefined;
  }
}
