import { afterAll } from "vitest";

const work: (() => unknown)[] = [];
afterAll(async () => {
  for (const each of work.reverse()) await each();
});

/** Cleans up when the tests of a file are done; unlike vitest's own hooks it may be called from anywhere. */
export function atEnd(each: () => unknown): void {
  work.push(each);
}
