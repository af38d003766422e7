import { type Time, zonedTime } from "@org/kit";
import { invalid } from "../client-options.ts";

/** A time: a `Date`, or text in ISO 8601 (UTC, unless it says another zone). A number is in Dagster's own unit. */
export type TimeOrNumber = Time | number;

/** No time in seconds is larger, and none in milliseconds smaller: the years 5138 and 1973. */
const border = 1e11;

/**
 * A time in seconds since 1970, as Dagster's filters of runs expect it.
 *
 * @throws DagsterError `INVALID_OPTIONS` for anything that is no time, and for milliseconds
 */
export function secondsOf(time: TimeOrNumber | undefined, name: string): number | undefined {
  if (time === undefined) return undefined;
  if (typeof time !== "number") return Date.parse(zonedTime(time, name, invalid)) / 1000;
  if (Number.isFinite(time) && Math.abs(time) < border) return time;
  throw invalid(`\`${name}\` is ${time}: a number there is seconds since 1970; pass milliseconds as \`new Date(…)\``);
}

/** A time in milliseconds since 1970, as text: as events carry it. */
export function millisecondsOf(time: TimeOrNumber | undefined, name: string): string | undefined {
  if (time === undefined) return undefined;
  if (typeof time === "string" && /^\d{12,}$/.test(time)) return time;
  if (typeof time !== "number") return String(Date.parse(zonedTime(time, name, invalid)));
  if (Number.isFinite(time) && time >= border) return String(Math.trunc(time));
  throw invalid(
    `\`${name}\` is ${time}: a number there is milliseconds since 1970; pass seconds as \`new Date(1000 * …)\``,
  );
}
