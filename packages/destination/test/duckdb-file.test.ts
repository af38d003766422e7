/** What is special about a DuckDB file; everything else is in the conformance suite. */
import { chmod, readFile, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type DestinationErrorCode, defineTable, type Session } from "@org/destination";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { createFixture, type DuckdbFixture } from "@org/testkit/places/duckdb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "It's a table.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "It's the key." },
    at: { type: "timestamp", nullable: true, description: "When." },
    data: { type: "json", nullable: true, description: "What." },
  },
});
const state = { version: 1, value: { position: 1 } };
const pipeline = "airflow@example.org";

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function during<T>(work: (session: Session) => Promise<T>, destination = duckdb(fixture.file)): Promise<T> {
  const session = await destination.open({ pipeline });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const store = (destination?: ReturnType<typeof duckdb>) =>
  during(async (session) => {
    await session.prepare([table]);
    await session.commit("things", { table, upserts: [{ id: 1, at: null, data: null }], state });
  }, destination);

/** Runs statements on the closed file directly. */
async function byHand(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(fixture.file);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

const failure = (code: DestinationErrorCode, ...words: string[]) =>
  expect.objectContaining({
    name: "DestinationError",
    code,
    message: expect.stringMatching(new RegExp(words.map((word) => word.replace(/[^\w ]/g, "\\$&")).join("[^]*"))),
  });

describe("opening", () => {
  test.each([
    ["text", "This is a letter to my bank.\n"],
    ["a short text", "hi"],
    ["nothing", ""],
    ["a SQLite database", `SQLite format 3\0${"\0".repeat(8192)}`],
  ])("rejects a file with %s and leaves it unchanged", async (_what, text) => {
    await writeFile(fixture.file, text);
    await expect(during(async () => {})).rejects.toEqual(
      failure("NOT_A_DESTINATION", fixture.file, "not a DuckDB file"),
    );
    expect(await readFile(fixture.file, "utf8")).toBe(text);
  });

  test("distinguishes a damaged or truncated file from other errors", async () => {
    await store();
    const whole = await readFile(fixture.file);
    const damaged = Buffer.from(whole);
    damaged.fill("Z", 12_300, 12_400);
    for (const bytes of [damaged, ...[12, 4096, 12_288, 100_000].map((size) => whole.subarray(0, size))]) {
      await writeFile(fixture.file, bytes);
      await expect(store()).rejects.toEqual(
        failure("NOT_A_DESTINATION", fixture.file, "damaged or truncated", "Restore it"),
      );
    }
  });

  test.skipIf(process.platform === "win32")("rejects a device", async () => {
    await expect(store(duckdb("/dev/null"))).rejects.toEqual(failure("NOT_A_DESTINATION", "/dev/null", "is a device"));
  });

  test("names a folder that does not exist", async () => {
    const missing = join(fixture.folder, "missing", "folder");
    const opened = during(async () => {}, duckdb(join(missing, "a.duckdb")));
    await expect(opened).rejects.toEqual(failure("NOT_FOUND", missing));
  });

  test("rejects a folder in place of a file", async () => {
    await expect(during(async () => {}, duckdb(fixture.folder))).rejects.toEqual(
      failure("NOT_A_DESTINATION", "is a folder"),
    );
  });

  test.skipIf(process.platform === "win32")("rejects a file or folder that is not writable", async () => {
    await store();
    await chmod(fixture.file, 0o444);
    await chmod(fixture.folder, 0o555);
    // Permissions do not apply to root.
    const superuser = process.geteuid?.() === 0;
    if (superuser) process.seteuid?.(65_534);
    try {
      for (const file of [fixture.file, join(fixture.folder, "new.duckdb")]) {
        await expect(during(async () => {}, duckdb(file))).rejects.toEqual(failure("NO_PERMISSION", file));
      }
    } finally {
      if (superuser) process.seteuid?.(0);
      await chmod(fixture.folder, 0o755);
      await chmod(fixture.file, 0o644);
    }
  });

  test("releases the file after an aborted open", async () => {
    const controller = new AbortController();
    const opening = duckdb(fixture.file).open({ pipeline, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    await store();
  });

  test("locks the file against its own process too, by whatever path it is opened", async () => {
    const link = join(fixture.folder, "link.duckdb");
    const session = await duckdb(fixture.file).open({ pipeline });
    await symlink(fixture.file, link);
    const ways = [fixture.file, relative(process.cwd(), fixture.file), join(fixture.folder, ".", "test.duckdb"), link];
    for (const way of ways) {
      const refused = failure("LOCKED", pipeline, "in this process", String(process.pid));
      await expect(duckdb(way).open({ pipeline: "second" })).rejects.toEqual(refused);
      await expect(queryDuckdb(way, "SELECT 1")).rejects.toEqual(refused);
    }
    await session.close();
    await during(async () => {}, duckdb(link));
  });

  test("finds an in-memory database empty in every session", async () => {
    for (let round = 0; round < 2; round += 1) {
      await during(async (session) => {
        expect((await session.states()).size).toBe(0);
        await session.prepare([table]);
        await session.commit("things", { table, upserts: [{ id: 1, at: null, data: null }], state });
        expect(await session.count(table, {})).toBe(1);
      }, duckdb(":memory:"));
    }
  });
});

describe("tables", () => {
  test("have native types and comments", async () => {
    await store();
    const described = await queryDuckdb(
      fixture.file,
      "SELECT column_name AS name, data_type AS type, comment FROM duckdb_columns() WHERE table_name = 'things'",
    );
    expect(described.slice(0, 4)).toEqual([
      { name: "id", type: "BIGINT", comment: "It's the key." },
      { name: "at", type: "TIMESTAMP WITH TIME ZONE", comment: "When." },
      { name: "data", type: "JSON", comment: "What." },
      expect.objectContaining({ name: "_synced_at", type: "TIMESTAMP WITH TIME ZONE" }),
    ]);
    const comments = await queryDuckdb(fixture.file, "SELECT comment FROM duckdb_tables() WHERE table_name = 'things'");
    expect(comments).toEqual([{ comment: "It's a table." }]);
  });

  test("have outdated comments corrected", async () => {
    await store();
    await during((session) => session.prepare([{ ...table, description: "Another." }]));
    const comments = await queryDuckdb(fixture.file, "SELECT comment FROM duckdb_tables() WHERE table_name = 'things'");
    expect(comments).toEqual([{ comment: "Another." }]);
  });

  test("are created in the schema of the options, and schemas are independent", async () => {
    const schema = 'My "Schema"';
    await store();
    await store(duckdb(fixture.file, { schema }));
    await during(
      async (session) => {
        await session.prepare([table]);
        await session.commit("things", { table, remove: [{ id: 1 }], state: { version: 2, value: null } });
      },
      duckdb(fixture.file, { schema }),
    );
    expect(await queryDuckdb(fixture.file, 'SELECT id FROM "My ""Schema""".things')).toEqual([]);
    expect(await queryDuckdb(fixture.file, "SELECT id FROM things")).toEqual([{ id: 1 }]);
    expect((await during((session) => session.states())).get("things")).toEqual(state);
  });

  test("are rejected if someone else created them", async () => {
    await byHand("CREATE TABLE things (id BIGINT)", "INSERT INTO things VALUES (7)");
    const prepared = during((session) => session.prepare([table]));
    await expect(prepared).rejects.toEqual(failure("OWNED", "things", "not created by a sync"));
    expect(await queryDuckdb(fixture.file, "SELECT * FROM things")).toEqual([{ id: 7 }]);
  });

  test("are rejected if their names are the adapter's own, or differ only in case", async () => {
    const reserved = during((session) => session.prepare([{ ...table, name: "_sync_state" }]));
    await expect(reserved).rejects.toEqual(failure("SCHEMA_CONFLICT", "_sync_state"));
    const columns = { ...table.columns, ID: { type: "int64", description: "Again." } } as const;
    const twice = during((session) => session.prepare([{ ...table, columns }]));
    await expect(twice).rejects.toEqual(failure("SCHEMA_CONFLICT", "id", "ID"));
  });
});

describe("bookkeeping", () => {
  test("is rejected if a newer release wrote it", async () => {
    await store();
    await byHand("UPDATE _sync_format SET version = 99");
    await expect(during(async () => {})).rejects.toEqual(failure("NEWER_VERSION", "99", "Update this program"));
  });

  test("names the broken state, and what to do", async () => {
    await store();
    await byHand("UPDATE _sync_state SET value = '{\"position\":'");
    const states = during((session) => session.states());
    await expect(states).rejects.toEqual(failure("INVALID_STATE", "stream things", pipeline, "full refresh"));
  });

  test("drops the state of a stream whose table was dropped, so that it is read again", async () => {
    await store();
    const others = { ...table, name: "others" };
    await during(async (session) => {
      await session.prepare([others]);
      await session.commit("others", { table: others, state });
    });
    await byHand("DROP TABLE things");
    expect([...(await during((session) => session.states())).keys()]).toEqual(["others"]);
    await store();
    expect([...(await during((session) => session.states())).keys()]).toEqual(["others", "things"]);
  });
});

describe("queryDuckdb", () => {
  test("returns values as they were written, and sums as numbers", async () => {
    const row = { id: 2n ** 60n, at: "2026-11-21T09:30:00.123456Z", data: { a: [1] } };
    await during(async (session) => {
      await session.prepare([table]);
      await session.commit("things", { table, upserts: [row], state });
    });
    expect(await queryDuckdb(fixture.file, "SELECT id, things.at, data FROM things")).toEqual([row]);
    const computed = await queryDuckdb(
      fixture.file,
      "SELECT sum(1) AS sum, avg(3) AS avg, 1.25 AS exact, DATE '2026-01-02' AS day",
    );
    expect(computed).toEqual([{ sum: 1, avg: 3, exact: 1.25, day: "2026-01-02" }]);
  });

  test("creates and changes nothing", async () => {
    await expect(queryDuckdb(fixture.file, "SELECT 1")).rejects.toEqual(failure("NOT_FOUND", fixture.file));
    await store();
    await expect(queryDuckdb(fixture.file, "DROP TABLE things")).rejects.toThrow(/read-only/);
    await expect(queryDuckdb(fixture.file, "SELECT nonsense")).rejects.toEqual(failure("FAILED", "nonsense"));
    expect(await queryDuckdb(fixture.file, "SELECT id FROM things")).toEqual([{ id: 1 }]);
  });
});
