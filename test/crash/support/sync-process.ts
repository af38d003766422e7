/** A program that syncs once: what the tests kill. Arguments: DuckDB file, source, its URL. */
import { syncInto } from "./small-sync.ts";

const [file, kind, url] = process.argv.slice(2) as [string, "airflow" | "dagster", string];
await syncInto(file, kind, url);
