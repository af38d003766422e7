/** Every destination that the tests of whole pipelines run into. */
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { atEnd } from "@org/testkit/at-end";
import { duckdbSuite } from "@org/testkit/places/duckdb";
import { filesSuite } from "@org/testkit/places/files";
import { postgresSuite } from "@org/testkit/places/postgres";
import { sqliteSuite } from "@org/testkit/places/sqlite";
import { startPostgres } from "@org/testkit/servers/postgres";

/** A suite whose places somebody else has made. */
type AnySuite = DestinationSuite<Fixture>;

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
