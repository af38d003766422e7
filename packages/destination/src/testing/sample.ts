/** A small table with a column of every type, and helpers to fill and read it. */
import assert from "node:assert/strict";
import { defineTable } from "../define-table.ts";
import type { Batch, CommitResult, Session } from "../destination.ts";
import { DestinationError, type DestinationErrorCode } from "../errors.ts";
import type { Row, StoredValues } from "../table.ts";
import type { Subject } from "./case.ts";

export const things = defineTable({
  name: "things",
  description: "Sample rows; it's only a test.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Number of the thing." },
    kind: { type: "string", description: "What kind of thing it is." },
    label: { type: "string", nullable: true, description: "Its name, if it has one." },
    size: { type: "int64", nullable: true, description: "Its size, in bytes." },
    weight: { type: "float64", nullable: true, description: "Its weight, in grams." },
    done: { type: "boolean", nullable: true, description: "Whether it is done." },
    seen: { type: "timestamp", nullable: true, description: "When it was seen." },
    data: { type: "json", nullable: true, description: "What else is known." },
  },
});

export type Thing = Row<typeof things>;

/** A thing with only a key and a kind. */
export function thing(id: number, known: Partial<Thing> = {}): Thing {
  return { id, kind: "a", label: null, size: null, weight: null, done: null, seen: null, data: null, ...known };
}

/** A time of day: minute 90 is 01:30. */
export function moment(minute: number): string {
  return `${new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString().slice(0, 23)}000Z`;
}

export type ThingsBatch = Omit<Batch<typeof things>, "table" | "state">;

/** Prepares the table and commits. */
export async function commitThings(session: Session, batch: ThingsBatch, value = 1): Promise<CommitResult> {
  await session.prepare([things]);
  return session.commit("things", { table: things, ...batch, state: { version: 1, value } });
}

/** The same, in its own session. */
export function commitOnce(subject: Subject, batch: ThingsBatch, value = 1): Promise<CommitResult> {
  return subject.during((session) => commitThings(session, batch, value));
}

/** All rows by id, read independently. */
export async function storedThings(subject: Subject): Promise<ReadonlyMap<number, StoredValues>> {
  const rows = await subject.read("things");
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  assert.equal(byId.size, rows.length, "no key is stored twice");
  return byId;
}

/** The ids of live rows, and of deleted ones. */
export async function presentAndDeleted(subject: Subject): Promise<{ present: number[]; deleted: number[] }> {
  const rows = [...(await storedThings(subject)).values()];
  const ids = (some: StoredValues[]) => some.map((row) => Number(row.id)).sort((a, b) => a - b);
  return {
    present: ids(rows.filter((row) => row._deleted_at === null)),
    deleted: ids(rows.filter((row) => row._deleted_at !== null)),
  };
}

/** A row without the destination's own columns. */
export function content(row: StoredValues | undefined): StoredValues {
  assert.ok(row, "the row is stored");
  const { _synced_at, _deleted_at, ...rest } = row;
  return rest;
}

export const noCounts: CommitResult = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };

/** Expects a promise to reject with a DestinationError of this code, whose message contains all of these words. */
export async function rejectsWith(
  promise: Promise<unknown>,
  code: DestinationErrorCode,
  ...words: readonly string[]
): Promise<void> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown, `expected an error ${code}, but there was none`);
  assert.ok(thrown instanceof DestinationError, `expected a DestinationError, got ${thrown}`);
  assert.equal(thrown.code, code, thrown.message);
  for (const word of words) assert.ok(thrown.message.includes(word), `the message names ${word}: ${thrown.message}`);
}
