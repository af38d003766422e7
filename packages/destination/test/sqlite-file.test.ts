/** What is special about a SQLite file; everything else is in the conformance suite. */
import { spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { type DestinationErrorCode, defineTable, type Row, type Session } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { createFixture, query, type SqliteFixture } from "@org/testkit/places/sqlite";
import { fillDisk } from "@org/testkit/run-script";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "It's a table.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "It's\n the key." },
    at: { type: "timestamp", nullable: true, description: "When." },
    weight: { type: "float64", nullable: true, description: "" },
  },
});
const row: Row<typeof table> = { id: 1, at: null, weight: null };
const state = { version: 1, value: { position: 1 } };
const pipeline = "airflow@example.org";

let fixture: SqliteFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function during<T>(work: (session: Session) => Promise<T>, destination = sqlite(fixture.file)): Promise<T> {
  const session = await destination.open({ pipeline });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const store = (rows = [row], destination = sqlite(fixture.file)) =>
  during(async (session) => {
    await session.prepare([table]);
    return session.commit("things", { table, upserts: rows, state });
  }, destination);

/** Runs statements on the file directly. */
function byHand(...statements: string[]): void {
  const database = new DatabaseSync(fixture.file);
  for (const statement of statements) database.exec(statement);
  database.close();
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
    ["a line break", "\n"],
    ["a DuckDB database", `12345678DUCK${"\0".repeat(8192)}`],
  ])("rejects a file with %s and leaves it unchanged", async (_what, text) => {
    await writeFile(fixture.file, text);
    await expect(store()).rejects.toEqual(failure("NOT_A_DESTINATION", fixture.file, "not a database"));
    expect(await readFile(fixture.file, "utf8")).toBe(text);
  });

  test("rejects a truncated file as damaged", async () => {
    await store();
    const whole = await readFile(fixture.file);
    for (const size of [600, 4096, 8192]) {
      await writeFile(fixture.file, whole.subarray(0, size));
      await expect(store()).rejects.toEqual(failure("NOT_A_DESTINATION", fixture.file, "damaged", "Restore it"));
    }
  });

  test.skipIf(process.platform === "win32")("rejects a device", async () => {
    for (const device of ["/dev/null", "/dev/zero", "/dev/full"]) {
      await expect(store([row], sqlite(device))).rejects.toEqual(failure("NOT_A_DESTINATION", device, "is a device"));
      await expect(sqlite(device).contents?.()).rejects.toEqual(failure("NOT_A_DESTINATION", device, "is a device"));
    }
  });

  test("names a folder that does not exist, and rejects a folder in place of a file", async () => {
    const missing = join(fixture.folder, "missing", "folder");
    await expect(store([row], sqlite(join(missing, "a.sqlite")))).rejects.toEqual(failure("NOT_FOUND", missing));
    await expect(store([row], sqlite(fixture.folder))).rejects.toEqual(failure("NOT_A_DESTINATION", "is a folder"));
  });

  test.skipIf(process.platform === "win32")("rejects a file or folder that is not writable", async () => {
    await store();
    await chmod(fixture.file, 0o444);
    await chmod(fixture.folder, 0o555);
    // Permissions do not apply to root.
    const superuser = process.geteuid?.() === 0;
    if (superuser) process.seteuid?.(65_534);
    try {
      for (const file of [fixture.file, join(fixture.folder, "new.sqlite")]) {
        await expect(store([row], sqlite(file))).rejects.toEqual(failure("NO_PERMISSION", file, "writable"));
      }
    } finally {
      if (superuser) process.seteuid?.(0);
      await chmod(fixture.folder, 0o755);
      await chmod(fixture.file, 0o644);
    }
  });

  test("finds an in-memory database empty in every session", async () => {
    expect(await store([row], sqlite(":memory:"))).toMatchObject({ inserted: 1 });
    expect(await store([row], sqlite(":memory:"))).toMatchObject({ inserted: 1 });
  });

  test("rejects a newer release's bookkeeping", async () => {
    await store();
    byHand("UPDATE _sync_format SET version = 99");
    await expect(store()).rejects.toEqual(failure("NEWER_VERSION", "99", "Update this program"));
  });
});

describe("other programs", () => {
  test("may read while a session is open, and see nothing unfinished", async () => {
    await during(async (session) => {
      await session.prepare([table]);
      const commit = session.commit("things", { table, upserts: [row], state });
      await commit;
      expect(query(fixture.file, "SELECT id FROM things")).toEqual([{ id: 1 }]);
    });
  });

  test("that write for too long cause a retryable error", async () => {
    await store();
    const other = new DatabaseSync(fixture.file);
    other.exec("BEGIN IMMEDIATE");
    const opening = store([row], sqlite(fixture.file, { waitMs: 100 }));
    await expect(opening).rejects.toEqual(failure("LOCKED", fixture.file, "Try again"));
    await expect(store([row], sqlite(fixture.file, { waitMs: 100 }))).rejects.toMatchObject({ retryable: true });
    setTimeout(() => other.exec("COMMIT"), 200);
    expect(await store()).toMatchObject({ unchanged: 1 });
    other.close();
  });

  test("find the descriptions in the statement that created the table", async () => {
    await store();
    expect(query(fixture.file, "SELECT sql FROM sqlite_schema WHERE name = 'things'")[0]?.sql).toBe(
      [
        'CREATE TABLE "things" (',
        "  -- It's a table.",
        "  -- It's the key.",
        '  "id" INTEGER NOT NULL,',
        "  -- When.",
        '  "at" TEXT TIMESTAMP,',
        "  --",
        '  "weight" REAL,',
        "  -- When a sync last changed the content of this row.",
        '  "_synced_at" TEXT TIMESTAMP NOT NULL,',
        "  -- When the row was found to be deleted on the server; null while it exists.",
        '  "_deleted_at" TEXT TIMESTAMP,',
        '  PRIMARY KEY ("id")',
        ")",
      ].join("\n"),
    );
  });
});

describe("changing a table", () => {
  const wider = {
    ...table,
    description: "Another.",
    columns: { ...table.columns, weight: { ...table.columns.weight, type: "string" } },
  } as const;

  test("keeps its rows exactly, and everything that users added to it", async () => {
    await store([{ ...row, weight: 0.1 + 0.2 }]);
    byHand(
      "CREATE INDEX by_weight ON things (weight)",
      "CREATE VIEW heavy AS SELECT id, weight FROM things",
      "CREATE TABLE notes (thing INTEGER REFERENCES things (id) ON DELETE CASCADE)",
      "INSERT INTO notes VALUES (1)",
    );
    await during((session) => session.prepare([wider]));
    expect(query(fixture.file, "SELECT * FROM heavy")).toEqual([{ id: 1, weight: "0.30000000000000004" }]);
    expect(query(fixture.file, "SELECT name FROM sqlite_schema WHERE name = 'by_weight'")).toHaveLength(1);
    expect(query(fixture.file, "SELECT thing FROM notes")).toEqual([{ thing: 1 }]);
    expect(query(fixture.file, "SELECT sql FROM sqlite_schema WHERE name = 'things'")[0]?.sql).toContain("-- Another.");
  });

  test("does not rewrite it if nothing changed", async () => {
    await store();
    const root = () => query(fixture.file, "SELECT rootpage FROM sqlite_schema WHERE name = 'things'");
    const before = root();
    await store();
    expect(root()).toEqual(before);
    await during((session) => session.prepare([wider]));
    expect(root()).not.toEqual(before);
  });

  test("is rejected if someone else created it, and drops its streams' states if someone dropped it", async () => {
    await store();
    byHand("DROP TABLE things");
    expect((await during((session) => session.states())).size).toBe(0);
    byHand("DELETE FROM _sync_tables", "CREATE TABLE things (id INTEGER)");
    await expect(store()).rejects.toEqual(failure("OWNED", "things", "not created by a sync"));
  });
});

test.skipIf(process.platform === "win32")("a full disk is reported, and rows and state stay consistent", async () => {
  const { said, stored } = fillDisk(fixture, { blocks: 16_000, rows: 2000 });
  expect(said).toMatch(/NO_SPACE .*Free up space/);
  expect(query(fixture.file, "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM things")).toEqual([
    { rows: stored * 2000, ids: stored * 2000 },
  ]);
  const session = await sqlite(fixture.file).open({ pipeline: "first" });
  expect((await session.states()).get("fill")?.value).toBe(stored);
  await session.close();
});

test("without node:sqlite, the error says what to install", () => {
  const script = `
    const { sqlite } = await import(${JSON.stringify(fileURLToPath(new URL("../src/sqlite/index.ts", import.meta.url)))});
    await sqlite("a.sqlite").open({ pipeline: "p" }).catch((error) => console.log(error.code, error.message));`;
  const { stdout } = spawnSync(
    process.execPath,
    ["--no-experimental-sqlite", "--input-type=module", "--eval", script],
    { encoding: "utf8" },
  );
  expect(stdout).toMatch(/^DRIVER_MISSING .*22\.13/);
});

test("inspecting a file changes nothing in it", async () => {
  query(fixture.file, "CREATE TABLE theirs (id INTEGER)");
  const before = await readFile(fixture.file);
  expect(await sqlite(fixture.file).contents?.()).toEqual([]);
  expect((await readFile(fixture.file)).equals(before)).toBe(true);
});
