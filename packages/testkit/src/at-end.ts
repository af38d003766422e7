import { afterAll } from "vitest";

const work: (() => unknown)[] = [];
afterAll(async () => {
  for (const each of work.reverse()) await each();
});

/** Cleans up after a file's tests. Unlike vitest's hooks, it can be called from anywhere. */
export function atEnd(each: () => unknown): void {
  work.push(each);
}
