/** What is special about a PostgreSQL server; everything else is in the conformance suite. */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DestinationErrorCode, defineTable, type Row, type Session } from "@org/destination";
import { postgres } from "@org/destination/postgres";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { startPostgres } from "../../../test/live/servers/postgres.ts";
import { freePort } from "../../../test/live/servers/processes.ts";
import { cuttingProxy } from "./cutting-proxy.ts";
import { createPlace, type PostgresPlace, query } from "./postgres-place.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());
const url = server.url("postgres");

const table = defineTable({
  name: "things",
  description: "It's a table with a \\.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: "It's the key." },
    at: { type: "timestamp", nullable: true, description: "When." },
    data: { type: "json", nullable: true, description: "" },
  },
});
const state = { version: 1, value: { position: 1 } };
const pipeline = "airflow@example.org";

let place: PostgresPlace;
let within: string;
beforeEach(() => {
  place = createPlace(url);
  within = `"${place.schema.replaceAll('"', '""')}"`;
});
afterEach(() => place.cleanup?.());

async function during<T>(work: (session: Session) => Promise<T>, destination = place.connect()): Promise<T> {
  const session = await destination.open({ pipeline });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const row = (known: Partial<Row<typeof table>> = {}): Row<typeof table> => ({
  id: "a",
  at: null,
  data: null,
  ...known,
});

async function store(session: Session, rows = [row()]) {
  await session.prepare([table]);
  return session.commit("things", { table, upserts: rows, state });
}

const failure = (code: DestinationErrorCode, retryable: boolean, ...words: string[]) =>
  expect.objectContaining({
    name: "DestinationError",
    code,
    retryable,
    message: expect.stringMatching(new RegExp(words.map((word) => word.replace(/[^\w ]/g, "\\$&")).join("[^]*"))),
  });

/** What opening says, after a look for the password in all of it. */
async function refusal(address: string, options = {}): Promise<unknown> {
  const error = await during(store, postgres(address, options)).catch((error: unknown) => error);
  const { message, stack, cause } = error as Error;
  expect(`${message} ${stack} ${JSON.stringify(cause)} ${cause}`).not.toContain("secret");
  return error;
}

describe("opening", () => {
  test("says what is wrong, and whether it may pass", async () => {
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
    expect(await refusal(address("a", "b", closed))).toEqual(failure("UNREACHABLE", true, closed, "ECONNREFUSED"));
    expect(await refusal(address("a", "b", "host.invalid"))).toEqual(
      expect.objectContaining({ code: expect.stringMatching(/NOT_FOUND|UNREACHABLE/) }),
    );
    const denied = failure("NO_PERMISSION", false, "permission denied", "rights");
    expect(await refusal(address("limited"))).toEqual(denied);
    expect(await refusal(address("limited"), { schema: "new" })).toEqual(denied);
    await server.createDatabase("frozen", { default_transaction_read_only: "on" });
    expect(await refusal(address("postgres", "frozen"))).toEqual(failure("NO_PERMISSION", false, "read-only"));
  });

  test("shows neither user nor password in its name, and refuses what could show half of one", () => {
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

  test("several pipelines make an empty schema theirs at once", async () => {
    const pipelines = ["a", "b", "c", "d"];
    const sessions = await Promise.all(pipelines.map((each) => place.connect().open({ pipeline: each })));
    await Promise.all(sessions.map((session) => session.close()));
    expect(await query(url, `SELECT pipeline, epoch FROM ${within}._sync_leases ORDER BY 1`)).toEqual(
      pipelines.map((each) => ({ pipeline: each, epoch: "1" })),
    );
  });

  test("a schema is enough that somebody else made, without the right to make any", async () => {
    await query(url, `CREATE ROLE tenant LOGIN; CREATE SCHEMA ${within} AUTHORIZATION tenant`);
    const tenant = postgres(url.replace("postgres@", "tenant@"), { schema: place.schema });
    expect(await during(store, tenant)).toMatchObject({ inserted: 1 });
  });
});

describe("the tables", () => {
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

  test("hold U+FFFD for NUL, in JSON too, and a row that comes again is unchanged", async () => {
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

  test("are refused where a name would be cut, and where somebody else made them", async () => {
    const long = { ...table, name: "é".repeat(32) };
    await expect(during((session) => session.prepare([long]))).rejects.toEqual(
      failure("SCHEMA_CONFLICT", false, "63 bytes"),
    );
    await during(async () => {});
    await query(url, `CREATE VIEW ${within}.things AS SELECT 1 AS id`);
    await expect(during(store)).rejects.toEqual(failure("OWNED", false, "things", "not made by a sync"));
  });

  test("are not widened under a view of somebody else, which is named", async () => {
    await during(store);
    await query(url, `CREATE VIEW ${within}.mine AS SELECT * FROM ${within}.things`);
    const wider = { ...table, columns: { ...table.columns, at: { ...table.columns.at, type: "string" } } } as const;
    const prepared = during((session) => session.prepare([wider]));
    await expect(prepared).rejects.toEqual(failure("SCHEMA_CONFLICT", false, "things", "mine", "Drop the view"));
  });

  test("that somebody dropped take their streams' states with them", async () => {
    await during(store);
    await query(url, `DROP TABLE ${within}.things`);
    expect((await during((session) => session.states())).size).toBe(0);
    await during(store);
    expect((await during((session) => session.states())).get("things")).toEqual(state);
  });

  test("are united in a view that keeps the rights on it", async () => {
    await during(store);
    const unite = () =>
      place.connect().uniteTables?.({ view: "all", parts: [{ pipeline, table, schema: place.schema }] });
    await unite();
    await query(url, `GRANT SELECT ON ${within}."all" TO PUBLIC`);
    await unite();
    const [found] = await query(url, `SELECT has_table_privilege('public', '${within}."all"', 'SELECT') AS may`);
    expect(found?.may).toBe("t");
  });
});

describe("a commit", () => {
  test("that the server ends is an error that may pass, and is stored when it comes again in the same session", async () => {
    await during(async (session) => {
      await store(session);
      await query(
        url,
        `CREATE FUNCTION ${within}.die() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON ${within}._sync_state DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION ${within}.die()`,
      );
      await expect(store(session, [row({ id: "b" })])).rejects.toEqual(failure("UNREACHABLE", true, "terminat"));
      await query(url, `DROP TRIGGER die ON ${within}._sync_state`);
      expect(await session.count(table, {})).toBe(1);
      expect(await store(session, [row({ id: "b" })])).toMatchObject({ inserted: 1 });
    });
  });

  test("whose answer is lost may be stored, and changes nothing when it comes again", async () => {
    const proxy = await cuttingProxy(server);
    const destination = postgres(proxy.url, { schema: place.schema });
    await during(async (session) => {
      await session.prepare([table]);
      proxy.cutAt("COMMIT\0");
      const batch = { table, upserts: [row()], state };
      await expect(session.commit("things", batch)).rejects.toEqual(failure("UNREACHABLE", true));
      expect(await query(url, `SELECT id FROM ${within}.things`)).toEqual([{ id: "a" }]);
      expect(await session.commit("things", batch)).toMatchObject({ inserted: 0, unchanged: 1 });
    }, destination);
    await proxy.close();
  });

  test("of a process that was stopped in the middle ends after a lease, and holds no lock any longer", async () => {
    await during(
      async (session) => {
        await session.prepare([table]);
        // Rows are read within the transaction; a process that was stopped there does nothing either.
        const stopped = {
          ...row(),
          get at() {
            return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000) && null;
          },
        };
        const commit = session.commit("things", { table, upserts: [stopped], state });
        await expect(commit).rejects.toEqual(failure("UNREACHABLE", true));
        expect(await session.commit("things", { table, upserts: [row()], state })).toMatchObject({ inserted: 1 });
      },
      postgres(url, { schema: place.schema, leaseMs: 300 }),
    );
  });

  test("of a process that was stopped while it sends rows is in nobody's way once its lease has run out", async () => {
    const proxy = await cuttingProxy(server);
    const options = { schema: place.schema, leaseMs: 300 };
    const stopped = await postgres(proxy.url, options).open({ pipeline });
    await stopped.prepare([table]);
    proxy.holdAfter("COPY");
    const commit = stopped.commit("things", { table, upserts: [row()], state }).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const wider = { ...table, columns: { ...table.columns, at: { ...table.columns.at, type: "string" } } } as const;
    await during(
      async (session) => {
        await session.prepare([wider]);
        const upserts = [row({ at: "then" })];
        expect(await session.commit("things", { table: wider, upserts, state })).toMatchObject({ inserted: 1 });
      },
      postgres(url, options),
    );
    await proxy.close();
    expect(await commit).toEqual(failure("UNREACHABLE", true));
    await stopped.close();
  });

  test("waits for a lock, and names the reason when it waited for long enough", async () => {
    const hasty = postgres(url, { schema: place.schema, leaseMs: 300 });
    await during(async (session) => {
      await session.prepare([table]);
      const holding = query(url, `BEGIN; LOCK TABLE ${within}.things; SELECT pg_sleep(2); COMMIT`);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await expect(session.commit("things", { table, upserts: [row()], state })).rejects.toEqual(
        failure("LOCKED", true),
      );
      await holding;
      expect(await session.commit("things", { table, upserts: [row()], state })).toMatchObject({ inserted: 1 });
    }, hasty);
  });

  test.each([
    ["53100", "NO_SPACE", false, "Make room"],
    ["40P01", "LOCKED", true, "Try again"],
  ] as const)("that fails with %s is %s", async (code, ours, retryable, advice) => {
    await during(async (session) => {
      await session.prepare([table]);
      await query(
        url,
        `CREATE FUNCTION ${within}.fail() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '${code}'; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON ${within}.things EXECUTE FUNCTION ${within}.fail()`,
      );
      await expect(store(session)).rejects.toEqual(failure(ours, retryable, "it fails", advice));
    });
  });

  test("says which key is too long for an index", async () => {
    const noise = Array.from({ length: 20_000 }, () => Math.random().toString(36).slice(2)).join("");
    await expect(during((session) => store(session, [row({ id: noise })]))).rejects.toEqual(
      failure("INVALID_ROW", false, "key"),
    );
  });
});

test("without the driver the error says what to install", async () => {
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
