import { UsageError } from "../errors.ts";

const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d))?$/;

/**
 * A moment as people write it: `2026-11-30`, which is midnight in UTC, or `2026-11-30T08:15:00+01:00`.
 *
 * @returns UTC text with microseconds, the form of timestamps
 * @throws UsageError
 */
export function parseMoment(option: string, text: string): string {
  const [, day, time = "00:00:00", fraction = "", zone = "Z"] = form.exec(text.trim()) ?? [];
  const whole = time.length === 5 ? `${time}:00` : time;
  const at = Date.parse(`${day}T${whole}${zone}`);
  // Date.parse takes February 30 for March 2.
  const isDay = !Number.isNaN(at) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(String(day));
  if (!isDay) throw new UsageError(`${option} is no moment. Write a day, as in 2026-11-30, or 2026-11-30T08:15:00Z.`);
  return `${new Date(at).toISOString().slice(0, 19)}.${fraction.padEnd(6, "0")}Z`;
}
