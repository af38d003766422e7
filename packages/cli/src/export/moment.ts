import { UsageError } from "../errors.ts";

/**
 * Parses a time as users write it: `2026-11-30`, which is midnight in the time zone, or `2026-11-30T08:15`, in it too
 * unless it has its own, as in `2026-11-30T08:15:00+01:00`.
 *
 * @param timezone IANA name
 * @returns UTC text with microseconds, the form of timestamps
 * @throws UsageError. Its message repeats no value: it may be a secret in the wrong place.
 */
export async function parseMoment(option: string, text: string, timezone: string): Promise<string> {
  const { InsightsError, momentOf } = await import("@org/insights");
  try {
    return momentOf(option, text, timezone);
  } catch (error) {
    if (!(error instanceof InsightsError)) throw error;
    throw new UsageError(`${option} is not a valid time. Write a day, as in 2026-11-30, or 2026-11-30T08:15:00Z.`);
  }
}

/**
 * A window of full days in a time zone that ends with yesterday: today is not over, and belongs to tomorrow's window.
 * So daily exports of one day are adjacent, whatever hour they run at.
 */
export async function lastDays(days: number, timezone: string, now = Date.now()) {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, dateStyle: "short" }).format(now);
  const first = new Date(Date.parse(`${today}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
  return {
    since: await parseMoment("--days", first, timezone),
    until: await parseMoment("--days", today, timezone),
  };
}

/** @throws UsageError */
export async function checkTimezone(timezone: string): Promise<string> {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
    return timezone;
  } catch {
    throw new UsageError("--timezone is unknown: write an IANA name, as in Europe/Berlin.");
  }
}
