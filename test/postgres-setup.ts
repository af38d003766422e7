import { startPostgres } from "@org/testkit/servers/postgres";
import type { TestProject } from "vitest/node";

/** One PostgreSQL for all unit tests. Each test file creates its own databases in it (`ownDatabase`). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres({ log: () => {} });
  project.provide("postgres", server.url("postgres"));
  return () => server.stop();
}
