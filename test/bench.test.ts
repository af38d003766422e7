import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compareRows } from "../bench/compete.ts";
import { load, markdownTable, type Ratios, worse } from "../bench/results.ts";

/** The ratios of a measurement that is worse by this part in each. */
function worsened(ratios: Ratios, by: number): Ratios {
  return Object.fromEntries(
    Object.entries(ratios).map(([name, { value, better }]) => [
      name,
      { value: better === "higher" ? value * (1 - by) : value * (1 + by), better },
    ]),
  );
}

test("a ratio fails if it is more than 20 % worse, in its own direction", () => {
  const before = { share: { value: 0.9, better: "higher" }, requests: { value: 10, better: "lower" } } as const;
  const now = (share: number, requests: number) => ({
    share: { value: share, better: "higher" as const },
    requests: { value: requests, better: "lower" as const },
  });
  expect(worse(before, now(0.73, 12))).toEqual([]);
  expect(worse(before, now(2, 1))).toEqual([]);
  expect(worse(before, now(0.7, 13))).toEqual([
    "share: 0.7, was 0.9 (higher is better)",
    "requests: 13, was 10 (lower is better)",
  ]);
  expect(worse(before, { share: now(1, 1).share })).toEqual(["requests: not measured"]);
});

test("a measurement that is 25 % worse than the committed file fails in each ratio, and one of 15 % passes", () => {
  for (const { ratios } of Object.values(load())) {
    expect(worse(ratios, ratios)).toEqual([]);
    expect(worse(ratios, worsened(ratios, 0.15))).toEqual([]);
    // A quarter more than nothing is nothing.
    const measurable = Object.fromEntries(Object.entries(ratios).filter(([, { value }]) => value > 0));
    const failed = worse(ratios, worsened(ratios, 0.25)).map((line) => line.slice(0, line.lastIndexOf(": ")));
    expect(failed).toEqual(Object.keys(measurable));
  }
});

test("a copy is wrong in rows that differ, that the server does not have, or that are there twice", () => {
  const truth = [
    ["a", 1, "success"],
    ["a", 2, null],
    ["b", 1, "failed"],
  ] as const;
  expect(compareRows(truth, truth)).toEqual({ missing: 0, wrong: 0 });
  expect(compareRows(truth, [["a", 1, "running"], ["c", 1, "success"], ...truth.slice(1), truth[2]])).toEqual({
    missing: 0,
    wrong: 3,
  });
  expect(compareRows(truth, [])).toEqual({ missing: 3, wrong: 0 });
});

test("no missing row may appear where there was none", () => {
  const rows = (value: number) => ({ "missing rows": { value, better: "lower" as const } });
  expect(worse(rows(0), rows(1))).toHaveLength(1);
});

test("a README has the table of each committed bench", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const readmes = read("../README.md") + read("../packages/sources/README.md");
  for (const name of Object.keys(load())) {
    expect(readmes).toMatch(new RegExp(`<!-- bench:${name} -->\\s+\\|[^<]+<!-- /bench:${name} -->`));
  }
  expect(markdownTable(["a", "bc"], [["1", "2"]])).toBe("| a | bc |\n| - | -- |\n| 1 | 2  |");
});
