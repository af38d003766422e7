/** SQL queries on stored tables. */
import assert from "node:assert/strict";
import type { Destination } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import type { SqlReader } from "../sql-reader.ts";
import { systemColumns } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, commitThings, content, rejectsWith, storedThings, thing, things } from "./sample.ts";

const group = "sql";
const when = (_: unknown, destination: Destination) => destination.read !== undefined;

async function reading<T>(subject: Subject, work: (reader: SqlReader) => Promise<T>): Promise<T> {
  const reader = await subject.fixture.connect().read!();
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

const seen = "2026-11-21T09:30:00.123456Z";
const rows = [
  thing(1, { label: "it's", size: 2 ** 40, weight: 0.1, done: true, seen, data: { list: [1, null, "x"] } }),
  thing(2, { size: 2n ** 62n + 1n, done: false }),
];

export const sqlCases: readonly DestinationCase[] = [
  {
    group,
    when,
    name: "returns every column of a query as it was written, deleted rows included",
    async run(subject) {
      await commitOnce(subject, { upserts: rows });
      await commitOnce(subject, { replace: [{ scope: { id: { in: [2] } }, rows: [] }] });
      const found = await reading(subject, (reader) =>
        reader.query(`SELECT * FROM ${reader.table(things)} ORDER BY id`, [], {
          columns: { ...things.columns, ...systemColumns },
        }),
      );
      assert.deepEqual(found.map(content), rows);
      assert.deepEqual(
        found,
        [...(await storedThings(subject)).values()].sort((a, b) => Number(a.id) - Number(b.id)),
      );
    },
  },
  {
    group,
    when,
    name: "accepts parameters of every type",
    async run(subject) {
      await commitOnce(subject, { upserts: rows });
      const conditions = [
        ["label = $1", "it's"],
        ["size = $1", 2 ** 40],
        ["weight < $1", 0.2],
        ["weight < $1", 1],
        ["done = $1", true],
        ["seen = $1", { type: "timestamp", value: seen }],
        ["id = $1", 1n],
      ] as const;
      await reading(subject, async (reader) => {
        for (const [condition, value] of conditions) {
          const sql = `SELECT id FROM ${reader.table(things)} WHERE ${condition}`;
          assert.deepEqual(await reader.query(sql, [value]), [{ id: 1 }], condition);
        }
        const twice = `SELECT id FROM ${reader.table(things)} WHERE id >= $2 AND id <= $1 AND id >= $2`;
        assert.deepEqual(await reader.query(twice, [1, 1]), [{ id: 1 }]);
        const wrong = reader.query("SELECT $1", [{ type: "timestamp", value: "yesterday" }]);
        await rejectsWith(wrong, "FAILED", "$1", "yesterday");
      });
    },
  },
  {
    group,
    when,
    name: "returns a large result in pages, and releases one that is left early",
    async run(subject) {
      const many = Array.from({ length: 10_000 }, (_, id) => thing(id));
      await commitOnce(subject, { upserts: many });
      await reading(subject, async (reader) => {
        const sql = `SELECT id FROM ${reader.table(things)} ORDER BY id`;
        const sizes: number[] = [];
        let next = 0;
        for await (const page of reader.pages(sql)) {
          sizes.push(page.length);
          for (const { id } of page) assert.equal(Number(id), next++);
        }
        assert.equal(next, many.length);
        assert.ok(Math.max(...sizes) <= 5000, `pages of ${sizes.join(", ")} rows`);
        for await (const page of reader.pages(sql)) {
          assert.ok(page.length > 0);
          break;
        }
        assert.deepEqual(await reader.query(`SELECT count(*) AS n FROM ${reader.table(things)}`), [{ n: 10_000 }]);
      });
    },
  },
  {
    group,
    when,
    name: "changes nothing, whatever a query says",
    async run(subject) {
      await commitOnce(subject, { upserts: rows });
      const before = await storedThings(subject);
      await reading(subject, async (reader) => {
        const table = reader.table(things);
        for (const sql of [
          `DELETE FROM ${table}`,
          `UPDATE ${table} SET label = 'x'`,
          `INSERT INTO ${table} (id, kind) VALUES (3, 'b')`,
          `DROP TABLE ${table}`,
          `CREATE TABLE more AS SELECT * FROM ${table}`,
          `-- only a comment\nDELETE FROM ${table} RETURNING id`,
          `WITH gone AS (SELECT 1) DELETE FROM ${table}`,
          `SELECT 1 AS one; DELETE FROM ${table}`,
          `SELECT 1 AS one; COMMIT; DELETE FROM ${table}`,
          `SELECT 1 AS one /* ; */ ; COMMIT; BEGIN; DELETE FROM ${table}; COMMIT; BEGIN; SELECT 1 AS one`,
          "SELECT 1 AS one; SELECT 2 AS two",
          "SELECT nothing",
        ]) {
          await assert.rejects(reader.query(sql), DestinationError, sql);
        }
        assert.deepEqual(await reader.query("SELECT 1 AS one"), [{ one: 1 }], "and goes on after an error");
        assert.deepEqual(await reader.query("SELECT 1 AS one ; -- only\n"), [{ one: 1 }], "one statement, and its end");
      });
      assert.deepEqual(await storedThings(subject), before);
    },
  },
  {
    group,
    when,
    name: "serves several readers at once",
    async run(subject) {
      await commitOnce(subject, { upserts: rows });
      const destination = subject.fixture.connect();
      const readers = await Promise.all([destination.read!(), destination.read!(), destination.read!()]);
      const sql = (reader: SqlReader) => `SELECT id FROM ${reader.table(things)} ORDER BY id`;
      const answers = await Promise.all(readers.map((reader) => reader.query(sql(reader))));
      await Promise.all(readers.map((reader) => reader.close()));
      assert.deepEqual(
        answers,
        [0, 1, 2].map(() => [{ id: 1 }, { id: 2 }]),
      );
    },
  },
  {
    group,
    when,
    name: "needs no fence, and rejects with the signal's reason after an abort",
    async run(subject) {
      await commitOnce(subject, { upserts: rows });
      const controller = new AbortController();
      const reader = await subject.fixture.connect().read!({ signal: controller.signal });
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(reader.query("SELECT 1"), (error) => error === reason);
      await reader.close();
      await reader.close();
      await subject.during((session) => commitThings(session, { upserts: rows }));
    },
  },
  {
    group,
    when: ({ fencing }, destination) => fencing === "lease" && destination.read !== undefined,
    name: "answers queries while a session is open, with what it has committed",
    run: (subject) =>
      subject.during(async (session) => {
        await commitThings(session, { upserts: rows });
        const count = (reader: SqlReader) => reader.query(`SELECT count(*) AS n FROM ${reader.table(things)}`);
        assert.deepEqual(await reading(subject, count), [{ n: 2 }]);
        await commitThings(session, { upserts: [thing(3)] });
        assert.deepEqual(await reading(subject, count), [{ n: 3 }]);
      }),
  },
  {
    group,
    when,
    name: "creates nothing if nothing exists",
    async run(subject) {
      const destination = subject.fixture.connect();
      const reader = await destination.read!().catch((error: unknown) => {
        assert.equal((error as DestinationError).code, "NOT_FOUND");
        return undefined;
      });
      await reader?.close();
      if (!reader) await rejectsWith(destination.read!(), "NOT_FOUND");
    },
  },
];
