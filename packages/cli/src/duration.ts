import { UsageError } from "./errors.ts";

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Parses a duration as given to an option: `90s`, `30m`, `12h`, `1.5d`; `off` is infinite.
 *
 * @param options.canBeOff whether `off` makes sense @default true
 * @returns ms, or Infinity
 * @throws UsageError
 */
export function parseDuration(option: string, text: string, { canBeOff = true } = {}): number {
  if (canBeOff && text.trim() === "off") return Number.POSITIVE_INFINITY;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([smhd])\s*$/.exec(text) ?? [];
  if (number === undefined) {
    const off = canBeOff ? ", or off" : "";
    throw new UsageError(`${option} is not a duration. Write a number and s, m, h or d, as in 12h or 1d${off}.`);
  }
  return Number(number) * units[unit as keyof typeof units];
}

/** Formats a duration in a suitable unit: `0.3 s`, `4 min`, `3 h`, `12 days`. */
export function duration(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(seconds / 3600);
  return hours < 48 ? `${hours} h` : `${Math.round(seconds / 86_400)} days`;
}

/**
 * Checks a limit of the history.
 *
 * @throws UsageError if it is zero
 */
export function checkHistory(historyMs: number | undefined, label: string): void {
  if (historyMs !== undefined && historyMs <= 0)
    throw new UsageError(`${label} must be longer than 0. Write a number of days, as in 90d, or off.`);
}
