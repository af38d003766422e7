import type { StoredValues } from "@org/destination";
import { postgres } from "@org/destination/postgres";
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import pg from "pg";

/** A fresh schema. */
export interface PostgresFixture extends Fixture {
  readonly url: string;
  readonly schema: string;
}

const leaseMs = 1500;

/** Called by the suite's other processes. */
export function connect(argument: string) {
  const { url, schema } = JSON.parse(argument);
  return postgres(url, { schema, leaseMs });
}

let fixtures = 0;

/**
 * @param url the URL that the destination connects to
 * @param directUrl the server's own URL
 */
export function createFixture(url: string, directUrl = url): PostgresFixture {
  fixtures += 1;
  const schema = `Place "${process.pid}" ${fixtures}`;
  return {
    url: directUrl,
    schema,
    connect: () => postgres(url, { schema, leaseMs }),
    process: { module: import.meta.url, argument: JSON.stringify({ url, schema }) },
    asReader: (work) => withReader(directUrl, schema, (address) => work(postgres(address, { schema, leaseMs }))),
    cleanup: async () => void (await query(directUrl, `DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`)),
  };
}

/** Runs work with the URL of a role that may only read a schema. */
async function withReader<T>(url: string, schema: string, work: (url: string) => Promise<T>): Promise<T> {
  const role = `reader_${process.pid}_${fixtures}`;
  const within = pg.escapeIdentifier(schema);
  await query(
    url,
    `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${within} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${within} TO ${role}`,
  );
  const address = new URL(url);
  address.username = role;
  try {
    return await work(address.href);
  } finally {
    await query(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
}

/** Runs statements on the server directly. Returns values as text. */
export async function query(url: string, sql: string): Promise<Record<string, string | null>[]> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => String } });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Reads stored values independently of the adapter: as PostgreSQL's text, parsed into our forms. */
async function read({ url, schema }: PostgresFixture, table: string): Promise<StoredValues[]> {
  const name = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  const columns = await query(
    url,
    `SELECT attname AS name, atttypid::regtype::text AS type FROM pg_attribute
     WHERE attrelid = ${pg.escapeLiteral(name)}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const texts = columns.map(({ name, type }, index) => {
    const column = pg.escapeIdentifier(String(name));
    const timestamp = `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    return `${type === "timestamp with time zone" ? timestamp : `${column}::text`} AS c${index}`;
  });
  const rows = await query(url, `SELECT ${texts.join(", ")} FROM ${name}`);
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, index) => [String(name), parsed(type, row[`c${index}`] ?? null)])),
  );
}

function parsed(type: string | null | undefined, text: string | null) {
  if (text === null) return null;
  if (type === "bigint") return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
  if (type === "double precision") return Number(text);
  return type === "boolean" || type === "jsonb" ? JSON.parse(text) : text;
}

/** Runs the conformance suite against a server. */
export function postgresSuite(name: string, url: string, directUrl = url): DestinationSuite<PostgresFixture> {
  return { name, create: async () => createFixture(url, directUrl), read };
}
