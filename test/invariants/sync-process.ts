/** A program that syncs an Airflow once, in small responses. Arguments: DuckDB file, URL, and `hold` to keep all rows. */
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type Source, sync } from "@org/sync-engine";

const [file, url, mode] = process.argv.slice(2) as [string, string, "sync" | "hold"];
const client = createAirflowClient({ url: url, auth: { username: "admin", password: "admin" } });
const source = airflow({ client, runsPerAnswer: 100 });
const held: unknown[] = [];
const holding: typeof source.streams = source.streams.map((stream) => ({
  ...stream,
  async *read(context) {
    for await (const batch of stream.read(context)) {
      held.push(batch);
      yield batch;
    }
  },
}));
const fullRefresh = mode === "hold";
const { streams } = await sync({
  source: { ...source, ...(fullRefresh && { streams: holding }) } as Source,
  destination: duckdb(file),
  fullRefresh,
});
process.stdout.write(JSON.stringify(streams.map(({ inserted }) => inserted)));
