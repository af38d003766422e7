/**
 * A program that syncs once, for tests to kill. Arguments: a DuckDB file, or, as JSON, a module whose `connect` creates a
 * destination from an argument; the kind of source; its URL.
 */
import { syncInto } from "./small-sync.ts";

const [place, kind, url] = process.argv.slice(2) as [string, "airflow" | "dagster", string];
if (place.startsWith("{")) {
  const { module, argument } = JSON.parse(place) as { module: string; argument: string };
  const { connect } = await import(module);
  await syncInto(connect(argument), kind, url);
} else {
  await syncInto(place, kind, url);
}
