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

/** Where Dagster deviates from its own guide, by zone. Derived from the recorded answers. */
const exceptions: Readonly<Record<string, { readonly why: string; readonly expressions: readonly string[] }>> = {
  "America/Santiago": {
    why: "it only expects transitions between 01:00 and 03:00",
    expressions: ["15 0", "30 0-2", "30 23"],
  },
  "America/Havana": {
    why: "it only expects transitions between 01:00 and 03:00",
    expressions: ["15 0", "30 0-2", "0 0"],
  },
  "Asia/Beirut": {
    why: "it only expects transitions between 01:00 and 03:00",
    expressions: ["15 0", "30 0-2", "30 23"],
  },
  "Atlantic/Azores": {
    why: "it only expects transitions between 01:00 and 03:00",
    expressions: ["15 0", "30 0-2", "0 0"],
  },
  "Europe/Dublin": { why: "it takes Ireland's summer time for standard time", expressions: ["45 1", "0 1"] },
  "Australia/Lord_Howe": {
    why: "its hourly schedules keep UTC's minutes, so in winter they run at half past",
    expressions: ["0 *", "15 *", "*/7 *"],
  },
  "Antarctica/Troll": {
    why: "it assumes that every transition is one hour, and this one is two",
    expressions: ["30 2", "0 2", "45 1", "0 1", "0 */2", "*/20 1-3", "0 2-4", "5,50 2,3", "30 0-2"],
  },
};

const isException = (zone: string, expression: string) =>
  exceptions[zone]?.expressions.some((each) => expression.startsWith(`${each} `)) ?? false;

test("the recorded answers cover twenty expressions at both transitions of ten zones", () => {
  expect(new Set(switched.map(({ zone }) => zone)).size).toBe(10);
  expect(switched).toHaveLength(20);
  expect(expressions).toHaveLength(20);
  expect(switched.map(({ zone, from, hours }) => ({ zone, from, hours, expressions }))).toEqual(switchCases);
});

test.each(switched)("agrees with Dagster around the transition in $zone, $from", (window) => {
  for (const [expression, [dagster]] of Object.entries(window.answers)) {
    if (isException(window.zone, expression)) continue;
    expect(ours(expression, window), expression).toBe(dagster);
  }
});

test.each(Object.keys(exceptions))("each listed exception of Dagster in %s is still one", (zone) => {
  const here = switched.filter((window) => window.zone === zone);
  for (const start of exceptions[zone]!.expressions) {
    const [expression] = expressions.filter((each) => each.startsWith(`${start} `));
    const differs = here.some((window) => ours(expression!, window) !== window.answers[expression!]![0]);
    expect(differs, expression).toBe(true);
  }
});

test("the README's count of differing answers is right", () => {
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
  "parses %j as both servers do",
  (expression, window) => {
    expect(ours(expression, window)).toBe(window.answers[expression]![0]);
  },
);

test.each([
  [
    "0 0 * * * *",
    "must have 5 fields (minute, hour, day of month, month, day of week), not 6: seconds are not supported, use interval_seconds",
  ],
  ["0 0 * *", "must have 5 fields (minute, hour, day of month, month, day of week), not 4"],
  ["60 * * * *", "has an invalid minute: it must be from 0 to 59"],
  ["0 0 * * funday", "has an invalid day of week: it must be from 0 to 6, or a name such as mon"],
  ["*/0 * * * *", "has a step of 0 in its minute: use 1 or more"],
  ["0 0 31 2 *", "never matches: none of its months has that day"],
  ["0 0 30 2 ?", "never matches: none of its months has that day"],
  ["0 0 31 4,6,9,11 */1", "never matches: none of its months has that day"],
  ["0 0 * * 1#1,3", "mixes weekdays that use # or L with plain ones: use two schedules"],
  ["@reboot", "is not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"],
])("says what is wrong with %j", (expression, reason) => {
  expect(checkCron(expression)).toBe(reason);
  expect(() => parseCron(expression)).toThrow(expect.objectContaining({ name: "RunnerError", code: "INVALID_CRON" }));
});

test("rejects invalid time zones", () => {
  for (const name of ["Mars/Phobos", "+01:00", ""]) {
    expect(() => zoneOf(name)).toThrow(expect.objectContaining({ code: "INVALID_TIMEZONE" }));
  }
});

test("finds the next due time even if it is years away", () => {
  const leap = nextMoment(cronTiming("0 0 29 2 *", "UTC"), Date.UTC(2096, 2, 1));
  expect(new Date(leap!).toISOString()).toBe("2104-02-29T00:00:00.000Z");
});

/** The rule applied minute by minute: slow, and independent of the code except for its parser. */
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

test("agrees with the rule applied minute by minute, for any expression, zone and window", () => {
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
