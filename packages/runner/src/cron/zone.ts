/** Time zones, by the data that Node brings along. */
import { RunnerError } from "../errors.ts";

/** Whether a name is one of the IANA database, such as `Europe/Berlin`. */
export function isTimezone(name: string): boolean {
  try {
    // Node takes offsets such as +01:00 too, which are no zones.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** Moments are ms since 1970; a wall-clock time is what Date.UTC makes of what the clock shows. */
export interface Zone {
  /** What the clock on the wall shows at a moment. */
  wallAt(moment: number): number;
  /** The moments at which the clock shows this: none in a gap, two in an overlap, else one. In order. */
  momentsOf(wall: number): readonly number[];
  /** The first moment after the gap that holds a wall-clock time. */
  afterGap(wall: number): number;
}

const HOUR = 3_600_000;
const zones = new Map<string, Zone>();

/** @throws RunnerError `INVALID_TIMEZONE` */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  if (!isTimezone(name)) {
    throw new RunnerError("INVALID_TIMEZONE", "The time zone is unknown: write an IANA name, as in Europe/Berlin.");
  }
  const zone = createZone(name);
  zones.set(name, zone);
  return zone;
}

function createZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", era: "short" },
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
  });
  const offsets = new Map<number, number>();
  const computed = (moment: number): number => {
    const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    const { year, month, day, hour, minute, second } = parts as Record<string, number>;
    return Date.UTC(year!, month! - 1, day!, hour, minute, second) - Math.floor(moment / 1000) * 1000;
  };
  // Offsets change on the quarter of an hour at most, so each of them is asked for once.
  const offsetAt = (moment: number): number => {
    const quarter = Math.floor(moment / (HOUR / 4));
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    if (offsets.size > 50_000) offsets.clear();
    const offset = computed(quarter * (HOUR / 4));
    offsets.set(quarter, offset);
    return offset;
  };
  const around = (wall: number): readonly [number, number] => [offsetAt(wall - 26 * HOUR), offsetAt(wall + 26 * HOUR)];
  return {
    wallAt: (moment) => moment + offsetAt(moment),
    momentsOf(wall) {
      const moments = [...new Set(around(wall).map((offset) => wall - offset))];
      return moments.filter((moment) => moment + offsetAt(moment) === wall).sort((a, b) => a - b);
    },
    afterGap(wall) {
      // The clock is before it under the later offset, and past it under the earlier one: the switch is between.
      const [before, after] = around(wall);
      let low = wall - Math.max(before, after);
      let high = wall - Math.min(before, after);
      while (high - low > 60_000) {
        const middle = Math.floor((low + high) / 2 / 60_000) * 60_000;
        if (middle <= low) break;
        if (middle + offsetAt(middle) < wall) low = middle;
        else high = middle;
      }
      return high;
    },
  };
}
