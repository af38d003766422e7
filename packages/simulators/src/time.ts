/** Microseconds since 1970, as an integer: both servers count in microseconds, and a `Date` would drop three digits. */
export type Instant = number;

/** Microseconds per second, minute, hour and day. */
export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** `2026-11-21T09:30:00.123456Z`, always with six fractional digits: the form of the sync's tables. */
export function formatSix(instant: Instant): string {
  const wholeSeconds = Math.floor(instant / second);
  const fraction = instant - wholeSeconds * second;
  return `${new Date(wholeSeconds * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(6, "0")}Z`;
}

/** Airflow's format: without a fraction if that is zero. */
export function formatShort(instant: Instant): string {
  return formatSix(instant).replace(".000000Z", "Z");
}

/** Parses an ISO text with time zone, keeping its microseconds. NaN if it is invalid. */
export function parseInstant(text: string): Instant {
  const match = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)$/i.exec(text);
  if (!match) return Number.NaN;
  const wholeMs = Date.parse(match[1]!.replace(" ", "T") + match[3]!.toUpperCase());
  return wholeMs * 1000 + Number((match[2] ?? "").padEnd(6, "0"));
}

/** The time of a simulated server. All its stamps and its `Date` header come from here. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  set(nowMs: number): void;
  advance(byMs: number): void;
}

/** Where a clock starts unless told otherwise. */
export const defaultStartMs = Date.UTC(2026, 10, 21, 9, 30);

/** A clock that stands still until it is moved. @param startMs milliseconds since 1970 */
export function createClock(startMs: number = defaultStartMs): Clock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    set: (value) => {
      nowMs = value;
    },
    advance: (byMs) => {
      nowMs += byMs;
    },
  };
}

/** A clock that runs with the machine's, for demos. `set` and `advance` shift it. */
export function createRunningClock(): Clock {
  let shiftMs = 0;
  const now = () => Date.now() + shiftMs;
  return {
    now,
    set: (value) => {
      shiftMs += value - now();
    },
    advance: (byMs) => {
      shiftMs += byMs;
    },
  };
}
