import { testDestination } from "@org/destination/testing";
import { ownDatabase } from "@org/testkit/own-database";
import { postgresSuite } from "@org/testkit/places/postgres";

await testDestination(postgresSuite("postgres", await ownDatabase()));
