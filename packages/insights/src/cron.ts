/** Moments of schedules that are written as cron expressions. */
import { Cron } from "croner";
import { type Micros, SECOND, type Window } from "./moments.ts";

/** Named ones. `@once` and `@continuous` have no moments, so they are none. */
const named = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/;

/**
 * The cron expressions of a schedule's text: one, several with a comma and a blank between them, or a printed Python
 * list, which is how Dagster shows several.
 *
 * @returns undefined where it says anything else, such as `Asset` or `1 day, 0:00:00`: when it is due cannot be known
 */
export function cronsOf(text: string | null, timezone = "UTC"): readonly Cron[] | undefined {
  const trimmed = text?.trim() ?? "";
  const parts = trimmed.startsWith("[")
    ? [...trimmed.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double ?? "")
    : trimmed.split(/,\s+/);
  const crons = parts.map((part) => cronOf(part.trim(), timezone));
  return parts.length > 0 && crons.every((cron) => cron !== undefined) ? crons : undefined;
}

/** The last moments before another one, newest first: fewer than asked for where there are no more. */
export function lastMoments(crons: readonly Cron[], before: Micros, count: number): readonly Micros[] {
  // Runs before a moment within a second are those before the second.
  const end = new Date(Math.ceil(before / SECOND) * 1000);
  const moments = new Set(crons.flatMap((cron) => cron.previousRuns(count, end).map((date) => date.getTime() * 1000)));
  return [...moments].sort((a, b) => b - a).slice(0, count);
}

/** The first moment after another one; undefined where there is none. */
export function nextMoment(crons: readonly Cron[], after: Micros): Micros | undefined {
  const start = new Date(Math.floor(after / SECOND) * 1000);
  const moments = crons.flatMap((cron) => cron.nextRun(start)?.getTime() ?? []);
  return moments.length > 0 ? Math.min(...moments) * 1000 : undefined;
}

/** All moments in a window, in order. Slow for many minutes: ask once per expression, not once per DAG. */
export function momentsIn(crons: readonly Cron[], { from, to }: Window): readonly Micros[] {
  const moments = new Set<Micros>();
  for (const cron of crons) {
    // A moment counts as next only where it is later.
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
  // Airflow and Dagster write seconds behind the weekday, the parser has them in front.
  const pattern = second === undefined ? text : [second, minute, hour, day, month, weekday, year].join(" ").trim();
  try {
    return new Cron(pattern, { timezone, paused: true });
  } catch {
    return undefined;
  }
}
