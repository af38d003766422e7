import { testDestination } from "@org/destination/testing";
import { sqliteSuite } from "@org/testkit/places/sqlite";

await testDestination(sqliteSuite);
