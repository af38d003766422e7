/** The examples that query synced tables, and the declared types of every column under every driver. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DuckDBInstance } from "@duckdb/node-api";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Column, ColumnType, Destination, Driver } from "@org/destination";
import { systemColumns } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { airflow, defaultAirflowTables } from "@org/sources/airflow";
import { dagster, defaultDagsterTables } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import { ownDatabase } from "@org/testkit/own-database";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample } from "./support/run-example.ts";

type AnyRow = Readonly<Record<string, unknown>>;

const folder = mkdtempSync(join(tmpdir(), "query-"));
const files = { sqlite: join(folder, "orchestration.sqlite"), duckdb: join(folder, "orchestration.duckdb") };
const airflowServer = await startAirflowSimulator();
const dagsterServer = await startDagsterSimulator();
const databaseUrl = await ownDatabase();

afterAll(async () => {
  await Promise.all([airflowServer.close(), dagsterServer.close()]);
  rmSync(folder, { recursive: true, force: true });
});

beforeAll(async () => {
  const client = createAirflowClient({ url: airflowServer.url, auth: { username: "admin", password: "admin" } });
  const destinations: Destination[] = [sqlite(files.sqlite), duckdb(files.duckdb), postgres(databaseUrl)];
  for (const destination of destinations) {
    await sync({ source: airflow({ client }), destination });
    await sync({ source: dagster({ client: createDagsterClient({ url: dagsterServer.url }) }), destination });
  }
});

/** The examples' output: names with failed runs, most failures first. */
function failures(names: readonly unknown[]): string[] {
  return [...Map.groupBy(names, String)]
    .sort(([one, a], [other, b]) => b.length - a.length || (one < other ? -1 : 1))
    .map(([name, { length }]) => `${name}: ${length} failed, last on `);
}

test("examples/query-with-kysely counts the failed runs of DAGs in PostgreSQL", async () => {
  const { airflow_dag_runs: runs } = airflowServer.world.rows();
  const failed = runs.filter(({ state }) => state === "failed");
  const printed = await runExample("query-with-kysely", { DATABASE_URL: databaseUrl });
  expect(printed.map((line) => line.replace(/ \(.*?\):/, ":").replace(/\d{4}-\d\d-\d\d$/, ""))).toEqual(
    failures(failed.map(({ dag_id }) => dag_id)),
  );
  expect(printed.length).toBeGreaterThan(1);
});

test("examples/query-with-drizzle counts the failed runs of jobs in a SQLite file", async () => {
  const { dagster_runs: runs } = dagsterServer.world.rows();
  const failed = runs.filter(({ status }) => status === "FAILURE");
  const printed = await runExample("query-with-drizzle", { SQLITE_FILE: files.sqlite });
  expect(printed.map((line) => line.replace(/\d{4}-\d\d-\d\d$/, ""))).toEqual(
    failures(failed.map(({ pipeline_name }) => pipeline_name)),
  );
  expect(printed.length).toBeGreaterThan(1);
});

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isBoolean = (value: unknown) => typeof value === "boolean";
const isDate = (value: unknown) => value instanceof Date;
const isJsonText = (value: unknown) => isText(value) && JSON.parse(value as string) !== undefined;

/** The types of `StoredRow`, as predicates. */
const fits: Record<Driver, Record<ColumnType, (value: unknown) => boolean>> = {
  postgres: {
    string: isText,
    int64: (value) => isText(value) && /^-?\d+$/.test(value as string),
    float64: isNumber,
    boolean: isBoolean,
    timestamp: isDate,
    json: (value) => typeof value === "object",
  },
  sqlite: {
    string: isText,
    int64: Number.isSafeInteger,
    float64: isNumber,
    boolean: (value) => value === 0 || value === 1,
    timestamp: (value) => isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value as string),
    json: isJsonText,
  },
  duckdb: {
    string: isText,
    int64: (value) => typeof value === "bigint",
    float64: isNumber,
    boolean: isBoolean,
    timestamp: isDate,
    json: isJsonText,
  },
};

/** Reads tables with each driver, as users do. */
const readers: Record<Driver, (tables: readonly string[]) => Promise<readonly (readonly AnyRow[])[]>> = {
  async postgres(tables) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const results = [];
    for (const table of tables) results.push((await client.query<AnyRow>(`SELECT * FROM ${table}`)).rows);
    await client.end();
    return results;
  },
  async sqlite(tables) {
    const database = new DatabaseSync(files.sqlite, { readOnly: true });
    const results = tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
    database.close();
    return results;
  },
  async duckdb(tables) {
    const instance = await DuckDBInstance.create(files.duckdb, { access_mode: "READ_ONLY" });
    const connection = await instance.connect();
    const results = [];
    for (const table of tables) {
      results.push((await connection.runAndReadAll(`SELECT * FROM ${table}`)).getRowObjectsJS() as AnyRow[]);
    }
    connection.closeSync();
    instance.closeSync();
    return results;
  },
};

test.each(["postgres", "sqlite", "duckdb"] as const)(
  "%s: every value of every table has its declared type",
  async (driver) => {
    const tables = [...defaultAirflowTables, ...defaultDagsterTables];
    const read = await readers[driver](tables.map(({ name }) => name));
    const wrong = tables.flatMap(({ name, columns }, index) => {
      const rows = read[index]!;
      expect(rows.length, name).toBeGreaterThan(0);
      return Object.entries<Column>({ ...columns, ...systemColumns }).flatMap(([column, { type, nullable }]) => {
        const misfits = rows.filter(({ [column]: value }) => (value === null ? !nullable : !fits[driver][type](value)));
        return misfits.length > 0 ? [`${name}.${column} (${type}): ${String(misfits[0]![column])}`] : [];
      });
    });
    expect(wrong).toEqual([]);
  },
);
