/** All destinations for tests of whole pipelines. */
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { ownDatabase } from "@org/testkit/own-database";
import { duckdbSuite } from "@org/testkit/places/duckdb";
import { filesSuite } from "@org/testkit/places/files";
import { postgresSuite } from "@org/testkit/places/postgres";
import { sqliteSuite } from "@org/testkit/places/sqlite";

/** A suite whose places are created elsewhere. */
type AnySuite = DestinationSuite<Fixture>;

/** Creates all of them. The servers they need run until the test file ends. */
export async function startSuites(): Promise<readonly AnySuite[]> {
  const suites: readonly unknown[] = [
    duckdbSuite,
    sqliteSuite,
    postgresSuite("postgres", await ownDatabase()),
    filesSuite("parquet"),
  ];
  return suites as readonly AnySuite[];
}
