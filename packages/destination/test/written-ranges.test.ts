/** Scopes beyond all rows cost nothing, and no row of any other scope is missed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { defineTable, type Scope, type Session } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { WrittenRanges } from "../src/written-ranges.ts";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Key." },
    name: { type: "string", description: "Name." },
    at: { type: "timestamp", nullable: true, description: "When." },
  },
});
const hour = (number: number) => `2026-11-21T${String(number).padStart(2, "0")}:00:00.000000Z`;
const row = (id: number, at: number | null) => ({ id, name: `n${id}`, at: at === null ? null : hour(at) });
const slice = (from: number, to: number): Scope<typeof table> => ({ at: { gte: hour(from), lt: hour(to) } });

describe("what is known to be empty", () => {
  const ranges = new WrittenRanges();
  ranges.learn(table, "at", { low: hour(10), high: hour(12) });
  ranges.learn(table, "id", { low: 5, high: 7n });
  ranges.learn(table, "name", { low: "b", high: "d" });

  test.each<[boolean, Scope<typeof table>]>([
    [true, slice(8, 10)],
    [false, slice(8, 11)],
    [false, slice(12, 13)],
    [true, slice(13, 14)],
    [true, { at: { gte: hour(13) } }],
    [true, { at: { lt: hour(10) } }],
    [false, { at: { gte: hour(12) } }],
    [true, { id: { gte: 8n } }],
    [false, { id: { gte: 7 } }],
    [true, { name: { in: ["b"] }, at: { lt: hour(9) } }],
    // Each database orders texts in its own way, and a list may hold a null.
    [false, { name: { lt: "a" } }],
    [false, { id: { in: [9] } }],
    [false, { at: {} }],
    [false, {}],
    // Not in our form, so that the database decides.
    [false, { at: { lt: "2020-01-01" } }],
  ])("%s: %o", (isEmpty, scope) => {
    expect(ranges.excludes(table, scope)).toBe(isEmpty);
  });

  test("grows with each row, and is forgotten on request", () => {
    const own = new WrittenRanges();
    expect(own.unknown(table, [slice(1, 2), { name: { lt: "x" } }])).toEqual(["at"]);
    own.learn(table, "at", { low: null, high: null });
    expect(own.unknown(table, [slice(1, 2)])).toEqual([]);
    expect(own.excludes(table, slice(1, 2))).toBe(true);
    own.add(table, [row(1, 5), row(2, null), row(3, 3)]);
    expect([slice(2, 3), slice(3, 4), slice(5, 6), slice(6, 7)].map((each) => own.excludes(table, each))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    own.forget(table);
    expect(own.excludes(table, slice(2, 3))).toBe(false);
  });
});

describe("in a session", () => {
  async function opened() {
    const folder = mkdtempSync(join(tmpdir(), "ranges-"));
    const file = join(folder, "file.sqlite");
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const open = async () => {
      const session = await sqlite(file).open({ pipeline: "p" });
      onTestFinished(() => session.close());
      await session.prepare([table]);
      return session;
    };
    return { file, open };
  }
  const replace = (session: Session, scope: Scope<typeof table>, rows: ReturnType<typeof row>[]) =>
    session.commit("s", { table, replace: [{ scope, rows }], state: { version: 1, value: 1 } });
  const ids = async (session: Session, scope: Scope<typeof table> = {}) =>
    (await session.keys(table, scope)).map(({ id }) => id).sort();

  test("rows of a scope are marked, wherever and whenever they were written", async () => {
    const { open } = await opened();
    const first = await open();
    await replace(first, slice(20, 21), [row(1, 20)]);
    // One row lies outside its scope, and another has no time.
    await replace(first, slice(19, 20), [row(2, 19), row(3, 5), row(4, null)]);
    expect(await ids(first, slice(5, 6))).toEqual([3]);
    await expect(replace(first, slice(5, 6), [])).resolves.toMatchObject({ deleted: 1 });
    await first.close();
    const second = await open();
    await expect(replace(second, slice(19, 20), [row(5, 19)])).resolves.toMatchObject({ inserted: 1, deleted: 1 });
    await expect(replace(second, slice(0, 5), [row(6, 4)])).resolves.toMatchObject({ inserted: 1, deleted: 0 });
    expect(await ids(second)).toEqual([1, 4, 5, 6]);
  });

  test("of rows with the same key in several scopes, the last wins, empty scope or not", async () => {
    const { open } = await opened();
    const session = await open();
    await replace(session, slice(20, 21), [row(1, 20)]);
    const [late, early] = [
      { ...row(2, 3), name: "late" },
      { ...row(2, 20), name: "early" },
    ];
    await session.commit("s", {
      table,
      replace: [
        { scope: slice(3, 4), rows: [late] },
        { scope: slice(20, 21), rows: [early] },
      ],
      state: { version: 1, value: 1 },
    });
    expect(await session.keys(table, {}, ["name"])).toEqual([{ id: 2, name: "early" }]);
  });

  test("a scope beyond all rows is not looked at", async () => {
    const { file, open } = await opened();
    const session = await open();
    await replace(session, slice(20, 21), [row(1, 20)]);
    const other = new DatabaseSync(file);
    other.exec(`INSERT INTO things (id, name, at, _synced_at) VALUES (9, 'not ours', '${hour(3)}', '${hour(3)}')`);
    other.close();
    expect(await ids(session)).toEqual([1, 9]);
    await expect(replace(session, slice(3, 4), [row(2, 3)])).resolves.toMatchObject({ inserted: 1, deleted: 0 });
    await session.close();
    // The next session knows of it.
    await expect(replace(await open(), slice(3, 4), [row(2, 3)])).resolves.toMatchObject({ unchanged: 1, deleted: 1 });
  });
});
