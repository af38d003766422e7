import { parsePosition, widenedOverlap, windowStart } from "@org/sync-engine";
import { expect, test } from "vitest";

const minute = 60_000;

test("the window begins an overlap before the stored position", () => {
  const stored = { server: 1_000_000_000, local: 5_000 };
  const now = { server: 1_000_000_000 + 30 * minute, local: 5_000 + 30 * minute };
  expect(windowStart(stored, now, 10 * minute)).toBe(1_000_000_000 - 10 * minute);
});

test("I6: a server's clock that was set back moves the window back by as much", () => {
  const stored = { server: 1_000_000_000, local: 5_000 };
  const now = { server: 1_000_000_000 - 60 * minute + 5 * minute, local: 5_000 + 5 * minute };
  expect(windowStart(stored, now, 10 * minute)).toBe(1_000_000_000 - 70 * minute);
});

test("I6: our own clock, set back or ahead, never makes the window begin later", () => {
  const stored = { server: 1_000_000_000, local: 500_000_000 };
  for (const local of [500_000_000 - 60 * minute, 500_000_000 + 600 * minute]) {
    const start = windowStart(stored, { server: 1_000_000_000 + minute, local }, 10 * minute);
    expect(start).toBeLessThanOrEqual(1_000_000_000 - 10 * minute);
  }
});

test("I6: an overlap that was nearly too short is twice as wide from then on, up to a day", () => {
  expect(widenedOverlap(10 * minute, 0)).toBe(10 * minute);
  expect(widenedOverlap(10 * minute, 3)).toBe(20 * minute);
  expect(widenedOverlap(1000 * minute, 1)).toBe(1440 * minute);
  expect(widenedOverlap(2000 * minute, 1)).toBe(2000 * minute);
});

test("a position is read from a state, and nothing else is taken for one", () => {
  expect(parsePosition({ server: 1, local: 2, more: 3 })).toEqual({ server: 1, local: 2 });
  for (const wrong of [undefined, null, 7, "x", {}, { server: "1", local: 2 }])
    expect(parsePosition(wrong)).toBeUndefined();
});
