import { inOrder } from "@org/sync-engine/source";
import { expect, test } from "vitest";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

test("yields the items of each iterable in turn, whichever answers first", async () => {
  const make = (name: string, delayMs: number) =>
    async function* () {
      for (const index of [1, 2]) {
        await wait(delayMs);
        yield `${name}${index}`;
      }
    };
  expect(await collect(inOrder([make("a", 20), make("b", 1), make("c", 5)], 2))).toEqual([
    "a1",
    "a2",
    "b1",
    "b2",
    "c1",
    "c2",
  ]);
});

test("starts no more iterables than allowed, and reads one item of each ahead", async () => {
  const begun: number[] = [];
  const taken: string[] = [];
  const make = (name: number) =>
    async function* () {
      begun.push(name);
      for (const index of [1, 2, 3]) {
        taken.push(`${name}.${index}`);
        yield index;
      }
    };
  const items = inOrder([1, 2, 3, 4].map(make), 2);
  await items.next();
  await wait(5);
  expect(begun).toEqual([1, 2]);
  expect(taken).toEqual(["1.1", "2.1"]);
  await items.return(undefined);
});

test("reports a failure in its turn, after the items before it, and ends the others", async () => {
  let ended = false;
  const good = async function* () {
    await wait(10);
    yield "a";
  };
  const bad = async function* (): AsyncGenerator<string> {
    yield* [];
    throw new Error("b failed");
  };
  const after = async function* () {
    try {
      yield "c";
    } finally {
      ended = true;
    }
  };
  const items = inOrder([good, bad, after], 3);
  expect((await items.next()).value).toBe("a");
  await expect(items.next()).rejects.toThrow("b failed");
  expect(ended).toBe(true);
});

test("ends at once if there is nothing to read", async () => {
  expect(await collect(inOrder([], 2))).toEqual([]);
});
