import { createWalk } from "@org/sync-engine/source";
import { describe, expect, test } from "vitest";

/** The number of pages read before the walk fails, or "never". */
function pagesUntilGivenUp(pageOf: (page: number) => { keys: string[]; next?: string | null }, most = 5_000) {
  const walk = createWalk("things");
  for (let page = 0; page < most; page += 1) {
    const { keys, next } = pageOf(page);
    try {
      walk.page(keys, next);
    } catch (error) {
      expect(error).toMatchObject({ code: "NO_PROGRESS", message: expect.stringContaining("list of things") });
      return page + 1;
    }
  }
  return "never";
}

const rows = (from: number, count: number) => Array.from({ length: count }, (_, index) => `row ${from + index}`);

describe("a walk is given up", () => {
  test("if pages repeat under tokens that never do", () => {
    expect(pagesUntilGivenUp((page) => ({ keys: rows(0, 100), next: `token ${page}` }))).toBe(21);
  });

  test("if pages repeat without tokens", () => {
    expect(pagesUntilGivenUp(() => ({ keys: rows(0, 100) }))).toBe(21);
  });

  test("if pages are empty and continue", () => {
    expect(pagesUntilGivenUp((page) => ({ keys: [], next: `token ${page}` }))).toBe(20);
  });

  test.each([1, 2, 7, 30])("if tokens repeat after %i pages", (length) => {
    const given = pagesUntilGivenUp((page) => ({ keys: rows(page * 10, 10), next: `token ${page % length}` }));
    expect(given).toBeLessThan(4 * length + 4);
  });

  test.each([1_000, 100])("if more rows than are remembered repeat, in pages of %i", (size) => {
    const inCircle = 60_000 / size;
    const given = pagesUntilGivenUp((page) => ({ keys: rows((page % inCircle) * size, size), next: `token ${page}` }));
    expect(given).toBeLessThan(2 * inCircle);
  });
});

test("a walk continues as long as a page now and then yields an unseen row", () => {
  const pageOf = (page: number) => ({ keys: page % 19 === 0 ? [`row ${page}`] : ["row 0"], next: `token ${page}` });
  expect(pagesUntilGivenUp(pageOf)).toBe("never");
  expect(pagesUntilGivenUp((page) => ({ keys: rows(page * 1_000, 1_000), next: `token ${page}` }), 100)).toBe("never");
});
