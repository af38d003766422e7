import { zonedTime } from "@org/kit";
import { expect, test } from "vitest";

const invalid = (reason: string) => new Error(reason);

test.each([
  ["2026-11-30", "2026-11-30T00:00:00Z"],
  ["2026-11-30T12:34", "2026-11-30T12:34:00Z"],
  ["2026-11-30 12:34:56", "2026-11-30T12:34:56Z"],
  ["2026-11-30T12:34:56.123456", "2026-11-30T12:34:56.123456Z"],
  ["2026-11-30T12:34:56.123456+00:00", "2026-11-30T12:34:56.123456+00:00"],
  ["2026-11-30T12:34:56z", "2026-11-30T12:34:56Z"],
  ["2026-11-30T12:34:56+0530", "2026-11-30T12:34:56+05:30"],
  ["2026-11-30T12:34:56-08", "2026-11-30T12:34:56-08:00"],
  [" 2026-11-30T12:34Z\n", "2026-11-30T12:34:00Z"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
])("%s is %s", (time, text) => {
  expect(zonedTime(time, "from", invalid)).toBe(text);
});

test.each([
  "",
  "yesterday",
  "2026",
  "2026-13-01",
  "2026-11-30T25:00",
  "12:00",
  "1764500000",
  1_764_500_000_000,
  null,
  new Date("x"),
])("%s is no time", (time) => {
  expect(() => zonedTime(time as string, "from", invalid)).toThrow(
    /^`from` (must be a Date or a time|is an invalid Date)/,
  );
});
