/** What is special about a PostgreSQL server; everything else is in the conformance suite. */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Session } from "@org/destination";
import { postgres } from "@org/destination/postgres";
import { createFixture, type PostgresFixture, query } from "@org/testkit/places/postgres";
import { startPostgres } from "@org/testkit/servers/postgres";
import { freePort } from "@org/testkit/servers/processes";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { failure, during as inSession, pipeline, row, state, store, table } from "./postgres-fixture.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());
const url = server.url("postgres");

let fixture: PostgresFixture;
let within: string;
beforeEach(() => {
  fixture = createFixture(url);
  within = `"${fixture.schema.replaceAll('"', '""')}"`;
});
afterEach(() => fixture.cleanup?.());

const during = <T>(work: (session: Session) => Promise<T>, destination = fixture.connect()) =>
  inSession(destination, work);

/** The error of opening, after checking that it does not contain the password. */
async function refusal(address: string, options = {}): Promise<unknown> {
  const error = await during(store, postgres(address, options)).catch((error: unknown) => error);
  const { message, stack, cause } = error as Error;
  expect(`${message} ${stack} ${JSON.stringify(cause)} ${cause}`).not.toContain("secret");
  return error;
}

test("a reader's queries use hash joins, and no other session's", async () => {
  const joins = "SELECT current_setting('enable_nestloop') AS loops";
  const reader = await fixture.connect().read!();
  try {
    expect(await reader.query(joins)).toEqual([{ loops: "off" }]);
  } finally {
    await reader.close();
  }
  expect(await query(url, joins)).toEqual([{ loops: "on" }]);
});

describe("opening", () => {
  test("reports what is wrong, and whether a retry may help", async () => {
    const address = (user: string, database = "postgres", at = `${server.host}:${server.port}`) =>
      `postgresql://${user}:secret@${at}/${database}`;
    const [{ hba_file: file } = {}] = await query(url, "SHOW hba_file");
    const rules = await readFile(String(file), "utf8");
    await query(url, "CREATE ROLE checked LOGIN PASSWORD 'another'; CREATE ROLE limited LOGIN");
    await writeFile(String(file), `host all checked all scram-sha-256\n${rules}`);
    await query(url, "SELECT pg_reload_conf()");
    expect(await refusal(address("checked"))).toEqual(failure("NO_PERMISSION", false, "password", "checked"));
    expect(await refusal(address("postgres", "nowhere"))).toEqual(failure("NOT_FOUND", false, "nowhere", "Create"));
    const closed = `${server.host}:${await freePort()}`;
    expect(await refusal(address("a", "b", closed))).toEqual(failure("UNAVAILABLE", true, closed, "ECONNREFUSED"));
    expect(await refusal(address("a", "b", "host.invalid"))).toEqual(
      expect.objectContaining({ code: expect.stringMatching(/NOT_FOUND|UNAVAILABLE/) }),
    );
    const denied = failure("NO_PERMISSION", false, "permission denied", "privileges");
    expect(await refusal(address("limited"))).toEqual(denied);
    expect(await refusal(address("limited"), { schema: "new" })).toEqual(denied);
    await server.createDatabase("frozen", { default_transaction_read_only: "on" });
    expect(await refusal(address("postgres", "frozen"))).toEqual(failure("NO_PERMISSION", false, "read-only"));
  });

  test("shows neither user nor password in its name, and rejects addresses that could reveal part of one", () => {
    expect(postgres("postgres://me:secret@example.org:5433/db?sslmode=verify-full").name).toBe(
      "postgresql://example.org:5433/db",
    );
    for (const bad of [
      "secret",
      "mysql://me:secret@host/db",
      "postgresql://me:12#secret@host/db",
      "postgresql://me:1/secret@host/db",
    ]) {
      expect(() => postgres(bad)).toThrow(failure("NOT_A_DESTINATION", false, "percent-encode"));
      expect(() => postgres(bad)).not.toThrow(/secret/);
    }
  });

  test("several pipelines may claim an empty schema at once", async () => {
    const pipelines = ["a", "b", "c", "d"];
    const sessions = await Promise.all(pipelines.map((each) => fixture.connect().open({ pipeline: each })));
    await Promise.all(sessions.map((session) => session.close()));
    expect(await query(url, `SELECT pipeline, epoch FROM ${within}._sync_leases ORDER BY 1`)).toEqual(
      pipelines.map((each) => ({ pipeline: each, epoch: "1" })),
    );
  });

  test("works in a schema that someone else created, without the right to create one", async () => {
    await query(url, `CREATE ROLE tenant LOGIN; CREATE SCHEMA ${within} AUTHORIZATION tenant`);
    const tenant = postgres(url.replace("postgres@", "tenant@"), { schema: fixture.schema });
    expect(await during(store, tenant)).toMatchObject({ inserted: 1 });
  });
});

describe("tables", () => {
  test("have native types, comments and a primary key", async () => {
    await during(store);
    const columns = await query(
      url,
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, col_description(attrelid, attnum) AS comment
       FROM pg_attribute WHERE attrelid = '${within}.things'::regclass AND attnum > 0 ORDER BY attnum LIMIT 3`,
    );
    expect(columns).toEqual([
      { name: "id", type: "text", comment: "It's the key." },
      { name: "at", type: "timestamp with time zone", comment: "When." },
      { name: "data", type: "jsonb", comment: null },
    ]);
    const [found] = await query(
      url,
      `SELECT obj_description('${within}.things'::regclass) AS comment, pg_get_constraintdef(oid) AS key
       FROM pg_constraint WHERE conrelid = '${within}.things'::regclass AND contype = 'p'`,
    );
    expect(found).toEqual({ comment: "It's a table with a \\.", key: "PRIMARY KEY (id)" });
  });

  test("hold U+FFFD for NUL, in JSON too, and a repeated row is unchanged", async () => {
    const odd = row({ id: "a\0", data: { "k\0": ["\0", "\\u0000", "\\\0"] } });
    await during(async (session) => {
      expect(await store(session, [odd])).toMatchObject({ inserted: 1 });
      expect(await store(session, [odd, row({ ...odd, id: "a\ufffd" })])).toMatchObject({ inserted: 0, unchanged: 1 });
      expect(await session.count(table, { id: { in: ["a\0"] } })).toBe(1);
      expect(await session.keys(table, {}, ["data"])).toEqual([
        { id: "a\ufffd", data: { "k\ufffd": ["\ufffd", "\\u0000", "\\\ufffd"] } },
      ]);
    });
  });

  test("are rejected if a name would be truncated, or if someone else created them", async () => {
    const long = { ...table, name: "é".repeat(32) };
    await expect(during((session) => session.prepare([long]))).rejects.toEqual(
      failure("SCHEMA_CONFLICT", false, "63 bytes"),
    );
    await during(async () => {});
    await query(url, `CREATE VIEW ${within}.things AS SELECT 1 AS id`);
    await expect(during(store)).rejects.toEqual(failure("OWNED", false, "things", "not created by a sync"));
  });

  test("that someone dropped take their streams' states with them", async () => {
    await during(store);
    await query(url, `DROP TABLE ${within}.things`);
    expect((await during((session) => session.states())).size).toBe(0);
    await during(store);
    expect((await during((session) => session.states())).get("things")).toEqual(state);
  });

  test("are combined in a view that keeps its privileges", async () => {
    await during(store);
    const unite = () =>
      fixture.connect().uniteTables?.({ view: "all", parts: [{ pipeline, table, schema: fixture.schema }] });
    await unite();
    await query(url, `GRANT SELECT ON ${within}."all" TO PUBLIC`);
    await unite();
    const [found] = await query(url, `SELECT has_table_privilege('public', '${within}."all"', 'SELECT') AS may`);
    expect(found?.may).toBe("t");
  });
});

test("without the driver, the error says what to install", async () => {
  const folder = await mkdtemp(join(tmpdir(), "destination-"));
  await cp(fileURLToPath(new URL("../src", import.meta.url)), join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const script = `
    const { postgres } = await import(${JSON.stringify(join(folder, "src/postgres/index.ts"))});
    await postgres("postgresql://a/b").open({ pipeline: "p" }).catch((error) => console.log(error.code, error.message));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  expect(stdout).toMatch(/^DRIVER_MISSING .*npm install pg pg-copy-streams/);
  await rm(folder, { recursive: true });
});
