/** Deliberately broken export and import of tables, and the case that must catch each. */
import { AssertionError } from "node:assert";
import type { StoredValues } from "@org/destination";
import { expect, test } from "vitest";
import { inSession, run, type Wrong } from "./broken.ts";

const inPages = (change: (page: readonly StoredValues[]) => readonly StoredValues[]) =>
  inSession((right) => ({
    async *rows(table) {
      for await (const page of right.rows!(table)) yield change(page);
    },
  }));

const inRestored = (change: (row: StoredValues) => StoredValues) =>
  inSession((right) => ({ restore: (table, rows) => right.restore!(table, rows.map(change)) }));

const mistakes: readonly [mistake: string, caughtBy: string, wrong: Wrong][] = [
  [
    "forgets deleted rows",
    "returns all rows complete and ordered by key, deleted ones included",
    inPages((page) => page.filter(({ _deleted_at }) => _deleted_at === null)),
  ],
  [
    "gives rows as they lie",
    "returns all rows complete and ordered by key, deleted ones included",
    inPages((page) => page.toReversed()),
  ],
  [
    "brings deleted rows back to life",
    "writes rows as another destination held them: content, times and deletions",
    inRestored((row) => ({ ...row, _deleted_at: null })),
  ],
  [
    "stamps rows anew",
    "continues from restored rows: unchanged ones keep their time, reappearing ones are not deleted",
    inRestored((row) => ({ ...row, _synced_at: "2026-01-02T00:00:00.000000Z" })),
  ],
  [
    "takes the first of several rows with one key",
    "overwrites rows with the same keys, the last of each winning",
    inSession((right) => ({ restore: (table, rows) => right.restore!(table, rows.slice(0, 1)) })),
  ],
  [
    "stores the rows before one that it refuses",
    "stores all of the rows or none, and no state with them",
    inSession((right) => ({
      async restore(table, rows) {
        for (const row of rows) await right.restore!(table, [row]);
      },
    })),
  ],
  [
    "counts deleted rows among the others",
    "lists what is stored, without a session",
    (right) => ({
      ...right,
      async contents(options) {
        const all = (await right.contents?.(options)) ?? [];
        return all.map((each) => ({
          ...each,
          tables: each.tables.map((table) => ({ ...table, rows: table.rows + table.deleted })),
        }));
      },
    }),
  ],
];

test.each(mistakes)("a destination that %s is caught by: %s", async (_mistake, caughtBy, wrong) => {
  await expect(run(caughtBy, wrong)).rejects.toThrow(AssertionError);
});
