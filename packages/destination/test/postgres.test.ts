import { testDestination } from "@org/destination/testing";
import { afterAll } from "vitest";
import { startPostgres } from "../../../test/live/servers/postgres.ts";
import { postgresSuite } from "./postgres-place.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());

await testDestination(postgresSuite("postgres", server.url("postgres")));
