/** Read-only users of a SQLite file, and the state in which sessions leave it for them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { defineTable, type Session } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { createFixture, query, type SqliteFixture } from "@org/testkit/places/sqlite";
import { hasReaders, readingOnly } from "@org/testkit/read-only";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "Key." } },
});

let fixture: SqliteFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function store(session: Session, id: number): Promise<void> {
  await session.prepare([table]);
  await session.commit("things", { table, upserts: [{ id }], state: { version: 1, value: id } });
}

async function storeOnce(id: number): Promise<void> {
  const session = await sqlite(fixture.file).open({ pipeline: "p" });
  await store(session, id);
  await session.close();
}

const ids = (file: DatabaseSync) =>
  file
    .prepare("SELECT id FROM things ORDER BY id")
    .all()
    .map(({ id }) => id);

/** What every kind of reader sees. */
const seen = () =>
  readingOnly(fixture.folder, async () => {
    const file = new DatabaseSync(fixture.file, { readOnly: true });
    const own = ids(file);
    file.close();
    const [pipeline] = (await sqlite(fixture.file).contents?.()) ?? [];
    const reader = await sqlite(fixture.file).read?.();
    const read = (await reader?.query("SELECT id FROM things ORDER BY id"))?.map(({ id }) => id);
    await reader?.close();
    return { own, read, rows: pipeline?.tables[0]?.rows };
  });

const all = (...wanted: number[]) => ({ own: wanted, read: wanted, rows: wanted.length });

describe.runIf(hasReaders)("read-only users", () => {
  test("read between syncs, when there are no files next to it", async () => {
    await storeOnce(1);
    expect(await readdir(fixture.folder)).toEqual(["test.sqlite"]);
    expect(await seen()).toEqual(all(1));
    await storeOnce(2);
    expect(await seen()).toEqual(all(1, 2));
    expect(await readdir(fixture.folder)).toEqual(["test.sqlite"]);
  });

  test("read while a session is open", async () => {
    const session = await sqlite(fixture.file).open({ pipeline: "p" });
    await store(session, 1);
    expect(await seen()).toEqual(all(1));
    await store(session, 2);
    expect(await seen()).toEqual(all(1, 2));
    await session.close();
    expect(await seen()).toEqual(all(1, 2));
  });

  test("read what a killed process stored", async () => {
    const module = fileURLToPath(new URL("../../testkit/src/places/sqlite.ts", import.meta.url));
    const script = `
      const { connect } = await import(${JSON.stringify(module)});
      const session = await connect(${JSON.stringify(fixture.file)}).open({ pipeline: "p" });
      const table = ${JSON.stringify(table)};
      await session.prepare([table]);
      await session.commit("things", { table, upserts: [{ id: 1 }], state: { version: 1, value: 1 } });
      process.kill(process.pid, "SIGKILL");`;
    const child: ChildProcess = spawn(process.execPath, [
      "--conditions=@org/source",
      "--input-type=module",
      "--eval",
      script,
    ]);
    await once(child, "close");
    expect(child.signalCode).toBe("SIGKILL");
    expect(await readdir(fixture.folder)).toContain("test.sqlite-wal");
    expect(await seen()).toEqual(all(1));
    await storeOnce(2);
    expect(await readdir(fixture.folder)).toEqual(["test.sqlite"]);
  });

  test("learn what to do if another program left the file in a state that needs a write first", async () => {
    await storeOnce(1);
    query(fixture.file, "PRAGMA journal_mode = WAL");
    const refused = { code: "NO_PERMISSION", message: expect.stringMatching(/writable.*sync again/) };
    await readingOnly(fixture.folder, () => expect(sqlite(fixture.file).contents?.()).rejects.toMatchObject(refused));
    await storeOnce(2);
    expect(await seen()).toEqual(all(1, 2));
  });
});

test("a session of another pipeline continues when one next to it closes, and the last one cleans up", async () => {
  const [first, second] = await Promise.all(["p", "q"].map((pipeline) => sqlite(fixture.file).open({ pipeline })));
  await store(first!, 1);
  const others = { ...table, name: "others" };
  await first?.close();
  await second?.prepare([others]);
  const upserts = [{ id: 1 }];
  await second?.commit("others", { table: others, upserts, state: { version: 1, value: 1 } });
  expect(query(fixture.file, "PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
  await second?.close();
  expect(query(fixture.file, "PRAGMA journal_mode")).toEqual([{ journal_mode: "delete" }]);
});

test("a reader from before a session never waits, and a session waits for that reader for a while", async () => {
  await storeOnce(1);
  const reader = new DatabaseSync(fixture.file, { readOnly: true });
  reader.exec("BEGIN");
  expect(ids(reader)).toEqual([1]);
  const impatient = sqlite(fixture.file, { waitMs: 50 }).open({ pipeline: "p" });
  await expect(impatient).rejects.toMatchObject({ code: "LOCKED", message: expect.stringContaining("reading it") });
  const opening = sqlite(fixture.file).open({ pipeline: "p" });
  reader.exec("COMMIT");
  const session = await opening;
  reader.exec("BEGIN");
  expect(ids(reader)).toEqual([1]);
  await store(session, 2);
  expect(ids(reader)).toEqual([1]);
  await session.close();
  // The reader has read up to here. New rows are only in the log so far, so it does not block sessions.
  await storeOnce(3);
  expect(ids(reader)).toEqual([1]);
  reader.close();
  await storeOnce(4);
  expect(await readdir(fixture.folder)).toEqual(["test.sqlite"]);
  expect(query(fixture.file, "SELECT count(*) AS n FROM things")).toEqual([{ n: 4 }]);
});
