import { testDestination } from "@org/destination/testing";
import { postgresSuite } from "@org/testkit/places/postgres";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll } from "vitest";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());

await testDestination(postgresSuite("postgres", server.url("postgres")));
