import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StoredValues } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { hasReaders, readingOnly } from "../read-only.ts";

export interface SqliteFixture extends Fixture {
  readonly folder: string;
  readonly file: string;
}

/** Called by the suite's other processes. */
export const connect = (file: string) => sqlite(file, { leaseMs: 1500 });

export async function createFixture(): Promise<SqliteFixture> {
  const folder = await mkdtemp(join(tmpdir(), "destination-"));
  const file = join(folder, "test.sqlite");
  return {
    folder,
    file,
    connect: () => connect(file),
    process: { module: import.meta.url, argument: file },
    ...(hasReaders && { asReader: (work) => readingOnly(folder, () => work(connect(file))) }),
    cleanup: () => rm(folder, { recursive: true }),
  };
}

/** Runs a query on the file directly. */
export function query(file: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** Reads stored values independently of the adapter: as SQLite's text, parsed into our forms. */
async function read({ file }: SqliteFixture, table: string): Promise<StoredValues[]> {
  const name = (text: unknown) => `"${String(text).replaceAll('"', '""')}"`;
  const columns = query(file, `SELECT name, type FROM pragma_table_info('${table}')`);
  const texts = columns.map(({ name: column, type }, index) => {
    const text = type === "REAL" ? `printf('%!.17g', ${name(column)})` : `CAST(${name(column)} AS TEXT)`;
    return `CASE WHEN ${name(column)} IS NOT NULL THEN ${text} END AS c${index}`;
  });
  return query(file, `SELECT ${texts.join(", ")} FROM ${name(table)}`).map((row) =>
    Object.fromEntries(
      columns.map(({ name, type }, index) => [String(name), parsed(type, row[`c${index}`] as string | null)]),
    ),
  );
}

function parsed(type: unknown, text: string | null) {
  if (text === null) return null;
  if (type === "INTEGER") return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
  if (type === "REAL") return Number(text);
  if (type === "BOOLEAN") return text === "1";
  return type === "TEXT JSON" ? JSON.parse(text) : text;
}

export const sqliteSuite: DestinationSuite<SqliteFixture> = { name: "sqlite", create: createFixture, read };
