/** Every destination that the tests of whole pipelines run into. */
import type { DestinationSuite, Place } from "@org/destination/testing";
import { duckdbSuite } from "../../packages/destination/test/duckdb-place.ts";
import { filesSuite } from "../../packages/destination/test/files-place.ts";
import { postgresSuite } from "../../packages/destination/test/postgres-place.ts";
import { sqliteSuite } from "../../packages/destination/test/sqlite-place.ts";
import { atEnd } from "../crash/support/at-end.ts";
import { startPostgres } from "../live/servers/postgres.ts";

/** A suite whose places somebody else has made. */
type AnySuite = DestinationSuite<Place>;

/** All of them; what servers they need run until the test file ends. */
export async function startSuites(): Promise<readonly AnySuite[]> {
  const server = await startPostgres({ log: () => {} });
  atEnd(() => server.stop());
  const suites: readonly unknown[] = [
    duckdbSuite,
    sqliteSuite,
    postgresSuite("postgres", server.url("postgres")),
    filesSuite("parquet"),
  ];
  return suites as readonly AnySuite[];
}
