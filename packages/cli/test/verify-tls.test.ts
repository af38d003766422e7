/** A server whose certificate is not checked, and every other, whose certificate is. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { startDagsterSimulator } from "@org/simulators/internal";
import { selfSigned } from "@org/testkit/self-signed";
import { expect, test } from "vitest";
import { corporateNetwork } from "./fixtures/corporate-network.ts";
import { dagsync, listen, temporaryFolder, until } from "./helpers.ts";

const answer = '{"data":{"version":"1.13.27","run":null}}';

/** A Dagster with a certificate that nobody has signed. @returns its host and port */
const selfSignedServer = (location?: string) =>
  listen(
    createServer(selfSigned, (_, response) => {
      if (location !== undefined) return void response.writeHead(307, { location }).end();
      response.writeHead(200, { "content-type": "application/json" }).end(answer);
    }),
  );

/** A configuration with a source for each of these. */
function configOf(sources: Record<string, object>): string {
  const config = join(temporaryFolder(), "dagsync.yaml");
  const pipelines = Object.keys(sources).map((name) => ({
    name,
    from: name,
    to: "d",
    prefix: `${name}_`,
    streams: ["runs"],
  }));
  writeFileSync(config, JSON.stringify({ sources, destinations: { d: "duckdb:o.duckdb" }, pipelines }));
  return config;
}

const notice = (host: string) =>
  `the certificate of ${host} is not verified. Anyone in between can read and change everything, including credentials.`;

test("is reported at every check and sync, and applies to that source alone", async () => {
  const [one, other] = [await selfSignedServer(), await selfSignedServer()];
  const config = configOf({
    one: { kind: "dagster", url: `https://${one}`, verifyTls: false },
    other: { kind: "dagster", url: `https://${other}` },
  });
  const check = await dagsync(["check", "one", "--config", config]);
  expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining("dagster 1.13.27, authenticated") });
  expect(check.stderr).toMatch(new RegExp(`^\\S+dagsync.yaml:\\d+:\\d+: sources.one.verifyTls: ${notice(one)}\n$`));

  const both = await dagsync(["check", "--config", config]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringMatching(/other: .*certificate is not signed/) });

  const sync = await dagsync(["sync", "one", "--config", config]);
  expect(sync.stderr.split(notice(one))).toHaveLength(2);
  const { stdout, stderr } = await dagsync(["check", "one", "--config", config, "--json"]);
  expect({ stderr, notes: JSON.parse(stdout).notes }).toEqual({
    stderr: "",
    notes: [expect.stringContaining(notice(one))],
  });
});

test("applies to that server only; its redirects are not followed", async () => {
  const other = await selfSignedServer();
  const one = await selfSignedServer(`https://${other}/graphql`);
  const config = configOf({ one: { kind: "dagster", url: `https://${one}`, verifyTls: false } });
  const { code, stderr } = await dagsync(["check", "--config", config]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`it redirects to https://${other}`) });
});

test("works through a proxy, whose own certificate is verified", async () => {
  const { url } = await until(startDagsterSimulator());
  const { proxy, asked } = await corporateNetwork(url);
  const source = { kind: "dagster", url: "https://dagster.corp.example", verifyTls: false };
  const through = await dagsync(["check", "--config", configOf({ one: { ...source, proxy: `http://${proxy}` } })]);
  expect(through).toMatchObject({ code: 0, stderr: expect.stringContaining(notice("dagster.corp.example")) });
  expect(asked).toEqual(["CONNECT dagster.corp.example:443"]);

  const tls = await selfSignedServer();
  const refused = await dagsync(["check", "--config", configOf({ one: { ...source, proxy: `https://${tls}` } })]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/self-signed certificate/) });
});

test("cannot be combined with a CA file", async () => {
  const source = { kind: "dagster", url: "https://dagster.corp.example", verifyTls: false, caFile: "ca.pem" };
  const { code, stderr } = await dagsync(["check", "--config", configOf({ one: source })]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('sources.one: "caFile" says whom to trust, and "verifyTls: false" everybody'),
  });
});

test("true is the same as the default", async () => {
  const one = await selfSignedServer();
  const config = configOf({ one: { kind: "dagster", url: `https://${one}`, verifyTls: true } });
  expect(await dagsync(["check", "--config", config])).toMatchObject({
    code: 2,
    stderr: expect.not.stringContaining("not checked"),
  });
});

test("an invalid NO_PROXY entry is reported if there is a proxy", async () => {
  const { url } = await until(startDagsterSimulator());
  const check = (env: Record<string, string>) => dagsync(["check", "--from", `dagster:${url}`], { env });
  const told = "NO_PROXY: entry 2 is not a host, an address or a range such as 10.0.0.0/8";
  const { proxy, asked } = await corporateNetwork(url);
  const NO_PROXY = "127.0.0.0/8, 10.*";
  const past = await check({ HTTP_PROXY: `http://${proxy}`, NO_PROXY });
  expect({ ...past, asked }).toMatchObject({ code: 0, stderr: expect.stringContaining(told), asked: [] });
  expect((await check({ NO_PROXY })).stderr).toBe("");
});
