/** The same rows with nothing but each database's driver, in the fastest way that it has, into a table without keys. */
import { createRequire } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  type DuckDBValue,
  TIMESTAMPTZ,
  VARCHAR,
} from "@duckdb/node-api";
import { taskInstancesTable as table } from "@org/sources/airflow";
import pg from "pg";
import { batches, type TaskInstanceRow } from "./engine-rows.ts";

// Only the destination depends on it.
const requireOfDestination = createRequire(new URL("../packages/destination/package.json", import.meta.url));
const { from: copyFrom } = requireOfDestination("pg-copy-streams") as {
  from(sql: string): pg.Submittable & NodeJS.WritableStream;
};

const columns = Object.entries(table.columns);
const names = columns.map(([name]) => name);
const valuesOf = (row: TaskInstanceRow) => names.map((name) => row[name as keyof TaskInstanceRow]);

/** DuckDB's appender, in chunks of columns. */
async function intoDuckdb(file: string, count: number): Promise<void> {
  const types = {
    string: VARCHAR,
    json: VARCHAR,
    int64: BIGINT,
    float64: DOUBLE,
    boolean: BOOLEAN,
    timestamp: TIMESTAMPTZ,
  };
  const instance = await DuckDBInstance.create(file, { memory_limit: "1GB" });
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE rows (${columns.map(([name, { type }]) => `${name} ${types[type]}`).join(", ")})`);
  const appender = await connection.createAppender("rows");
  for (const rows of batches(count)) {
    for (let start = 0; start < rows.length; start += 2048) {
      const part = rows.slice(start, start + 2048);
      const chunk = DuckDBDataChunk.create(
        columns.map(([, { type }]) => types[type]),
        part.length,
      );
      chunk.setColumns(
        columns.map(([name, { type }]) => part.map((row) => duckdbValue(type, row[name as keyof TaskInstanceRow]))),
      );
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  }
  appender.closeSync();
  connection.closeSync();
  instance.closeSync();
}

function duckdbValue(type: string, value: unknown): DuckDBValue {
  if (value === null) return null;
  if (type === "int64") return BigInt(value as number);
  if (type !== "timestamp") return value as DuckDBValue;
  const written = value as string;
  return new DuckDBTimestampTZValue(BigInt(Date.parse(written)) * 1000n + BigInt(written.slice(23, 26)));
}

/** One prepared statement, a transaction per batch. */
async function intoSqlite(file: string, count: number): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (${names.join(", ")})`);
  const insert = database.prepare(`INSERT INTO rows VALUES (${names.map(() => "?").join(", ")})`);
  for (const rows of batches(count)) {
    database.exec("BEGIN");
    for (const row of rows) {
      insert.run(...valuesOf(row).map((value) => (typeof value === "boolean" ? Number(value) : value)));
    }
    database.exec("COMMIT");
  }
  database.close();
}

/** One COPY per batch. */
async function intoPostgres(url: string, count: number): Promise<void> {
  const types = { string: "text", json: "jsonb", int64: "bigint", float64: "float8", boolean: "boolean" };
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const definitions = columns.map(
    ([name, { type }]) => `${name} ${type === "timestamp" ? "timestamptz" : types[type]}`,
  );
  await client.query(`DROP TABLE IF EXISTS rows; CREATE TABLE rows (${definitions.join(", ")})`);
  for (const rows of batches(count)) {
    const lines = rows.map((row) => `${valuesOf(row).map(copyText).join("\t")}\n`);
    await pipeline([lines.join("")], client.query(copyFrom("COPY rows FROM STDIN")));
  }
  await client.end();
}

const copyText = (value: unknown) =>
  value === null ? "\\N" : String(value).replace(/[\\\n\r\t]/g, (character) => `\\${character}`);

async function intoMemory(_: string, count: number): Promise<void> {
  const stored = new Map<string, TaskInstanceRow>();
  for (const rows of batches(count)) {
    for (const row of rows) stored.set(`${row.dag_id}\n${row.dag_run_id}\n${row.task_id}`, row);
  }
}

export const bulkLoads = {
  duckdb: intoDuckdb,
  sqlite: intoSqlite,
  postgres: intoPostgres,
  memory: intoMemory,
} as const;
