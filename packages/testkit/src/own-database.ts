import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of the PostgreSQL server that all unit tests share. */
    readonly postgres: string;
  }
}

/**
 * Creates an empty database on the PostgreSQL server that all unit tests share, and returns its URL. The user is a
 * superuser without a password. Tests that change the server itself, its roles or its settings, start their own server.
 */
export async function ownDatabase(): Promise<string> {
  const shared = inject("postgres");
  const name = `test_${randomUUID()}`;
  const client = new pg.Client({ connectionString: shared });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return Object.assign(new URL(shared), { pathname: `/${name}` }).href;
}
