import { testDestination } from "@org/destination/testing";
import { sqliteSuite } from "./sqlite-place.ts";

await testDestination(sqliteSuite);
