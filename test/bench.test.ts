import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { markdownTable, worse } from "../bench/results.ts";

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

test("no missing row may appear where there was none", () => {
  const rows = (value: number) => ({ "missing rows": { value, better: "lower" as const } });
  expect(worse(rows(0), rows(1))).toHaveLength(1);
});

test("a README has the table of each committed bench", () => {
  const committed = JSON.parse(readFileSync(new URL("../bench/results.json", import.meta.url), "utf8")) as object;
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const readmes = read("../README.md") + read("../packages/sources/README.md");
  for (const name of Object.keys(committed)) {
    expect(readmes).toMatch(new RegExp(`<!-- bench:${name} -->\\s+\\|[^<]+<!-- /bench:${name} -->`));
  }
  expect(markdownTable(["a", "bc"], [["1", "2"]])).toBe("| a | bc |\n| - | -- |\n| 1 | 2  |");
});
