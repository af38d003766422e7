/** Deliberately broken handling of changing keys, and the case that must catch each. */
import { AssertionError } from "node:assert";
import type { Session, StoredValues, Table } from "@org/destination";
import { expect, test } from "vitest";
import { inSession, run, type Wrong } from "./broken.ts";

/** Rewrites what a session prepares, row by row. */
const inOldRows = (change: (row: StoredValues) => StoredValues): Wrong =>
  inSession((right) => ({
    async prepare(tables) {
      await right.prepare(tables);
      for (const table of tables) {
        for await (const page of right.rows!(table)) await right.restore!(table, page.map(change));
      }
    },
  }));

const withoutDefaults = (table: Table): Table => ({
  ...table,
  columns: Object.fromEntries(
    Object.entries(table.columns).map(([name, { default: _, ...column }]) => [name, { ...column, nullable: true }]),
  ),
});

/** Keeps using the first key that it was given. */
function withOldKeys(): Wrong {
  const keys = new Map<string, readonly string[]>();
  const old = <T extends Table>(table: T): T => {
    if (!keys.has(table.name)) keys.set(table.name, table.primaryKey);
    return { ...table, primaryKey: keys.get(table.name) };
  };
  return inSession((right) => ({
    prepare: (tables) => right.prepare(tables.map(old)),
    commit: (stream, batch) => right.commit(stream, { ...batch, table: old(batch.table) }),
  }));
}

const oneByOne = (prepare: (right: Session, table: Table) => Promise<void>): Wrong =>
  inSession((right) => ({
    async prepare(tables) {
      for (const table of tables) await prepare(right, table);
    },
  }));

const larger = "extends a key by new columns, and keeps rows, their times and their deletions";

const mistakes: readonly [mistake: string, caughtBy: string, wrong: Wrong][] = [
  [
    "knows nothing of defaults",
    "adds columns with their defaults to existing rows, and keeps their times",
    inSession((right) => ({ prepare: (tables) => right.prepare(tables.map(withoutDefaults)) })),
  ],
  [
    "stamps rows anew",
    larger,
    (() => {
      let minute = 10;
      return inOldRows((row) => ({ ...row, _synced_at: `2026-01-02T00:${minute++}:00.000000Z` }));
    })(),
  ],
  ["brings deleted rows back to life", larger, inOldRows((row) => ({ ...row, _deleted_at: null }))],
  ["keeps using the old key", "identifies rows by the new key from then on, however they are written", withOldKeys()],
  [
    "takes any key",
    "rejects a key that existing rows lack or share, and changes nothing",
    oneByOne((right, table) => right.prepare([table]).catch(() => undefined)),
  ],
  [
    "changes one table after the other",
    "changes the keys of all tables of a call, or of none",
    oneByOne((right, table) => right.prepare([table])),
  ],
];

test.each(mistakes)("a destination that %s is caught by: %s", async (_mistake, caughtBy, wrong) => {
  await expect(run(caughtBy, wrong)).rejects.toThrow(AssertionError);
});
