import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cronTiming, nextMoment } from "../src/cron/moments.ts";
import { checkCron, parseCron } from "../src/cron/parse.ts";
import { zoneOf } from "../src/cron/zone.ts";
import { expressions, packed, switchCases } from "./golden/cases.ts";

interface Window {
  readonly zone: string;
  readonly from: string;
  readonly hours: number;
  readonly answers: Readonly<Record<string, readonly [dagster: string | null, airflow?: string | null]>>;
}

const { windows } = JSON.parse(readFileSync(new URL("golden/cron.json", import.meta.url), "utf8")) as {
  windows: readonly Window[];
};
const switched = windows.filter(({ zone }) => zone !== "UTC");
const dialect = windows.filter(({ zone }) => zone === "UTC");

function ours(expression: string, { zone, from, hours }: Window): string | null {
  if (checkCron(expression) !== undefined) return null;
  const start = Date.parse(from);
  const moments = [...cronTiming(expression, zone).between(start - 1, start + hours * 3_600_000)];
  return packed(moments.map((moment) => (moment - start) / 60_000));
}

/** Where Dagster does not do what its guide says: found by these answers, zone by zone. */
const exceptions: Readonly<Record<string, { readonly why: string; readonly expressions: readonly string[] }>> = {
  "America/Santiago": { why: "it looks for switches at 1 to 3 o'clock only", expressions: ["15 0", "30 0-2", "30 23"] },
  "America/Havana": { why: "it looks for switches at 1 to 3 o'clock only", expressions: ["15 0", "30 0-2", "0 0"] },
  "Asia/Beirut": { why: "it looks for switches at 1 to 3 o'clock only", expressions: ["15 0", "30 0-2", "30 23"] },
  "Atlantic/Azores": { why: "it looks for switches at 1 to 3 o'clock only", expressions: ["15 0", "30 0-2", "0 0"] },
  "Europe/Dublin": { why: "it takes Ireland's summer for the normal time", expressions: ["45 1", "0 1"] },
  "Australia/Lord_Howe": {
    why: "every hour is at UTC's minutes, so at half past in winter",
    expressions: ["0 *", "15 *", "*/7 *"],
  },
  "Antarctica/Troll": {
    why: "it takes every switch for one of an hour, and this is one of two",
    expressions: ["30 2", "0 2", "45 1", "0 1", "0 */2", "*/20 1-3", "0 2-4", "5,50 2,3", "30 0-2"],
  },
};

const isException = (zone: string, expression: string) =>
  exceptions[zone]?.expressions.some((each) => expression.startsWith(`${each} `)) ?? false;

test("the answers of the real servers are of twenty expressions at both switches of ten zones", () => {
  expect(new Set(switched.map(({ zone }) => zone)).size).toBe(10);
  expect(switched).toHaveLength(20);
  expect(expressions).toHaveLength(20);
  expect(switched.map(({ zone, from, hours }) => ({ zone, from, hours, expressions }))).toEqual(switchCases);
});

test.each(switched)("runs when Dagster does around the switch in $zone, $from", (window) => {
  for (const [expression, [dagster]] of Object.entries(window.answers)) {
    if (isException(window.zone, expression)) continue;
    expect(ours(expression, window), expression).toBe(dagster);
  }
});

test.each(Object.keys(exceptions))("Dagster still has its exceptions in %s", (zone) => {
  const here = switched.filter((window) => window.zone === zone);
  for (const start of exceptions[zone]!.expressions) {
    const [expression] = expressions.filter((each) => each.startsWith(`${start} `));
    const differs = here.some((window) => ours(expression!, window) !== window.answers[expression!]![0]);
    expect(differs, expression).toBe(true);
  }
});

test("Airflow differs from Dagster in this many of the 400 answers, and from us in that many", () => {
  const cells = switched.flatMap((window) =>
    Object.entries(window.answers).map(([expression, [dagster, airflow = dagster]]) => {
      return { dagster, airflow, ours: ours(expression, window) };
    }),
  );
  const count = (differs: (cell: (typeof cells)[number]) => boolean) => cells.filter(differs).length;
  expect({
    answers: cells.length,
    "Airflow and Dagster": count(({ airflow, dagster }) => airflow !== dagster),
    "we and Dagster": count((cell) => cell.ours !== cell.dagster),
    "we and Airflow": count((cell) => cell.ours !== cell.airflow),
  }).toEqual({ answers: 400, "Airflow and Dagster": 35, "we and Dagster": 32, "we and Airflow": 37 });
});

test.each(dialect.flatMap((window) => Object.keys(window.answers).map((expression) => [expression, window] as const)))(
  "reads %j as both servers do",
  (expression, window) => {
    expect(ours(expression, window)).toBe(window.answers[expression]![0]);
  },
);

test.each([
  [
    "0 0 * * * *",
    "must have 5 fields (minute, hour, day of month, month, day of week) and has 6: seconds are not supported, use interval_seconds",
  ],
  ["0 0 * *", "must have 5 fields (minute, hour, day of month, month, day of week) and has 4"],
  ["60 * * * *", "has a minute that is none: it must be from 0 to 59"],
  ["0 0 * * funday", "has a day of week that is none: it must be from 0 to 6, or a name such as mon"],
  ["*/0 * * * *", "repeats its minute every 0: write a step of 1 or more"],
  ["0 0 31 2 *", "names a day that none of its months has"],
  ["0 0 * * 1#1,3", "has weekdays with # or L beside others: write them as two schedules"],
  ["@reboot", "is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"],
])("says what is wrong with %j", (expression, reason) => {
  expect(checkCron(expression)).toBe(reason);
  expect(() => parseCron(expression)).toThrow(expect.objectContaining({ name: "RunnerError", code: "INVALID_CRON" }));
});

test("a time zone that is none is refused", () => {
  for (const name of ["Mars/Phobos", "+01:00", ""]) {
    expect(() => zoneOf(name)).toThrow(expect.objectContaining({ code: "INVALID_TIMEZONE" }));
  }
});

test("finds the next moment however far it is", () => {
  const leap = nextMoment(cronTiming("0 0 29 2 *", "UTC"), Date.UTC(2096, 2, 1));
  expect(new Date(leap!).toISOString()).toBe("2104-02-29T00:00:00.000Z");
});

/** The rule, minute by minute: slow, and with nothing in common with the code but what a day fits. */
function slowly(expression: string, zone: string, from: number, until: number): number[] {
  const MINUTE = 60_000;
  const cron = parseCron(expression);
  const clock = zoneOf(zone);
  const fits = (wall: number) => {
    const date = new Date(wall);
    return (
      cron.fits(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()) &&
      cron.hours.includes(date.getUTCHours()) &&
      cron.minutes.includes(date.getUTCMinutes())
    );
  };
  const found = new Set<number>();
  const lastShown = new Map<number, number>();
  for (let moment = from - 180 * MINUTE; moment <= until + 180 * MINUTE; moment += MINUTE) {
    const [before, wall] = [clock.wallAt(moment - MINUTE), clock.wallAt(moment)];
    if (cron.everyHour && fits(wall)) found.add(moment);
    if (cron.everyHour) continue;
    if (fits(wall)) lastShown.set(wall, moment);
    for (let skipped = before + MINUTE; skipped < wall; skipped += MINUTE) if (fits(skipped)) found.add(moment);
  }
  for (const moment of lastShown.values()) found.add(moment);
  return [...found].filter((moment) => moment > from && moment <= until).sort((a, b) => a - b);
}

test("agrees with the rule minute by minute, for any fields, zone and window", () => {
  const field = (min: number, max: number) => {
    const value = fc.integer({ min, max });
    return fc.oneof(
      { weight: 2, arbitrary: fc.constant("*") },
      value.map(String),
      fc.tuple(value, value).map(([from, to]) => `${from}-${to}`),
      fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
      fc.array(value, { minLength: 2, maxLength: 4 }).map((values) => values.join(",")),
    );
  };
  const expression = fc
    .tuple(field(0, 59), fc.oneof(field(0, 23), field(0, 4)), fc.constantFrom("*", "1-28"), fc.constantFrom("*", "0"))
    .map(([minute, hour, day, weekday]) => `${minute} ${hour} ${day} * ${weekday}`);
  fc.assert(
    fc.property(
      fc.constantFrom(...switchCases),
      fc.integer({ min: -600, max: 600 }),
      expression,
      ({ zone, from }, shift, text) => {
        const start = Date.parse(from) + shift * 60_000;
        const end = start + 20 * 3_600_000;
        expect([...cronTiming(text, zone).between(start, end)]).toEqual(slowly(text, zone, start, end));
      },
    ),
    { numRuns: 150 },
  );
});
