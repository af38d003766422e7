/**
 * Windows and days. Boundaries are computed here and passed to SQL as instants, since SQLite does not support time
 * zones.
 */
import { DateTime, IANAZone } from "luxon";
import { InsightsError } from "./errors.ts";

/** Integer microseconds since 1970, as all times in questions' SQL. */
export type Micros = number;

/** From `from` (inclusive) to `to` (exclusive). */
export interface Window {
  readonly from: Micros;
  readonly to: Micros;
}

export interface Day extends Window {
  /** Its name for users: `2026-11-30`. */
  readonly date: string;
}

export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;
export const DAY: Micros = 24 * HOUR;

/** This machine's time zone. */
export function localTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @throws InsightsError `INVALID_PARAMETER` */
export function checkTimezone(name: string): string {
  if (typeof name === "string" && IANAZone.isValidZone(name)) return name;
  throw new InsightsError(
    "INVALID_PARAMETER",
    `timezone is ${JSON.stringify(name)}: write an IANA name, as in Europe/Berlin.`,
  );
}

const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.(\d{1,6}))?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Parses a time as users write it: a date (`2026-11-30`), which is its midnight, or `2026-11-30T08:15`, in their time
 * zone unless it has its own (`2026-11-30T08:15:00+01:00`).
 *
 * @param what its name, for the message
 * @param timezone IANA name
 * @throws InsightsError `INVALID_PARAMETER`
 */
export function parseMoment(what: string, text: string, timezone: string): Micros {
  const [, date, time = "00:00", fraction = "", zone = ""] =
    form.exec(typeof text === "string" ? text.trim() : "") ?? [];
  const [whole] = time.split(".");
  const parsed = DateTime.fromISO(`${date}T${whole}${zone.toUpperCase()}`, { zone: timezone });
  if (parsed.isValid) return microsOf(parsed) + Number(fraction.padEnd(6, "0"));
  throw new InsightsError(
    "INVALID_PARAMETER",
    `${what} is ${JSON.stringify(text)}: write a date as in 2026-11-30, or a time as in 2026-11-30T06:00:00Z.`,
  );
}

/**
 * Converts a date or a time, with or without time zone, to UTC text with microseconds.
 *
 * @throws InsightsError `INVALID_PARAMETER`
 */
export function momentOf(what: string, text: string, timezone: string): string {
  return textOf(parseMoment(what, text, timezone));
}

export function microsOf(time: DateTime): Micros {
  return time.toMillis() * 1000;
}

export function textOf(moment: Micros): string {
  const seconds = Math.floor(moment / SECOND);
  const rest = String(moment - seconds * SECOND).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}

/**
 * The days of a time zone in a window, the first and the last cut at its ends. A day is 23 or 25 hours long when the
 * clock changes.
 */
export function daysOf({ from, to }: Window, timezone: string): readonly Day[] {
  const days: Day[] = [];
  let start = DateTime.fromMillis(Math.floor(from / 1000), { zone: timezone }).startOf("day");
  while (microsOf(start) < to) {
    const next = start.plus({ days: 1 }).startOf("day");
    days.push({
      date: start.toISODate() as string,
      from: Math.max(from, microsOf(start)),
      to: Math.min(to, microsOf(next)),
    });
    start = next;
  }
  return days;
}

export interface Hour extends Day {
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
  /** 0 to 23. */
  readonly hour: number;
}

/** The hours of a time zone in a window, the first and the last cut at its ends. */
export function hoursOf({ from, to }: Window, timezone: string): readonly Hour[] {
  const hours: Hour[] = [];
  let start = DateTime.fromMillis(Math.floor(from / 1000), { zone: timezone }).startOf("hour");
  while (microsOf(start) < to) {
    const next = start.plus({ hours: 1 });
    hours.push({
      date: start.toISODate() as string,
      weekday: start.weekday,
      hour: start.hour,
      from: Math.max(from, microsOf(start)),
      to: Math.min(to, microsOf(next)),
    });
    start = next;
  }
  return hours;
}

/** How many minutes into a time zone's hour UTC's hours start: 30 in India. */
export function minutesIntoHour(moment: Micros, timezone: string): Micros {
  const { offset } = DateTime.fromMillis(Math.floor(moment / 1000), { zone: timezone });
  return (((offset % 60) + 60) % 60) * MINUTE;
}
