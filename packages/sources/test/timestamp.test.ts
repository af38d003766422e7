import { describe, expect, test } from "vitest";
import { timeColumn, timestamp, timestampOfSeconds } from "../src/timestamp.ts";

test.each([
  ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000000Z"],
  ["2026-11-21 09:30:00.5+00:00", "2026-11-21T09:30:00.500000Z"],
  ["2026-11-21T09:30:00.123456789Z", "2026-11-21T09:30:00.123456Z"],
  ["2026-01-01T00:30:00.000001+01:00", "2025-12-31T23:30:00.000001Z"],
  ["2026-12-31T23:30:00-0530", "2027-01-01T05:00:00.000000Z"],
  ["2024-02-29T12:00:00+14:00", "2024-02-28T22:00:00.000000Z"],
  ["2000-02-29T00:00:00-00:00", "2000-02-29T00:00:00.000000Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"],
  ["0001-01-01T00:00:00-12:00", "0001-01-01T12:00:00.000000Z"],
  ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"],
])("%s is %s", (text, expected) => {
  expect(timestamp(text)).toBe(expected);
  expect(timeColumn(text)).toBe(expected);
});

const days = [
  "2026-02-30",
  "2026-02-29",
  "1900-02-29",
  "2026-04-31",
  "2026-13-01",
  "2026-00-10",
  "2026-01-00",
  "2026-01-32",
];
const hours = ["24:00:00", "23:60:00", "23:59:60", "99:00:00"];

describe("impossible dates are rejected, whatever their offset", () => {
  const zones = ["Z", "+00:00", "+01:00", "-11:30", "+0530"];
  const times = [...days.map((day) => `${day}T00:00:00`), ...hours.map((hour) => `2026-01-01T${hour}`)];
  test.each([
    ...times.flatMap((time) => zones.map((zone) => time + zone)),
    ...["+24:00", "+01:60", "-99:99", "+1:00", "+01", "", " UTC"].map((zone) => `2026-01-01T00:00:00${zone}`),
    ...["0000-12-31T00:00:00Z", "0000-06-01T00:00:00+01:00", "0001-01-01T00:00:00+05:00"],
    ...["9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "+002026-01-01T00:00:00Z"],
    ...["2026-01-01", "yesterday", ""],
  ])("%s", (text) => {
    expect(() => timestamp(text)).toThrow(TypeError);
    expect(timeColumn(text)).toBe(text);
  });
});

test("nothing is no timestamp", () => {
  expect([timestamp(null), timestamp(undefined), timeColumn(null), timeColumn(undefined)]).toEqual(Array(4).fill(null));
});

test.each([
  [0, "1970-01-01T00:00:00.000000Z"],
  [1.5, "1970-01-01T00:00:01.500000Z"],
  [-0.25, "1969-12-31T23:59:59.750000Z"],
  [1_795_253_400.1234567, "2026-11-21T09:30:00.123457Z"],
  [1_795_253_400.999_999_5, "2026-11-21T09:30:01.000000Z"],
  [253_402_300_799, "9999-12-31T23:59:59.000000Z"],
])("%d seconds are %s", (seconds, expected) => {
  expect(timestampOfSeconds(seconds)).toBe(expected);
});

test.each([1e308, -1e308, 1e15, 253_402_300_800, -62_135_596_801, Number.POSITIVE_INFINITY, Number.NaN])(
  "%d seconds are no timestamp",
  (seconds) => {
    expect(timestampOfSeconds(seconds)).toBe(String(seconds));
  },
);
