/** Deliberately broken handling of read-only users, and the case that must catch each. */
import { AssertionError } from "node:assert";
import { memoryDestination } from "@org/destination/memory";
import { hasReaders } from "@org/testkit/read-only";
import { expect, test } from "vitest";
import { run, type Wrong } from "./broken.ts";

const mistakes: readonly [mistake: string, caughtBy: string, wrong: Wrong][] = [
  [
    "shows nothing to who has no rights",
    "see what is stored between sessions, every time",
    (right) => ({ ...right, contents: async () => [] }),
  ],
  [
    "answers queries from somewhere else",
    "see what is stored between sessions, every time",
    (right) => ({
      ...right,
      async read() {
        const reader = await right.read!();
        return { ...reader, query: () => reader.query("SELECT 0 AS held") };
      },
    }),
  ],
  [
    "lets anybody write, into nothing",
    "cannot open a session, learn why, and change nothing",
    (right) => ({ ...right, open: (options) => right.open(options).catch(() => memoryDestination().open(options)) }),
  ],
];

test.runIf(hasReaders).each(mistakes)("a destination that %s is caught by: %s", async (_mistake, caughtBy, wrong) => {
  await expect(run(caughtBy, wrong)).rejects.toThrow(AssertionError);
});
