import { expect, test } from "vitest";
import { cronsOf, lastMoments, momentsIn, nextMoment } from "../src/cron.ts";
import { textOf } from "../src/moments.ts";

const micros = (text: string) => Date.parse(text) * 1000;
const last = (text: string, before: string, timezone?: string) =>
  lastMoments(cronsOf(text, timezone) ?? [], micros(before), 2).map((moment) => textOf(moment).slice(0, 16));
const between = (text: string, from: string, to: string, timezone?: string) =>
  momentsIn(cronsOf(text, timezone) ?? [], { from: micros(from), to: micros(to) }).map((moment) =>
    textOf(moment).slice(5, 19),
  );

test("the last times before a time, itself excluded", () => {
  expect(last("0 6 * * *", "2026-11-02T06:00:00Z")).toEqual(["2026-11-01T06:00", "2026-10-31T06:00"]);
  expect(last("0 6 * * *", "2026-11-02T06:00:00.5Z")).toEqual(["2026-11-02T06:00", "2026-11-01T06:00"]);
  expect(last("@weekly", "2026-11-02T06:00:00Z")).toEqual(["2026-11-01T00:00", "2026-10-25T00:00"]);
});

test("times follow the schedule's time zone, once if the clock shows an hour twice", () => {
  const zone = "America/New_York";
  expect(last("30 1 * * *", "2026-11-02T12:00:00Z", zone)).toEqual(["2026-11-02T06:30", "2026-11-01T05:30"]);
  expect(last("30 2 * * *", "2026-03-08T12:00:00Z", zone)).toEqual(["2026-03-08T07:00", "2026-03-07T07:30"]);
});

test("the first time after a time, itself excluded", () => {
  const next = (text: string, after: string) => nextMoment(cronsOf(text) ?? [], micros(after));
  expect(next("0 6 * * *, 0 18 * * *", "2026-11-02T06:00:00Z")).toBe(micros("2026-11-02T18:00:00Z"));
  expect(next("0 6 * * *", "2026-11-02T05:59:59.9Z")).toBe(micros("2026-11-02T06:00:00Z"));
  expect(next("0 0 31 2 *", "2026-11-02T06:00:00Z")).toBeUndefined();
});

test("all times in a window, start included, end excluded", () => {
  expect(between("*/20 6 * * *", "2026-11-02T06:00:00Z", "2026-11-02T06:40:00Z")).toEqual([
    "11-02T06:00:00",
    "11-02T06:20:00",
  ]);
  // Seconds are the sixth field here.
  expect(between("0 6 * * * */30", "2026-11-02T06:00:00Z", "2026-11-02T06:01:00Z")).toEqual([
    "11-02T06:00:00",
    "11-02T06:00:30",
  ]);
});

test.each(["['0 6 * * *', '0 18 * * *']", '["0 6 * * *", "0 18 * * *"]', "0 6 * * *, 0 18 * * *", "0 6,18 * * *"])(
  "%s: several expressions form one schedule",
  (text) => {
    expect(last(text, "2026-11-02T12:00:00Z")).toEqual(["2026-11-02T06:00", "2026-11-01T18:00"]);
  },
);

test.each([
  null,
  "",
  "[]",
  "Asset",
  "Asset or 0 6 * * *",
  "Never, external triggers only",
  "@once",
  "@continuous",
  "1 day, 0:00:00",
  "H 6 * * *",
  "61 * * * *",
  "2026-11-02T06:00:00",
  "0 6 * * *, sometimes",
])("%s: the due time is unknown", (text) => {
  expect(cronsOf(text)).toBeUndefined();
});
