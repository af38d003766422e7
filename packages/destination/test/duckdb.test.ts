import { testDestination } from "@org/destination/testing";
import { duckdbSuite } from "@org/testkit/places/duckdb";

await testDestination(duckdbSuite);
