/**
 * Computes when a schedule is due. At daylight-saving transitions it follows Dagster's documented rules: a skipped time
 * is due right after the gap, a repeated time is due once, at its second occurrence, and schedules that match every hour
 * go by elapsed time.
 */
import { type Cron, parseCron } from "./parse.ts";
import { type Zone, zoneOf } from "./zone.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** How far ahead to search for the next match: 29 February may be eight years away. */
const SEARCH_LIMIT = 8.1 * 366 * DAY;

/** When a schedule is due. */
export interface Timing {
  /** Due times after `after` and up to `until`, in ms since 1970, in order. */
  between(after: number, until: number): Iterable<number>;
}

/**
 * Creates a timing from a cron expression.
 *
 * @param timezone IANA name
 * @throws RunnerError `INVALID_CRON`, `INVALID_TIMEZONE`
 */
export function cronTiming(expression: string, timezone: string): Timing {
  const cron = parseCron(expression);
  const zone = zoneOf(timezone);
  return { between: (after, until) => cronMoments(cron, zone, after, until) };
}

/** Due every so many seconds, counted from 1970, so that all machines agree and restarts do not shift it. */
export function intervalTiming(seconds: number): Timing {
  const everyMs = seconds * 1000;
  return {
    *between(after, until) {
      for (let next = (Math.floor(after / everyMs) + 1) * everyMs; next <= until; next += everyMs) yield next;
    },
  };
}

/** The first due time after `after`, in ms since 1970. Undefined if there is none. */
export function nextMoment(timing: Timing, after: number): number | undefined {
  for (const moment of timing.between(after, after + SEARCH_LIMIT)) return moment;
  return undefined;
}

function* cronMoments(cron: Cron, zone: Zone, after: number, until: number): Generator<number> {
  // Days of the wall clock, which may be longer or shorter than 24 hours. Starts a day early, since a gap at midnight
  // moves times of the previous day into this one.
  const firstDay = startOfDay(zone.wallAt(after)) - DAY;
  let last = after;
  for (let day = firstDay; day <= zone.wallAt(until); day += DAY) {
    const date = new Date(day);
    if (!cron.fits(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())) continue;
    for (const moment of dayMoments(cron, zone, day)) {
      if (moment > until) break;
      if (moment <= last) continue;
      last = moment;
      yield moment;
    }
  }
}

/** Due times of one wall-clock day, in order. */
function dayMoments(cron: Cron, zone: Zone, day: number): readonly number[] {
  const moments = cron.hours.flatMap((hour) =>
    cron.minutes.flatMap((minute) => {
      const wall = day + (hour * 60 + minute) * MINUTE;
      const shown = zone.momentsOf(wall);
      if (cron.everyHour) return shown;
      return shown.at(-1) ?? zone.afterGap(wall);
    }),
  );
  return moments.sort((a, b) => a - b);
}

function startOfDay(wall: number): number {
  return Math.floor(wall / DAY) * DAY;
}
