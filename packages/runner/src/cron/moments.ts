/**
 * The moments of a schedule. At a daylight-saving switch it does what Dagster says that it does: a time that the clock
 * skips is due at the first moment after the gap, one that it shows twice is due once, at the second; where every hour
 * fits, real time counts.
 */
import { type Cron, parseCron } from "./parse.ts";
import { type Zone, zoneOf } from "./zone.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** How far a cron expression is looked ahead: 29 February may be eight years away. */
const FARTHEST = 8.1 * 366 * DAY;

/** When a schedule is due. */
export interface Timing {
  /** The moments after one and up to another, in ms since 1970, in order. */
  between(after: number, until: number): Iterable<number>;
}

/**
 * By a cron expression.
 *
 * @param timezone IANA name
 * @throws RunnerError `INVALID_CRON`, `INVALID_TIMEZONE`
 */
export function cronTiming(expression: string, timezone: string): Timing {
  const cron = parseCron(expression);
  const zone = zoneOf(timezone);
  return { between: (after, until) => cronMoments(cron, zone, after, until) };
}

/** Every so many seconds, counted from 1970: all machines agree on the moments, and a restart does not shift them. */
export function intervalTiming(seconds: number): Timing {
  const everyMs = seconds * 1000;
  return {
    *between(after, until) {
      for (let next = (Math.floor(after / everyMs) + 1) * everyMs; next <= until; next += everyMs) yield next;
    },
  };
}

/** The first moment after another one; undefined where there is none. */
export function nextMoment(timing: Timing, after: number): number | undefined {
  for (const moment of timing.between(after, after + FARTHEST)) return moment;
  return undefined;
}

function* cronMoments(cron: Cron, zone: Zone, after: number, until: number): Generator<number> {
  // A day of the clock on the wall, and not of 24 hours. What the one before it leaves over is due within this one.
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

/** The moments of a day, in order. */
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
