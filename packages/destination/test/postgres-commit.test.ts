/** Commits that fail because of the PostgreSQL server or the network. */
import type { Session } from "@org/destination";
import { postgres } from "@org/destination/postgres";
import { ownDatabase } from "@org/testkit/own-database";
import { createFixture, type PostgresFixture, query } from "@org/testkit/places/postgres";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cuttingProxy } from "./cutting-proxy.ts";
import { failure, during as inSession, pipeline, row, state, store, table } from "./postgres-fixture.ts";

const url = await ownDatabase();

let fixture: PostgresFixture;
let within: string;
beforeEach(() => {
  fixture = createFixture(url);
  within = `"${fixture.schema.replaceAll('"', '""')}"`;
});
afterEach(() => fixture.cleanup?.());

const during = <T>(work: (session: Session) => Promise<T>, destination = fixture.connect()) =>
  inSession(destination, work);

describe("commit", () => {
  test("terminated by the server: a retryable error, and the session can commit it again", async () => {
    await during(async (session) => {
      await store(session);
      await query(
        url,
        `CREATE FUNCTION ${within}.die() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON ${within}._sync_state DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION ${within}.die()`,
      );
      await expect(store(session, [row({ id: "b" })])).rejects.toEqual(failure("UNAVAILABLE", true, "terminat"));
      await query(url, `DROP TRIGGER die ON ${within}._sync_state`);
      expect(await session.count(table, {})).toBe(1);
      expect(await store(session, [row({ id: "b" })])).toMatchObject({ inserted: 1 });
    });
  });

  test("with a lost response: it may be stored, and repeating it changes nothing", async () => {
    const proxy = await cuttingProxy(url);
    const destination = postgres(proxy.url, { schema: fixture.schema });
    await during(async (session) => {
      await session.prepare([table]);
      proxy.cutAt("COMMIT\0");
      const batch = { table, upserts: [row()], state };
      await expect(session.commit("things", batch)).rejects.toEqual(failure("UNAVAILABLE", true));
      expect(await query(url, `SELECT id FROM ${within}.things`)).toEqual([{ id: "a" }]);
      expect(await session.commit("things", batch)).toMatchObject({ inserted: 0, unchanged: 1 });
    }, destination);
    await proxy.close();
  });

  test("of a process suspended halfway: ends after a lease, and holds no lock any longer", async () => {
    await during(
      async (session) => {
        await session.prepare([table]);
        // Rows are read within the transaction. A process suspended there does nothing either.
        const stopped = {
          ...row(),
          get at() {
            return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500) && null;
          },
        };
        const commit = session.commit("things", { table, upserts: [stopped], state });
        await expect(commit).rejects.toEqual(failure("UNAVAILABLE", true));
        expect(await session.commit("things", { table, upserts: [row()], state })).toMatchObject({ inserted: 1 });
      },
      postgres(url, { schema: fixture.schema, leaseMs: 1000 }),
    );
  });

  test("of a process suspended while sending rows: blocks no one once its lease has expired", async () => {
    const proxy = await cuttingProxy(url);
    const options = { schema: fixture.schema, leaseMs: 1000 };
    const stopped = await postgres(proxy.url, options).open({ pipeline });
    await stopped.prepare([table]);
    const held = proxy.holdAfter("COPY");
    const commit = stopped.commit("things", { table, upserts: [row()], state }).catch((error: unknown) => error);
    await held;
    // Longer than its lease.
    await new Promise((resolve) => setTimeout(resolve, 2500));
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
    expect(await commit).toEqual(failure("UNAVAILABLE", true));
    await stopped.close();
  });

  test("waits for a lock, and names the reason after waiting too long", async () => {
    const hasty = postgres(url, { schema: fixture.schema, leaseMs: 1000 });
    await during(async (session) => {
      await session.prepare([table]);
      const other = new pg.Client({ connectionString: url });
      await other.connect();
      await other.query(`BEGIN; LOCK TABLE ${within}.things`);
      await expect(session.commit("things", { table, upserts: [row()], state })).rejects.toEqual(
        failure("LOCKED", true),
      );
      await other.end();
      expect(await session.commit("things", { table, upserts: [row()], state })).toMatchObject({ inserted: 1 });
    }, hasty);
  });

  test.each([
    ["53100", "NO_SPACE", false, "Free up space"],
    ["40P01", "LOCKED", true, "Try again"],
  ] as const)("failing with %s is %s", async (code, ours, retryable, advice) => {
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

  test("names the key that is too long for an index", async () => {
    const noise = Array.from({ length: 20_000 }, () => Math.random().toString(36).slice(2)).join("");
    await expect(during((session) => store(session, [row({ id: noise })]))).rejects.toEqual(
      failure("INVALID_ROW", false, "key"),
    );
  });
});
