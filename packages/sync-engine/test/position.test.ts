import { parseHttpDate, parsePosition, windowStart } from "@org/sync-engine/source";
import { expect, test } from "vitest";

const minute = 60_000;

test("the window starts one overlap before the stored position", () => {
  const stored = { server: 1_000_000_000, local: 5_000 };
  const now = { server: 1_000_000_000 + 30 * minute, local: 5_000 + 30 * minute };
  expect(windowStart(stored, now, 10 * minute)).toBe(1_000_000_000 - 10 * minute);
});

test("I6: a server's clock that was set back moves the window back by as much", () => {
  const stored = { server: 1_000_000_000, local: 5_000 };
  const now = { server: 1_000_000_000 - 60 * minute + 5 * minute, local: 5_000 + 5 * minute };
  expect(windowStart(stored, now, 10 * minute)).toBe(1_000_000_000 - 70 * minute);
});

test("I6: our own clock, set back or ahead, never makes the window start later", () => {
  const stored = { server: 1_000_000_000, local: 500_000_000 };
  for (const local of [500_000_000 - 60 * minute, 500_000_000 + 600 * minute]) {
    const start = windowStart(stored, { server: 1_000_000_000 + minute, local }, 10 * minute);
    expect(start).toBeLessThanOrEqual(1_000_000_000 - 10 * minute);
  }
});

test("a position is read from a state, and nothing else is accepted", () => {
  expect(parsePosition({ server: 1, local: 2, more: 3 })).toEqual({ server: 1, local: 2 });
  for (const wrong of [undefined, null, 7, "x", {}, { server: "1", local: 2 }])
    expect(parsePosition(wrong)).toBeUndefined();
});

test.each([Number.NaN, -1, -8_640_000_000_000_000, Number.POSITIVE_INFINITY, 1e300, Date.UTC(10_000, 0)])(
  "a timestamp that no clock can show is no position: %d",
  (time) => {
    expect(parsePosition({ server: time, local: 2 })).toBeUndefined();
    expect(parsePosition({ server: 1, local: time })).toBeUndefined();
  },
);

test("a position ahead of both clocks is ignored: its age is unknown", () => {
  const now = { server: 100 * minute, local: 200 * minute };
  const ahead = (server: number, local: number) =>
    parsePosition({ server: now.server + server, local: now.local + local }, now) === undefined;
  expect(ahead(2 * minute, 2 * minute)).toBe(true);
  // Ahead of only one clock is fine: the other one still tells how much time has passed.
  expect(ahead(2 * minute, 0)).toBe(false);
  expect(ahead(0, 2 * minute)).toBe(false);
  expect(ahead(1000, 1000)).toBe(false);
});

test("no window starts before 1970", () => {
  expect(windowStart({ server: 5, local: 5 }, { server: 10, local: 10 }, 10 * minute)).toBe(0);
});

test.each([
  ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Fri, 31 Dec 9999 23:59:59 GMT", Date.UTC(9999, 11, 31, 23, 59, 59)],
])("a server's clock is read from its Date: %s", (text, time) => {
  expect(parseHttpDate(text)).toBe(time);
});

test.each([
  "",
  "yesterday",
  "1994-11-06T08:49:37Z",
  "-271821-04-20T00:00:00Z",
  "Sun, 06 Nov 1994 08:49:37 +0100",
  "Mon, 30 Feb 2026 00:00:00 GMT",
  "Mon, 30 Nov 2026 24:00:00 GMT",
  "Mon, 30 Nov 2026 23:59:60 GMT",
  "Mon, 01 Jan 0001 00:00:00 GMT",
  "Wed, 31 Dec 1969 23:59:59 GMT",
  "Sat, 12 Sep 275760 00:00:00 GMT",
])("an invalid Date shows no clock: %s", (text) => {
  expect(parseHttpDate(text)).toBeUndefined();
});
