/** Every `sslmode`, with libpq's semantics, against servers with and without TLS. */
import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { postgres } from "@org/destination/postgres";
import { query } from "@org/testkit/places/postgres";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certificates } from "./fixtures/postgres-certificates.ts";
import { connected, filesOf, withRules } from "./postgres-connected.ts";
import { failure } from "./postgres-fixture.ts";

const { server: cert, serverKey: key, authority } = certificates;
const [on, off] = await Promise.all([
  startPostgres({ log: () => {}, tls: { cert, key, authority }, hasSocket: true }),
  startPostgres({ log: () => {} }),
]);
afterAll(() => Promise.all([on.stop(), off.stop()]));
const files = await filesOf(certificates);
// Ignore this machine's own files and settings.
const home = await mkdtemp(join(tmpdir(), "home-"));
const env = { HOME: home };
afterAll(async () => {
  await rm(dirname(files.server), { recursive: true });
  await rm(home, { recursive: true });
});

/** The certificate is for localhost, so it does not match the server's IP address. */
const servers = { named: `localhost:${on.port}`, byAddress: `127.0.0.1:${on.port}`, plain: `localhost:${off.port}` };
const url = (server: keyof typeof servers, query = "") => `postgres://postgres@${servers[server]}/postgres${query}`;
const short = async (server: keyof typeof servers, query: string) =>
  (await connected(url(server, query), env)).replace(/[ :].*/s, "");

const trusted = `&sslrootcert=${files.authority}`;
const strange = `&sslrootcert=${files.otherAuthority}`;

describe("each sslmode", () => {
  test.each([
    // Without an authority, with the one that signed the certificate, and with another one.
    ["disable", "named", ["clear", "clear", "clear"]],
    ["allow", "named", ["clear", "clear", "clear"]],
    ["prefer", "named", ["tls", "tls", "clear"]],
    ["prefer", "byAddress", ["tls", "tls", "clear"]],
    ["prefer", "plain", ["clear", "clear", "clear"]],
    ["allow", "plain", ["clear", "clear", "clear"]],
    ["require", "named", ["tls", "tls", "TLS"]],
    ["require", "byAddress", ["tls", "tls", "TLS"]],
    ["require", "plain", ["TLS", "TLS", "TLS"]],
    ["verify-ca", "named", ["NOT_FOUND", "tls", "TLS"]],
    ["verify-ca", "byAddress", ["NOT_FOUND", "tls", "TLS"]],
    ["verify-full", "named", ["NOT_FOUND", "tls", "TLS"]],
    ["verify-full", "byAddress", ["NOT_FOUND", "TLS", "TLS"]],
    ["verify-full", "plain", ["NOT_FOUND", "TLS", "TLS"]],
  ] as const)("%s, %s", async (mode, server, expected) => {
    const found = ["", trusted, strange].map((more) => short(server, `?sslmode=${mode}${more}`));
    expect(await Promise.all(found)).toEqual(expected);
  });

  test("the default is prefer; ssl=true and PGSSLMODE=require encrypt", async () => {
    expect(await connected(url("named"), env)).toBe(`tls ${on.port}`);
    expect(await connected(url("plain"), env)).toBe(`clear ${off.port}`);
    expect(await connected(url("plain", "?ssl=true"), env)).toMatch(/^TLS/);
    expect(await connected(url("plain"), { ...env, PGSSLMODE: "require" })).toMatch(/^TLS/);
  });

  test("a file in the user's own folder serves as sslrootcert", async () => {
    const other = await mkdtemp(join(tmpdir(), "home-"));
    await mkdir(join(other, ".postgresql"));
    await copyFile(files.otherAuthority, join(other, ".postgresql/root.crt"));
    expect(await connected(url("named", "?sslmode=require"), { HOME: other })).toMatch(/^TLS/);
    await copyFile(files.authority, join(other, ".postgresql/root.crt"));
    expect(await connected(url("named", "?sslmode=verify-full"), { HOME: other })).toBe(`tls ${on.port}`);
    await rm(other, { recursive: true });
  });

  test("allow and prefer find the way in if the server requires TLS, or rejects it", async () => {
    await query(on.url("postgres"), "CREATE ROLE open LOGIN; CREATE ROLE closed LOGIN");
    const undo = await withRules(on.url("postgres"), [
      "hostssl all open all reject",
      "hostnossl all closed all reject",
    ]);
    const as = (user: string, mode: string) =>
      connected(`postgres://${user}@${servers.named}/postgres?sslmode=${mode}`, env);
    expect(await as("open", "prefer")).toBe(`clear ${on.port} open`);
    expect(await as("closed", "allow")).toBe(`tls ${on.port} closed`);
    expect(await as("open", "require")).toMatch(/^NO_PERMISSION: .*pg_hba\.conf/);
    expect(await as("closed", "disable")).toMatch(/^NO_PERMISSION: .*pg_hba\.conf/);
    await undo();
  });

  test("a host with both name and address is verified by name", async () => {
    const address = `postgres://postgres@localhost/postgres?hostaddr=127.0.0.1&port=${on.port}&sslmode=verify-full${trusted}`;
    expect(await connected(address, env)).toBe(`tls ${on.port}`);
    expect(await connected(address.replace("@localhost", "@"), env)).toMatch(/^NOT_A_DESTINATION: .*host name/);
  });

  test("sslrootcert=system requires a public authority, which did not sign this certificate", async () => {
    expect(await connected(url("named", "?sslrootcert=system"), env)).toMatch(/^TLS: .*sslrootcert=FILE/);
  });
});

describe("a rejected certificate", () => {
  test.each([
    [url("named", `?sslmode=verify-full${strange}`), ["sslrootcert=FILE", "sslrootcert=system", "sslmode=require"]],
    [url("byAddress", `?sslmode=verify-full${trusted}`), ["127.0.0.1", "sslmode=verify-ca"]],
    [url("named", `?sslmode=verify-ca${trusted}&sslcrl=${files.revoked}`), ["revoked", "renew", "sslmode=require"]],
    [url("plain", "?sslmode=require"), ["does not support SSL", "sslmode=prefer"]],
    [url("named", `?sslmode=require&sslrootcert=${files.serverKey}`), ["sslrootcert"]],
  ])("is a configuration error that says what to write: %s", async (address, words) => {
    const before = process.env.HOME;
    process.env.HOME = home;
    const opened = postgres(address).open({ pipeline: "p" });
    await expect(opened.finally(() => (process.env.HOME = before))).rejects.toEqual(failure("TLS", false, ...words));
    await expect(opened).rejects.toMatchObject({ failureType: "config" });
    await expect(opened).rejects.not.toThrow(/Node\.js|--use-system-ca/);
  });
});

describe("client certificate", () => {
  beforeAll(async () => {
    await query(on.url("postgres"), "CREATE ROLE carol LOGIN");
    await withRules(on.url("postgres"), ["hostssl all carol all cert"]);
  });
  const as = (query: string, more = {}) =>
    connected(`postgres://carol@${servers.named}/postgres?sslmode=require${query}`, { ...env, ...more });

  test("is accepted, its key encrypted or not, named in the address, the environment or the user's own folder", async () => {
    const expected = `tls ${on.port} carol`;
    expect(await as(`&sslcert=${files.client}&sslkey=${files.clientKey}`)).toBe(expected);
    expect(await as(`&sslcert=${files.client}&sslkey=${files.encryptedClientKey}&sslpassword=so-secret`)).toBe(
      expected,
    );
    expect(await as("", { PGSSLCERT: files.client, PGSSLKEY: files.clientKey })).toBe(expected);
    await mkdir(join(home, ".postgresql"), { recursive: true });
    await copyFile(files.client, join(home, ".postgresql/postgresql.crt"));
    await copyFile(files.clientKey, join(home, ".postgresql/postgresql.key"));
    await chmod(join(home, ".postgresql/postgresql.key"), 0o600);
    expect(await as("")).toBe(expected);
    expect(await as("&sslcertmode=disable")).toMatch(/^NO_PERMISSION: .*certificate/);
    await rm(join(home, ".postgresql"), { recursive: true });
  });

  test("is a configuration error if it cannot be used", async () => {
    expect(await as("")).toMatch(/^NO_PERMISSION: .*certificate/);
    expect(await as(`&sslcert=${files.client}`)).toMatch(/^NOT_FOUND: .*sslkey=FILE/);
    const wrong = await as(`&sslcert=${files.client}&sslkey=${files.encryptedClientKey}&sslpassword=another-secret`);
    expect(wrong).toMatch(/^TLS: .*sslpassword/);
    expect(wrong).not.toMatch(/secret/);
    expect(await as(`&sslcert=${files.client}&sslkey=${files.serverKey}`)).toMatch(
      /^TLS: .*belongs to its certificate/,
    );
  });

  test.skipIf(process.platform === "win32")("is not used while others may read its key", async () => {
    await chmod(files.clientKey, 0o644);
    expect(await as(`&sslcert=${files.client}&sslkey=${files.clientKey}`)).toMatch(/^NO_PERMISSION: .*chmod 600/);
    await chmod(files.clientKey, 0o600);
  });
});

test("channel_binding=require needs SCRAM over TLS", async () => {
  await query(on.url("postgres"), "CREATE ROLE bound LOGIN PASSWORD 'so-secret'");
  const undo = await withRules(on.url("postgres"), ["host all bound all scram-sha-256"]);
  const as = (user: string, mode: string) =>
    connected(`postgres://${user}:so-secret@${servers.named}/postgres?sslmode=${mode}&channel_binding=require`, env);
  expect(await as("bound", "require")).toBe(`tls ${on.port} bound`);
  expect(await as("bound", "disable")).toMatch(/^NO_PERMISSION: .*channel_binding/);
  expect(await as("postgres", "require")).toMatch(/^NO_PERMISSION: .*channel_binding/);
  await undo();
});

test("the driver prints no warning, whatever the mode", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => void warnings.push(warning.message);
  process.on("warning", listen);
  for (const mode of ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]) {
    expect(await connected(url("named", `?sslmode=${mode}${trusted}`), env)).toContain(String(on.port));
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(warnings).toEqual([]);
});
