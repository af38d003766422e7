/** Deliberately broken handling of rows that do not fit, and the case that must catch each. */
import { AssertionError } from "node:assert";
import { type Batch, DestinationError, type Session } from "@org/destination";
import { expect, test } from "vitest";
import { inSession, run, type Wrong } from "./broken.ts";

/** Changes the error of a failed commit. */
const inError = (change: (error: DestinationError, batch: Batch) => unknown): Wrong =>
  inSession((right) => ({
    async commit(stream, batch) {
      return right.commit(stream, batch).catch((error) => {
        throw error instanceof DestinationError ? change(error, batch as Batch) : error;
      });
    },
  }));

const named = (error: DestinationError, rows: DestinationError["rows"]) =>
  error.rows ? new DestinationError("INVALID_ROW", error.message, rows && { rows }) : error;

const inBatch = (change: (batch: Batch) => Batch): Wrong =>
  inSession((right) => ({ commit: (stream, batch) => right.commit(stream, change(batch as Batch)) }));

const isOdd = (row: object) => Object.values(row).some((value) => typeof value === "string" && !value.isWellFormed());

const mistakes: readonly [mistake: string, caughtBy: string, wrong: Wrong][] = [
  [
    "names the first row only",
    "are reported all at once, with column and reason",
    inError((error) => named(error, error.rows?.slice(0, 1))),
  ],
  ["names no row", "are reported all at once, with column and reason", inError((error) => named(error, undefined))],
  [
    "says that it holds null where JSON can carry nothing",
    "cause no failure before they are written: heldAs returns them",
    (right) => ({
      ...right,
      heldAs: ({ type }, value) => (type === "json" ? JSON.parse(JSON.stringify(value)) : value),
    }),
  ],
  [
    "names every row of the batch",
    "do not block the others, once they are left out",
    inError((error, { upserts = [] }) =>
      named(
        error,
        upserts.map(({ id }) => ({ key: { id }, reason: "bad" })),
      ),
    ),
  ],
  [
    "leaves out by itself what does not fit",
    "are reported all at once, with column and reason",
    inSession((right) => ({
      async commit(stream, batch) {
        const { upserts = [] } = batch;
        return right.commit(stream, batch).catch((error: DestinationError) => {
          const bad = new Set(error.rows?.map(({ key }) => key.id));
          return right.commit(stream, {
            ...batch,
            replace: [],
            upserts: upserts.filter(({ id }) => !bad.has(id)),
          } as Batch);
        });
      },
    })),
  ],
  [
    "refuses a row that a later one of the batch makes good",
    "are only those that would be written: of rows with the same key, the last",
    inBatch((batch) => ({ ...batch, upserts: [...(batch.upserts ?? [])].reverse() })),
  ],
  [
    "knows no `keep`",
    "keep their stored version when a scope replaces others",
    inBatch(({ keep: _, ...batch }) => batch),
  ],
  [
    "revives what is kept",
    "keep their stored version when a scope replaces others",
    inSession((right) => ({
      async commit(stream, batch) {
        const result = await right.commit(stream, batch);
        const kept = (batch.keep ?? []).filter(({ id }) => id === 1);
        if (!batch.replace)
          await right.commit(stream, { ...batch, upserts: kept.map((key) => ({ ...revived, ...key })) } as Batch);
        return result;
      },
    })),
  ],
  [
    "lays everything to a row",
    "are not blamed for a state that cannot be saved, or for a table that was not prepared",
    inError((error, { upserts = [] }) =>
      named(
        new DestinationError("INVALID_ROW", error.message, { rows: [] }),
        upserts.map(({ id }) => ({ key: { id }, reason: "bad" })),
      ),
    ),
  ],
  [
    "refuses to look for what no row can hold",
    "are not found by values that no row can hold",
    inSession((right) => ({
      count: async (table, scope) => {
        for (const condition of Object.values(scope))
          if (condition && "in" in condition && isOdd(condition.in)) throw odd;
        return right.count(table, scope);
      },
    })),
  ],
  [
    "takes what no row can hold for any row",
    "are not found by values that no row can hold",
    inSession((right) => ({
      count: async (table, scope) => {
        const isAny = Object.values(scope).some((condition) => condition && "in" in condition && isOdd(condition.in));
        return right.count(table, isAny ? {} : scope);
      },
    })),
  ],
  [
    "prepares tables to rehearse",
    "leaves no table behind, and claims none for its pipeline",
    rehearsing((right, tables) => right.prepare(tables)),
  ],
  ["rehearses nothing", "reports what preparing would report", rehearsing(async () => {})],
];

const revived = { kind: "a", label: "revived", size: null, weight: null, done: null, seen: null, data: null };
const odd = new DestinationError("FAILED", "a scope with half a surrogate pair");

function rehearsing(rehearse: (right: Session, tables: Parameters<Session["prepare"]>[0]) => Promise<void>): Wrong {
  return inSession((right) => ({ rehearse: (tables) => rehearse(right, tables) }));
}

test.each(mistakes)("a destination that %s is caught by: %s", async (_mistake, caughtBy, wrong) => {
  const thrown = await run(caughtBy, wrong).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(
    thrown === odd || thrown instanceof AssertionError || (thrown as DestinationError)?.code === "OWNED",
    String(thrown),
  ).toBe(true);
});

test.each([...new Set(mistakes.map(([, caughtBy]) => caughtBy))])("no mistake is caught by: %s", async (caughtBy) => {
  await run(
    caughtBy,
    inSession(() => ({})),
  );
});
