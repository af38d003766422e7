import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { StoredValues } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { hasReaders, readingOnly } from "../read-only.ts";

export interface DuckdbFixture extends Fixture {
  readonly folder: string;
  readonly file: string;
}

/** Called by the suite's other processes. */
export const connect = (file: string) => duckdb(file);

export async function createFixture(): Promise<DuckdbFixture> {
  const folder = await mkdtemp(join(tmpdir(), "destination-"));
  const file = join(folder, "test.duckdb");
  return {
    folder,
    file,
    connect: () => connect(file),
    process: { module: import.meta.url, argument: file },
    ...(hasReaders && { asReader: (work) => readingOnly(folder, () => work(connect(file))) }),
    cleanup: () => rm(folder, { recursive: true }),
  };
}

/** Reads stored values independently of the adapter: as DuckDB's text, parsed into our forms. */
async function read({ file }: DuckdbFixture, table: string): Promise<StoredValues[]> {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
  try {
    return await readTable(instance, table);
  } finally {
    instance.closeSync();
  }
}

/** The same, for an open database. */
export async function readTable(instance: DuckDBInstance, table: string): Promise<StoredValues[]> {
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const name = `"${table}"`;
    const described = await connection.runAndReadAll(`DESCRIBE ${name}`);
    const columns = described.getRowObjectsJS() as { column_name: string; column_type: string }[];
    const texts = columns.map(({ column_name, column_type }) => {
      const column = `"${column_name.replaceAll('"', '""')}"`;
      const timestamp = column_type === "TIMESTAMP WITH TIME ZONE";
      return timestamp ? `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${column}::VARCHAR`;
    });
    const rows = (await connection.runAndReadAll(`SELECT ${texts.join(", ")} FROM ${name}`)).getRowsJS();
    return rows.map((row) =>
      Object.fromEntries(
        columns.map(({ column_name, column_type }, index) => [column_name, parsed(column_type, row[index] as string)]),
      ),
    );
  } finally {
    connection.closeSync();
  }
}

function parsed(type: string, text: string | null) {
  if (text === null) return null;
  if (type === "BIGINT") return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
  if (type === "DOUBLE") return Number(text);
  return type === "BOOLEAN" || type === "JSON" ? JSON.parse(text) : text;
}

export const duckdbSuite: DestinationSuite<DuckdbFixture> = { name: "duckdb", create: createFixture, read };
