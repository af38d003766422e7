/** Parsing addresses, without a server. postgres-tls and postgres-hosts test connections. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { postgres } from "@org/destination/postgres";
import { afterAll, describe, expect, test } from "vitest";
import { parseAddress } from "../src/postgres/address.ts";
import { readSettings, type Settings } from "../src/postgres/settings.ts";
import { failure } from "./postgres-fixture.ts";

const home = await mkdtemp(join(tmpdir(), "home-"));
afterAll(() => rm(home, { recursive: true }));

const settings = (url: string, env: Readonly<Record<string, string>> = {}) =>
  readSettings(parseAddress(url), { HOME: home, ...env });
const hosts = async (url: string, env = {}) =>
  (await settings(url, env)).hosts.map(({ name, address, port, isSocket }) =>
    isSocket ? `socket ${name} ${port}` : name === address ? `${name} ${port}` : `${name} at ${address} ${port}`,
  );

describe("hosts", () => {
  test.each([
    ["postgres://h/d", ["h 5432"]],
    ["postgresql://u:p@h:5433", ["h 5433"]],
    ["postgres://u@h1:1,h2:5432/d", ["h1 1", "h2 5432"]],
    ["postgres://u@h1,h2:7/d", ["h1 5432", "h2 7"]],
    ["postgres://h1,h2/d?port=7", ["h1 7", "h2 7"]],
    ["postgres://[::1]:7,[fe80::1]/d", ["::1 7", "fe80::1 5432"]],
    ["postgres://u@/d?host=/run/postgresql&port=7", ["socket /run/postgresql 7"]],
    ["postgres:///d?host=/run/postgresql", ["socket /run/postgresql 5432"]],
    ["postgres://u@%2Frun%2Fpostgresql:7/d", ["socket /run/postgresql 7"]],
    ["postgres://u@%2Frun%2Fpostgresql,h/d", ["socket /run/postgresql 5432", "h 5432"]],
    ["postgres:///d?host=a,b&port=1,2", ["a 1", "b 2"]],
    ["postgres://h/d?hostaddr=10.0.0.1", ["h at 10.0.0.1 5432"]],
    ["postgres://h/d?host=other", ["other 5432"]],
  ])("of %s", async (url, expected) => {
    expect(await hosts(url)).toEqual(expected);
  });

  test("may come from the environment, but the address takes precedence", async () => {
    const env = { PGHOST: "e1,e2", PGPORT: "1,2" };
    expect(await hosts("postgres:///d", env)).toEqual(["e1 1", "e2 2"]);
    expect(await hosts("postgres://h:5/d", env)).toEqual(["h 5"]);
  });
});

const facts = ({ user, database, password, sslMode, hostMs, get }: Settings) => ({
  user,
  database,
  password,
  sslMode,
  hostMs,
  options: get("options"),
  name: get("application_name"),
});

test("everything else comes from the address, then from a service, then from the environment, then from libpq's defaults", async () => {
  expect(facts(await settings("postgres://h"))).toEqual({
    user: userInfo().username,
    database: userInfo().username,
    sslMode: "prefer",
    hostMs: 15_000,
  });
  const file = join(home, "services");
  await writeFile(
    file,
    "# ours\n[other]\nuser=nobody\n[mine]\nuser=sarah\ndbname = things\nsslmode=require\n[last]\nuser=x\n",
  );
  const env = {
    PGSERVICEFILE: file,
    PGUSER: "eve",
    PGPASSWORD: "p=1",
    PGDATABASE: "env",
    PGAPPNAME: "app",
    PGOPTIONS: "-c a=b",
    PGCONNECT_TIMEOUT: "30",
    PGSSLMODE: "allow",
  };
  const common = { password: "p=1", hostMs: 30_000, options: "-c a=b", name: "app" };
  expect(facts(await settings("postgres://h", env))).toEqual({
    user: "eve",
    database: "env",
    sslMode: "allow",
    ...common,
  });
  const byService = { user: "sarah", database: "things", sslMode: "require", ...common };
  expect(facts(await settings("postgres://h?service=mine", env))).toEqual(byService);
  expect(facts(await settings("postgres://u%40corp:a%3Ab+c@h/d%20e?service=mine&sslmode=disable", env))).toEqual({
    ...common,
    user: "u@corp",
    password: "a:b+c",
    database: "d e",
    sslMode: "disable",
  });
  await expect(settings("postgres://h?service=secret", env)).rejects.toEqual(
    failure("NOT_FOUND", false, "pg_service.conf"),
  );
});

test.each([
  ["postgres://h/d?ssl=true", {}, "require"],
  ["postgres://h/d?ssl=0", {}, "disable"],
  ["postgres://h/d?sslmode=no-verify", {}, "require"],
  ["postgres://h/d?sslrootcert=system", {}, "verify-full"],
  ["postgres://h/d?sslmode=verify-ca&uselibpqcompat=true", {}, "verify-ca"],
  ["postgres://h/d", { PGREQUIRESSL: "1" }, "require"],
  ["postgres://h/d?sslmode=", { PGSSLMODE: "require" }, "require"],
])("%s with %o means %s", async (url, env, expected) => {
  expect((await settings(url, env)).sslMode).toBe(expected);
});

describe("a rejected address: the error says what to write instead, and repeats no value", () => {
  test.each([
    ["postgres://me:secret@h/d?sslmode=secret", "sslmode must be disable", "verify-full"],
    ["postgres://me:secret@h/d?target_session_attrs=secret", "target_session_attrs must be any", "prefer-standby"],
    ["postgres://me:secret@h/d?sslcrldir=/secret", "sslcrldir is not supported", "sslcrl"],
    ["postgres://me:secret@h/d?require_auth=secret", "require_auth", "leave it out"],
    ["postgres://me:secret@h/d?gssencmode=require", "gssencmode", "sslmode=require"],
    ["postgres://me:secret@h/d?replication=database", "replication", "leave it out"],
    ["postgres://me:secret@h/d?statement_timeout=9", "statement_timeout", "options=-c"],
    ["postgres://me:secret@h/d?schema=secret", "schema", "option"],
    ["postgres://me:secret@h/d?pgbouncer=true", "pgbouncer", "Leave it out"],
    ["postgres://me:secret@h/d?se cret=1", "a parameter", "percent-encode"],
    ["postgres://me:secret@h/d?secret", "without a value"],
    ["postgres://me:sec%zzret@h/d", "%25"],
    ["postgres://me:a@secret@h/d", "percent-encode"],
    ["postgres://me:a/secret@h/d", "percent-encode"],
    ["postgres://me:a/b?secret@h/d", "percent-encode"],
    ["postgres://me:secret@h:port/d", "host:port"],
  ])("%s", (url, ...words) => {
    expect(() => postgres(url)).toThrow(failure("NOT_A_DESTINATION", false, ...words));
    expect(() => postgres(url)).not.toThrow(/secret/);
  });

  test.each([
    ["postgres://h/d?sslrootcert=system&sslmode=require", {}, "sslrootcert=system needs sslmode=verify-full"],
    ["postgres://h/d?sslnegotiation=direct", {}, "sslnegotiation=direct needs sslmode=require"],
    ["postgres://h1,h2/d?port=1,2,3", {}, "3 ports for 2 hosts"],
    ["postgres://h1,h2/d?hostaddr=::1", {}, "hostaddr 1"],
    ["postgres://h:70000/d", {}, "65535"],
    ["postgres:///d?host=@secret", {}, "abstract"],
    ["postgres://h/d?connect_timeout=secret", {}, "connect_timeout must be a whole number"],
    ["postgres://h/d", { PGSSLMODE: "secret" }, "the variable PGSSLMODE must be"],
    ["postgres://h/d", { PGREQUIREAUTH: "secret" }, "the variable PGREQUIREAUTH is not supported"],
  ])("%s with %o", async (url, env, words) => {
    const error = await settings(url, env).catch((thrown: unknown) => thrown);
    expect(error).toEqual(failure("NOT_A_DESTINATION", false, words));
    expect(String(error)).not.toMatch(/secret/);
  });
});

test.each([
  ["postgres://me:secret@h1:1,h2:5432/d?target_session_attrs=read-write", "postgresql://h1:1,h2:5432/d"],
  ["postgres://me:secret@/d?host=/run/postgresql&port=7", "postgresql://%2Frun%2Fpostgresql:7/d"],
  ["postgres://h?dbname=d", "postgresql://h/d"],
  ["postgres://h/d?password=secret&user=me@corp", "postgresql://h/d"],
  ["postgres:///d", "postgresql:///d"],
])("%s is named %s", (url, name) => {
  expect(postgres(url).name).toBe(name);
});
