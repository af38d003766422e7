/** Several hosts, sockets, passwords: which server an address connects to, and how it logs in. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgres } from "@org/destination/postgres";
import { createFixture, query } from "@org/testkit/places/postgres";
import { startPostgres } from "@org/testkit/servers/postgres";
import { freePort } from "@org/testkit/servers/processes";
import { afterAll, describe, expect, test } from "vitest";
import { connected, withRules } from "./postgres-connected.ts";
import { during, failure, store } from "./postgres-fixture.ts";

const [one, two, standby] = await Promise.all([
  startPostgres({ log: () => {}, hasSocket: true }),
  startPostgres({ log: () => {} }),
  startPostgres({ log: () => {}, isStandby: true }),
]);
afterAll(() => Promise.all([one, two, standby].map((server) => server.stop())));
const home = await mkdtemp(join(tmpdir(), "home-"));
afterAll(() => rm(home, { recursive: true }));
const env = { HOME: home };

const dead = `127.0.0.1:${await freePort()}`;
const alive = `127.0.0.1:${one.port}`;
const other = `127.0.0.1:${two.port}`;
const replica = `127.0.0.1:${standby.port}`;
const at = (hosts: string, query = "") => connected(`postgres://postgres:so-secret@${hosts}/postgres${query}`, env);

describe("several hosts", () => {
  test("are tried in order", async () => {
    expect(await at(`${alive},${other}`)).toBe(`clear ${one.port}`);
    expect(await at(`${dead},${other},${alive}`)).toBe(`clear ${two.port}`);
    expect(await at(`no-such-host.invalid,${alive}`)).toBe(`clear ${one.port}`);
    expect(await at(`%2Fnowhere,${alive}`)).toBe(`clear ${one.port}`);
  });

  test("are all named, without the password, if none answers", async () => {
    const also = `127.0.0.1:${await freePort()}`;
    const message = await at(`${dead},${also}`);
    expect(message).toMatch(/^UNAVAILABLE: .*ECONNREFUSED.*ECONNREFUSED/);
    for (const host of [dead, also]) expect(message).toContain(`${host}: `);
    expect(message).not.toMatch(/secret/);
    // Retryable, since one of them may come back.
    expect(await at(`no-such-host.invalid,${dead}`)).toMatch(/^UNAVAILABLE/);
  });

  test("stop at the first one that rejects the login, as the next would too", async () => {
    const message = await connected(`postgres://postgres@${dead},${alive},${other}/nowhere`, env);
    expect(message).toMatch(/^NOT_FOUND: .*ECONNREFUSED.*nowhere.*does not exist/);
    expect(message).not.toContain(other);
  });

  test("are given connect_timeout to answer", async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { port: number };
    expect(await at(`127.0.0.1:${port},${alive}`, "?connect_timeout=1")).toBe(`clear ${one.port}`);
    mute.close();
  });

  test("may be tried in random order", async () => {
    const ports = new Set<string>();
    for (let round = 0; round < 40; round += 1) ports.add(await at(`${alive},${other}`, "?load_balance_hosts=random"));
    expect([...ports].sort()).toEqual([`clear ${one.port}`, `clear ${two.port}`].sort());
  });

  test.each([
    ["any", replica, alive, replica],
    ["read-write", replica, alive, alive],
    ["primary", replica, alive, alive],
    ["read-only", alive, replica, replica],
    ["standby", alive, replica, replica],
    ["prefer-standby", alive, replica, replica],
    ["prefer-standby", dead, alive, alive],
  ])("target_session_attrs=%s", async (wanted, first, second, expected) => {
    const found = await at(`${first},${second}`, `?target_session_attrs=${wanted}`);
    expect(found).toBe(`clear ${expected.split(":")[1]}`);
  });

  test("are named with their roles if none has the required one", async () => {
    expect(await at(replica, "?target_session_attrs=read-write")).toMatch(
      /^UNAVAILABLE: .*standby, read-only.*read-write/,
    );
    expect(await at(`${alive},${other}`, "?target_session_attrs=standby")).toMatch(/^UNAVAILABLE: .*primary.*primary/);
    await one.createDatabase("frozen", { default_transaction_read_only: "on" });
    const frozen = `postgres://postgres@${alive}/frozen?target_session_attrs=`;
    expect(await connected(`${frozen}read-write`, env)).toMatch(/^UNAVAILABLE/);
    expect(await connected(`${frozen}primary`, env)).toBe(`clear ${one.port}`);
  });

  test("are each usable for a session", async () => {
    const fixture = createFixture(one.url("postgres"));
    const address = `postgres://postgres@${dead},${replica},${alive}/postgres?target_session_attrs=read-write`;
    expect(await during(postgres(address, { schema: fixture.schema }), store)).toMatchObject({ inserted: 1 });
    await fixture.cleanup?.();
  });
});

test.skipIf(process.platform === "win32")(
  "a socket is found by its folder, however that is written, and never encrypted",
  async () => {
    const folder = one.socketFolder;
    for (const address of [
      `postgres://postgres@/postgres?host=${folder}&port=${one.port}`,
      `postgres:///postgres?host=${folder}&port=${one.port}&user=postgres`,
      `postgres://postgres@${encodeURIComponent(folder)}:${one.port}/postgres?sslmode=verify-full`,
    ]) {
      expect(await connected(address, env)).toBe("socket");
    }
    expect(await connected("postgres://postgres@/postgres", { ...env, PGHOST: folder, PGPORT: `${one.port}` })).toBe(
      "socket",
    );
    expect(await connected(`postgres://postgres@/postgres?host=${folder}&port=1`, env)).toMatch(
      /^UNAVAILABLE: .*socket/,
    );
  },
);

test("application_name and options reach the server", async () => {
  expect(await at(alive, "?application_name=a+b%20c")).toBe(`clear ${one.port} a+b c`);
  expect(await at(alive, "?options=-c%20application_name%3Dthere")).toBe(`clear ${one.port} there`);
});

describe("password", () => {
  const user = "checked";
  const ask = (more: Readonly<Record<string, string>> = {}, query = "") =>
    connected(`postgres://${user}@${alive}/postgres${query}`, { ...env, ...more });

  test("comes from the address, PGPASSWORD or a file; if there is none, the error says where to put it", async () => {
    await query(one.url("postgres"), `CREATE ROLE ${user} LOGIN PASSWORD 'a:b\\c'`);
    const undo = await withRules(one.url("postgres"), [`host all ${user} all scram-sha-256`]);
    const expected = `clear ${one.port} ${user}`;
    expect(await ask()).toMatch(/^NO_PERMISSION: .*requires a password.*PGPASSWORD.*\.pgpass/);
    expect(await ask({ PGPASSWORD: "a:b\\c" })).toBe(expected);
    expect(await ask({ PGPASSWORD: "another-secret" })).toMatch(/^NO_PERMISSION: .*password authentication failed/);
    const file = join(home, ".pgpass");
    const lines = [
      "# comment",
      `other:*:*:*:wrong`,
      `127.0.0.1:${one.port}:postgres:somebody:wrong`,
      `127.0.0.1:*:*:${user}:a\\:b\\\\c`,
    ];
    await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
    expect(await ask()).toBe(expected);
    await chmod(file, 0o644);
    if (process.platform !== "win32") expect(await ask()).toMatch(/^NO_PERMISSION: .*chmod 600/);
    await rm(file);
    await writeFile(join(home, "elsewhere"), `*:*:*:*:a\\:b\\\\c`, { mode: 0o600 });
    expect(await ask({ PGPASSFILE: join(home, "elsewhere") })).toBe(expected);
    expect(await ask({}, `?passfile=${join(home, "elsewhere")}`)).toBe(expected);
    await undo();
  });

  test("appears in no error", async () => {
    const error = await postgres(`postgres://me:so-secret@${dead}/d`)
      .open({ pipeline: "p" })
      .catch((each) => each);
    expect(error).toEqual(failure("UNAVAILABLE", true, "ECONNREFUSED"));
    expect(`${error.message} ${error.stack} ${JSON.stringify(error.cause)}`).not.toMatch(/secret/);
  });
});
