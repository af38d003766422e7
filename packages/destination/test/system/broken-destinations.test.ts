/**
 * Deliberately broken destinations, each a correct one with a single mistake, and the case that must catch it.
 * A suite that never fails proves nothing.
 */
import { AssertionError } from "node:assert";
import type { Batch, Destination, State } from "@org/destination";
import { destinationCases, runCase } from "@org/destination/testing";
import { createFixture, duckdbSuite } from "@org/testkit/places/duckdb";
import { expect, test } from "vitest";
import {
  firstOfEach,
  inBatch,
  inSession,
  inSteps,
  inViews,
  lettingEverybodyIn,
  mapRows,
  mapValues,
  onlyState,
} from "../mistakes.ts";

const mistakes: readonly [mistake: string, caughtBy: string, wrong: (right: Destination) => Destination][] = [
  [
    "drops the last row of a batch",
    "stores every row of a batch",
    inBatch((batch) => ({ ...batch, upserts: (batch.upserts ?? []).slice(0, -1) })),
  ],
  [
    "saves the state before the rows",
    "stores neither rows nor state of a batch that contains an invalid row",
    inSteps(async (commit, batch) => {
      await commit(onlyState(batch));
      return commit(batch);
    }),
  ],
  [
    "stores half of a batch when the other half fails",
    "stores neither rows nor state of a batch that contains an invalid row",
    inSteps(async (commit, { upserts = [], ...batch }) => {
      if (upserts.length > 1) await commit({ table: batch.table, upserts: upserts.slice(0, 1), state: batch.state });
      return commit({ ...batch, upserts });
    }),
  ],
  [
    "saves no state without rows",
    "saves the state of a batch without rows",
    inSteps(async (commit, batch) =>
      batch.upserts || batch.replace
        ? commit(batch)
        : { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 },
    ),
  ],
  [
    "never marks a row as deleted",
    "marks the other rows of a scope as deleted, and none outside it",
    inBatch(({ replace = [], upserts = [], ...batch }) => ({
      ...batch,
      upserts: [...replace.flatMap(({ rows }) => rows), ...upserts],
    })),
  ],
  [
    "marks rows outside the scope",
    "marks the other rows of a scope as deleted, and none outside it",
    inBatch((batch) => ({ ...batch, replace: (batch.replace ?? []).map(({ rows }) => ({ scope: {}, rows })) })),
  ],
  [
    "ignores null in a list",
    "matches null in a list, next to values and alone",
    inBatch((batch) => ({
      ...batch,
      replace: (batch.replace ?? []).map(({ scope, rows }) => ({
        rows,
        scope: Object.fromEntries(
          Object.entries(scope).map(([column, condition]) => [
            column,
            condition && "in" in condition ? { in: condition.in.filter((value) => value !== null) } : condition,
          ]),
        ),
      })),
    })),
  ],
  [
    "takes the upper bound of a range in",
    "matches ranges: lower bound included, upper bound excluded, null never",
    inBatch((batch) => ({
      ...batch,
      replace: (batch.replace ?? []).flatMap(({ scope, rows }) => {
        const upper = Object.entries(scope).flatMap(([column, condition]) =>
          condition && "lt" in condition && condition.lt !== undefined ? [[column, { in: [condition.lt] }]] : [],
        );
        const widened = upper.length > 0 ? [{ scope: Object.fromEntries(upper), rows: [] }] : [];
        return [{ scope, rows }, ...widened];
      }),
    })),
  ],
  [
    "does not revive rows that come back",
    "revives a deleted row that reappears, changed or not",
    (() => {
      const known = new Set<unknown>();
      return inSession((right) => ({
        async commit(stream, batch) {
          const present = new Set((await right.keys(batch.table, {})).map(({ id }) => id as unknown));
          const rows: NonNullable<Batch["upserts"]> = batch.upserts ?? [];
          const upserts = rows.filter(({ id }) => !known.has(id) || present.has(id));
          for (const { id } of rows) known.add(id);
          return right.commit(stream, { ...batch, upserts } as Batch);
        },
      }));
    })(),
  ],
  [
    "rewrites unchanged rows",
    "does not rewrite unchanged rows",
    inSteps(async (commit, batch) => {
      await commit(mapRows(batch, (row) => ({ ...row, label: "touched" })));
      return commit(batch);
    }),
  ],
  [
    "counts deleted rows",
    "counts the rows of a scope that are not deleted",
    inSession((right) => {
      let deleted = 0;
      return {
        async commit(stream, batch) {
          const result = await right.commit(stream, batch);
          deleted += result.deleted;
          return result;
        },
        count: async (table, scope) => (await right.count(table, scope)) + deleted,
      };
    }),
  ],
  [
    "says that every row was new",
    "counts new, changed and unchanged rows",
    inSteps(async (commit, batch) => {
      const { inserted, updated, unchanged, ...rest } = await commit(batch);
      return { inserted: inserted + updated + unchanged, updated: 0, unchanged: 0, ...rest };
    }),
  ],
  [
    "cuts timestamps to milliseconds",
    "keeps microseconds, and the years 0001 and 9999",
    mapValues((value) => (typeof value === "string" ? value.replace(/(\.\d{3})\d{3}Z$/, "$1000Z") : value)),
  ],
  [
    "rounds large integers",
    "keeps integers above 2^53",
    mapValues((value) => (typeof value === "bigint" ? (value / 4096n) * 4096n : value)),
  ],
  [
    "cuts a text at a NUL character",
    "keeps a NUL character, rejects it, or returns what heldAs says, but never truncates the text there",
    mapValues((value) => (typeof value === "string" ? value.split("\0")[0] : value)),
  ],
  [
    "says that it replaces a NUL character, and keeps it",
    "keeps a NUL character, rejects it, or returns what heldAs says, but never truncates the text there",
    (right) => ({
      ...right,
      heldAs: (_, value) => (typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value),
    }),
  ],
  [
    "stores an empty text as null",
    "detects changes from and to null in every column",
    mapValues((value) => (value === "" ? null : value)),
  ],
  [
    "takes the first of several rows with one key",
    "keeps the last of several rows with the same key",
    inBatch(firstOfEach),
  ],
  [
    "loses the version of a state",
    "keeps a state's version, even an unknown one",
    inBatch((batch) => ({ ...batch, state: { ...batch.state, version: 1 } })),
  ],
  [
    "shows one pipeline the states of another",
    "keeps the states of pipelines separate",
    (() => {
      const all = new Map<string, State>();
      return inSession((right) => ({
        commit(stream, batch) {
          all.set(stream, batch.state);
          return right.commit(stream, batch);
        },
        states: async () => new Map([...all, ...(await right.states())]),
      }));
    })(),
  ],
  [
    "gives tables to whoever asks",
    "rejects a table of another pipeline, and names its owner",
    (right) => ({ ...right, open: (options) => right.open({ ...options, pipeline: "everybody's" }) }),
  ],
  ["lets a second writer in", "rejects a second writer while a session is open", lettingEverybodyIn],
  [
    "shows the first pipeline only in a view",
    "combine rows that are not deleted, name their pipeline, and fill missing columns with null",
    inViews(({ view, parts }) => ({ view, parts: parts.slice(0, 1) })),
  ],
  [
    "swallows an abort",
    "rejects every call with the signal's reason after an abort",
    (right) => ({ ...right, open: ({ pipeline }) => right.open({ pipeline }) }),
  ],
  [
    "carries out calls in any order",
    "runs concurrent calls one at a time",
    inSession((right) => ({
      count: async (table, scope) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return right.count(table, scope);
      },
    })),
  ],
];

function run(caseName: string, wrong: (right: Destination) => Destination): Promise<void> {
  const named = destinationCases.find((each) => each.name === caseName);
  if (!named) throw new Error(`The suite has no case named "${caseName}".`);
  const create = async () => {
    const fixture = await createFixture();
    const destination = wrong(fixture.connect());
    return { ...fixture, connect: () => destination };
  };
  return runCase({ ...duckdbSuite, create }, named);
}

test.each(mistakes)("a destination that %s is caught by: %s", async (_mistake, caughtBy, wrong) => {
  await expect(run(caughtBy, wrong)).rejects.toThrow(AssertionError);
});

test.each([...new Set(mistakes.map(([, caughtBy]) => caughtBy))])("no mistake is caught by: %s", async (caughtBy) => {
  await run(
    caughtBy,
    inSession(() => ({})),
  );
});
