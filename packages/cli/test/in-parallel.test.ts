import { expect, test } from "vitest";
import { exitCodes, worstOf } from "../src/exit-code.ts";
import { inParallel } from "../src/sync/in-parallel.ts";

/** Works through items, and notes how many were at work at once, of all and of each key. */
async function worked(keys: readonly (string | undefined)[], limit: number) {
  const now = new Set<number>();
  let most = 0;
  const together: string[] = [];
  const items = keys.map((key, index) => ({ key, index }));
  const results = await inParallel(items, { limit, keyOf: ({ key }) => key }, async ({ key, index }) => {
    for (const other of now) if (key !== undefined && keys[other] === key) together.push(key);
    now.add(index);
    most = Math.max(most, now.size);
    await new Promise((resolve) => setTimeout(resolve, (keys.length - index) * 3));
    now.delete(index);
    return index;
  });
  return { results, most, together };
}

test("runs several at once, returns results in order, and passes over those that must wait", async () => {
  const free = await worked([undefined, undefined, undefined, undefined, undefined], 2);
  expect(free).toEqual({ results: [0, 1, 2, 3, 4], most: 2, together: [] });
  const held = await worked(["a", "a", "a", "b"], 2);
  expect(held).toEqual({ results: [0, 1, 2, 3], most: 2, together: [] });
  expect((await worked(["a", "a", "a"], 5)).most).toBe(1);
  expect((await worked([], 2)).results).toEqual([]);
});

test("the worst exit code wins: configuration before incomplete before retry later; what stopped one stopped all", () => {
  expect(worstOf([])).toBe(exitCodes.done);
  expect(worstOf([0, 75])).toBe(75);
  expect(worstOf([75, 1, 0])).toBe(1);
  expect(worstOf([1, 2, 75])).toBe(2);
  expect(worstOf([2, 130, 0])).toBe(130);
});
