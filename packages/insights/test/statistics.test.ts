import { expect, test } from "vitest";
import { breakOf, levelsOf } from "../src/statistics.ts";

test("a step change is dated to the day it happened, whatever the last days look like", () => {
  const before = [374, 377, 352, 367, 347, 367, 360, 358, 367];
  const after = [686, 725, 704, 752, 703, 756];
  expect(breakOf([...before, ...after], 1)).toBe(before.length);
  expect(breakOf([...after, ...before], -1)).toBe(after.length);
  expect(breakOf(before, 1)).not.toBe(0);
  expect(breakOf([1, 1, 2, 2], 1)).toBeUndefined();
});

test("levels weighted by how long they lasted", () => {
  expect(levelsOf([])).toEqual({ peak: 0, mean: 0, p95: 0 });
  // 95 of 100 at 1, and the rest at 3.
  expect(
    levelsOf([
      [3, 5],
      [1, 95],
      [9, 0],
    ]),
  ).toEqual({ peak: 3, mean: 1.1, p95: 1 });
  expect(
    levelsOf([
      [3, 6],
      [1, 94],
    ]).p95,
  ).toBe(3);
});
