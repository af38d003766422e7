/**
 * A program that syncs an Airflow once, and prints the number of rows and the process's peak memory in MB. Arguments: the
 * server's URL, the kind of destination, and its address.
 */
import { createAirflowClient } from "@org/airflow-client";
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { files } from "@org/destination/files";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import { airflow } from "@org/sources/airflow";
import { sync } from "@org/sync-engine";

const [url, kind, place] = process.argv.slice(2) as [string, string, string];
const destinations: Readonly<Record<string, (place: string) => Destination>> = { duckdb, files, postgres, sqlite };
const client = createAirflowClient({ url: url, auth: { username: "admin", password: "admin" } });
const { streams } = await sync({ source: airflow({ client }), destination: destinations[kind]!(place) });
const megabytes = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
process.stdout.write(JSON.stringify({ inserted: streams.map(({ inserted }) => inserted), megabytes }));
