/** The kinds of destinations with fixtures. Does not import vitest, so that other processes can use it. */
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { files } from "@org/destination/files";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";

export const kinds = ["sqlite", "duckdb", "parquet", "ndjson", "csv", "postgres"] as const;
export type Kind = (typeof kinds)[number];

/** @param place a path, or the URL of a server */
export function connect(kind: Kind, place: string): Destination {
  if (kind === "postgres") return postgres(place);
  if (kind === "sqlite") return sqlite(place);
  return kind === "duckdb" ? duckdb(place) : files(place, { format: kind });
}
