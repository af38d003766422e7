/** A program that copies a server's metadata, to be compared with others. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

export interface Target {
  readonly url: string;
  /** Where it may write. */
  readonly folder: string;
}

/** A row as the check compares it: the key, then the state. */
export type CheckedRow = readonly [...key: (string | number)[], state: string | number | null];

/** Rows by the name that the bench gives their table. */
export type Tables = Readonly<Record<string, readonly CheckedRow[]>>;

export interface Copied {
  readonly requests: number;
  /** Until all rows of the last seven days were stored, in milliseconds. @default all is stored at the end */
  readonly recentMs?: number | undefined;
}

export interface Contender<T extends Target> {
  /** What is measured. */
  copy(target: T): Promise<Copied>;
  /** What it has stored, read afterwards. */
  stored(target: T): Promise<Tables>;
}

export const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

const pathOf = (target: Target, name: string): string => join(target.folder, name);

export function writeJson(target: Target, name: string, value: unknown): void {
  writeFileSync(pathOf(target, name), JSON.stringify(value));
}

export function readJson<T>(target: Target, name: string): T {
  return JSON.parse(readFileSync(pathOf(target, name), "utf8")) as T;
}

/** A contender's DuckDB file. */
export const duckdbFile = (target: Target, name: string): string => pathOf(target, `${name}.duckdb`);

/** Writes rows into a new DuckDB file in the shortest way: DuckDB reads them as JSON, and finds the columns itself. */
export async function writeDuckdb(target: Target, name: string, tables: Record<string, readonly object[]>) {
  const instance = await DuckDBInstance.create(duckdbFile(target, name));
  const connection = await instance.connect();
  for (const [table, rows] of Object.entries(tables)) {
    const file = pathOf(target, `${table}.ndjson`);
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
    await connection.run(`create table ${table} as from read_json('${file}', sample_size = -1)`);
  }
  connection.closeSync();
  instance.closeSync();
}

/** @param queries a SELECT of key and state per table */
export async function readDuckdb<Name extends string>(
  target: Target,
  name: string,
  queries: Readonly<Record<Name, string>>,
): Promise<Record<Name, readonly CheckedRow[]>> {
  const instance = await DuckDBInstance.create(duckdbFile(target, name), { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const tables: Partial<Record<Name, readonly CheckedRow[]>> = {};
  for (const table of Object.keys(queries) as Name[]) {
    const reader = await connection.runAndReadAll(queries[table]);
    tables[table] = reader.getRowsJson() as unknown as CheckedRow[];
  }
  connection.closeSync();
  instance.closeSync();
  return tables as Record<Name, readonly CheckedRow[]>;
}
