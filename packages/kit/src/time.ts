import type { Invalid } from "./options.ts";
import { shown } from "./shown.ts";

/** A time: a Date, or text in ISO 8601. Text without a zone is UTC, and a date alone is its midnight. */
export type Time = Date | string;

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * A time as text with a zone, without losing any of its digits.
 *
 * @param name of the option, for the error
 * @throws `invalid(…)` for anything that is no time
 */
export function zonedTime(time: Time, name: string, invalid: Invalid): string {
  if (time instanceof Date) {
    if (Number.isNaN(time.getTime())) throw invalid(`\`${name}\` is an invalid Date`);
    return time.toISOString();
  }
  const [, date, minutes = "00:00", seconds = ":00", zone = "Z"] =
    (typeof time === "string" && iso.exec(time.trim())) || [];
  // "+0100" and "+01" are valid ISO 8601, but not for every parser.
  const offset = zone.replace(/^([+-]\d{2}):?(\d{2})?$/, (_, hours, rest = "00") => `${hours}:${rest}`);
  const text = `${date}T${minutes}${seconds}${offset.toUpperCase()}`;
  if (date && !Number.isNaN(Date.parse(text))) return text;
  throw invalid(
    `\`${name}\` must be a Date or a time such as "2026-11-30T12:00:00Z" or "2026-11-30" (UTC), and is ${shown(time)}`,
  );
}
