// Copies Airflow's DAGs, runs and task instances into a DuckDB file: everything the first time, then what changed.
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { sync } from "@org/sync-engine";

const { AIRFLOW_URL = "http://127.0.0.1:8080", DUCKDB_FILE = "orchestration.duckdb" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;

const client = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const result = await sync({ source: airflow({ client }), destination: duckdb(DUCKDB_FILE) });

for (const { table, inserted, updated } of result.streams) {
  console.log(`${table}: ${inserted} new, ${updated} changed`);
}
