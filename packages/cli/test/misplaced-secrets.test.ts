/** A secret that stands where something else belongs: the mistake is told, and the secret is not. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dagsync, temporaryFolder } from "./helpers.ts";

const secrets = [
  "CANARY-env-123",
  "CANARY",
  "canary_small",
  "ey.CANARY.x-y_z",
  "CANARY/with+base64==",
  "mysql:CANARY",
  "canary:x",
  "user:CANARY@host",
  "CANARY?x#y",
  `${"CANARY".repeat(40)}`,
  "two CANARY words",
  "CANARY\0x",
  "CANARY\nx",
  "CANARY\u001b[2Jx",
  "CANARY☃",
  "CANARY\ud83d",
];

/** A configuration with a text in one of its places. */
const places: Readonly<Record<string, (text: string) => object>> = {
  "sources.a.kind": (kind) => withSource({ kind }),
  "sources.a.url": (url) => withSource({ url }),
  "sources.a.username": (username) => withSource({ username }),
  "sources.a.tokenFile": (tokenFile) => withSource({ tokenFile }),
  "sources.a.tokenCommand": (program) => withSource({ tokenCommand: [program] }),
  "sources.a.caFile": (caFile) => withSource({ caFile }),
  "sources.a.proxy": (proxy) => withSource({ proxy }),
  "sources.a.batch": (batch) => withSource({ batch }),
  "sources.a.headers": (headers) => withSource({ headers }),
  "sources.a": (a) => ({ ...whole, sources: { a } }),
  destinations: (destinations) => ({ ...whole, destinations }),
  "destinations.d": (d) => ({ ...whole, destinations: { d } }),
  pipelines: (text) => ({ ...whole, pipelines: [text] }),
  "pipelines[0].from": (from) => withPipeline({ from }),
  "pipelines[0].to": (to) => withPipeline({ to }),
  "pipelines[0].prefix": (prefix) => withPipeline({ prefix: `-${prefix}` }),
  "pipelines[0].streams": (stream) => withPipeline({ streams: [stream] }),
  "pipelines[0].exclude": (column) => withPipeline({ exclude: [column] }),
  "pipelines[0].reconcileEvery": (reconcileEvery) => withPipeline({ reconcileEvery }),
};

const source = { kind: "airflow", url: "http://127.0.0.1:1" };
const pipeline = { name: "p", from: "a", to: "d" };
const whole = { sources: { a: source }, destinations: { d: "duckdb::memory:" }, pipelines: [pipeline] };
const withSource = (more: object) => ({ ...whole, sources: { a: { ...source, ...more } } });
const withPipeline = (more: object) => ({ ...whole, pipelines: [{ ...pipeline, ...more }] });

async function check(text: string) {
  const config = join(temporaryFolder(), "dagsync.yaml");
  writeFileSync(config, text);
  return dagsync(["check", "--config", config], { env: { DAGSYNC_DEBUG: "1" } });
}

test.each(Object.keys(places))("in %s", async (place) => {
  for (const secret of secrets) {
    const { code, stdout, stderr } = await check(JSON.stringify(places[place]!(secret)));
    expect(code, secret).not.toBe(0);
    expect(stdout + stderr, secret).not.toMatch(/canary/i);
  }
});

test("in braces that another program should have replaced", async () => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.message);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const text = JSON.stringify(withSource({ token: "TEMPLATE" })).replace('"TEMPLATE"', "{{ CANARY }}");
  const { code, stderr } = await check(text);
  await new Promise((resolve) => setImmediate(resolve));
  expect({ code, stderr, warnings }).toEqual({
    code: 2,
    stderr: expect.stringContaining("sources.a.token must be text: put it in quotes."),
    warnings: [],
  });
});
