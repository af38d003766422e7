// Copies Dagster's runs, assets, schedules and sensors into a DuckDB file: everything the first time, then what changed.
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";

const { DAGSTER_URL = "http://127.0.0.1:3000", DUCKDB_FILE = "orchestration.duckdb", DAGSTER_TOKEN } = process.env;

const client = createDagsterClient({ url: DAGSTER_URL, auth: DAGSTER_TOKEN ? { token: DAGSTER_TOKEN } : undefined });
const result = await sync({ source: dagster({ client }), destination: duckdb(DUCKDB_FILE) });

for (const { table, inserted, updated } of result.streams) {
  console.log(`${table}: ${inserted} new, ${updated} changed`);
}
