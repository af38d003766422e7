/** Time zones, from the data built into Node. */
import { RunnerError } from "../errors.ts";

/** Whether a name is in the IANA database, such as `Europe/Berlin`. */
export function isTimezone(name: string): boolean {
  try {
    // Node also accepts offsets such as +01:00, which are not zones.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** A moment is in ms since 1970. A wall-clock time is what Date.UTC returns for what the clock shows. */
export interface Zone {
  /** The wall-clock time at a moment. */
  wallAt(moment: number): number;
  /** The moments at which the clock shows this, in order: none in a gap, two in an overlap, otherwise one. */
  momentsOf(wall: number): readonly number[];
  /** The end of the gap that contains a wall-clock time. */
  afterGap(wall: number): number;
}

const HOUR = 3_600_000;
const zones = new Map<string, Zone>();

/** @throws RunnerError `INVALID_TIMEZONE` */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  if (!isTimezone(name)) {
    throw new RunnerError("INVALID_TIMEZONE", "Unknown time zone. Use an IANA name such as Europe/Berlin.");
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
  // Offsets only change at quarters of an hour, so compute each quarter once.
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
      // One offset puts this time before the transition, the other one after it: search between the two.
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
