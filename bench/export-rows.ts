/** Task instances as a busy Airflow has them, made by each database itself: few names, many times. */
import { DatabaseSync } from "node:sqlite";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Destination, systemColumns } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import { taskInstancesTable as table } from "@org/sources/airflow";
import pg from "pg";

export type Origin = "duckdb" | "sqlite" | "postgres";

/** How a database says what the rows are made of; `i` counts them from 0. */
interface Words {
  readonly timestamp: string;
  readonly rows: (count: number) => string;
}

const words: Readonly<Record<Origin, Words>> = {
  duckdb: {
    timestamp: "TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_milliseconds(i * 1000)",
    rows: (count) => `range(${count}) AS r(i)`,
  },
  postgres: {
    timestamp: "TIMESTAMPTZ '2026-01-01 00:00:00+00' + i * interval '1 s'",
    rows: (count) => `generate_series(0, ${count - 1}) AS r(i)`,
  },
  sqlite: {
    timestamp: "strftime('%Y-%m-%dT%H:%M:%S', 1767225600 + i, 'unixepoch') || '.000000Z'",
    rows: (count) =>
      `(WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < ${count - 1}) SELECT i FROM r)`,
  },
};

function insertSql(origin: Origin, target: string, count: number): string {
  const { timestamp, rows } = words[origin];
  const whole = origin === "duckdb" ? "//" : "/";
  const known: Readonly<Record<string, string>> = {
    dag_id: "'dag_' || (i % 200)",
    dag_run_id: `'scheduled__' || (i ${whole} 50)`,
    task_id: "'task_' || (i % 50)",
    id: "'0198c0de-6a1b-7000-8000-' || (100000000000 + i)",
    hostname: "'worker-' || (i % 33)",
    note: "CASE WHEN i % 100 = 0 THEN '' END",
    state: "CASE i % 10 WHEN 0 THEN 'failed' ELSE 'success' END",
    pid: "i % 30000",
    duration: "(i % 77777) / 1000.0",
    _deleted_at: "NULL",
  };
  const byType = { string: "'default'", int64: "1", float64: "0.5", boolean: "true", timestamp, json: "'{}'" };
  const columns = Object.entries({ ...table.columns, ...systemColumns });
  const values = columns.map(([name, { type }]) => known[name] ?? byType[type]);
  return `INSERT INTO ${target} (${columns.map(([name]) => name).join(", ")}) SELECT ${values.join(", ")} FROM ${rows(count)}`;
}

/** The destination at an address: a file, or a URL of PostgreSQL. */
export function destinationAt(origin: Origin, address: string): Destination {
  return { duckdb, sqlite, postgres }[origin](address);
}

/** Fills an empty destination. */
export async function generate(origin: Origin, address: string, count: number): Promise<void> {
  const session = await destinationAt(origin, address).open({ pipeline: "bench" });
  await session.prepare([table]);
  await session.close();
  const sql = insertSql(origin, origin === "postgres" ? `public.${table.name}` : table.name, count);
  if (origin === "sqlite") {
    const file = new DatabaseSync(address);
    file.exec(`PRAGMA synchronous = OFF; ${sql}`);
    file.close();
  } else if (origin === "duckdb") {
    const instance = await DuckDBInstance.create(address, { memory_limit: "1GB" });
    const connection = await instance.connect();
    await connection.run("SET preserve_insertion_order = false");
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  } else {
    const client = new pg.Client({ connectionString: address });
    await client.connect();
    await client.query(sql);
    await client.query(`ANALYZE ${table.name}`);
    await client.end();
  }
}
