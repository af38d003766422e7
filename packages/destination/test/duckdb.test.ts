import { testDestination } from "@org/destination/testing";
import { duckdbSuite } from "./duckdb-place.ts";

await testDestination(duckdbSuite);
