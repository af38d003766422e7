import { UsageError } from "./errors.ts";

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A duration as people write it after an option: `90s`, `30m`, `12h`, `1.5d`; `off` is for ever.
 *
 * @returns ms, or Infinity
 * @throws UsageError
 */
export function parseDuration(option: string, text: string): number {
  if (text.trim() === "off") return Number.POSITIVE_INFINITY;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([smhd])\s*$/.exec(text) ?? [];
  if (number === undefined) {
    throw new UsageError(`${option} is not a duration. Write a number and s, m, h or d, as in 12h or 1d, or off.`);
  }
  return Number(number) * units[unit as keyof typeof units];
}
