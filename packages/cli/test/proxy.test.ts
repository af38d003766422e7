import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { queryDuckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, onTestFinished, test } from "vitest";
import { corporateNetwork } from "./fixtures/corporate-network.ts";
import { privateAuthority } from "./fixtures/private-authority.ts";
import { closedPort, dagsync, type Outcome, temporaryFolder, until } from "./helpers.ts";

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url));
const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
const proxyLogin = "joe:sesame-proxy-secret";

/** Runs the command as a process of its own, since an authority is trusted by whole processes only. */
async function dagsyncProcess(args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const child = spawn(process.execPath, ["--conditions=@org/source", bin, ...args], {
    cwd: packageFolder,
    env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
    });
  }
  const [code] = await once(child, "close");
  return { code: Number(code), ...written };
}

function authorityFile(): string {
  const file = join(temporaryFolder(), "authority.pem");
  writeFileSync(file, privateAuthority.authority);
  return file;
}

test("check and sync go through HTTPS_PROXY to a server with a certificate of a private authority", async () => {
  const airflow = await until(
    startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 5, days: 3, runsPerDag: 6 }) }),
  );
  const { proxy, asked } = await corporateNetwork(airflow.url, proxyLogin);
  const env = { ...login, HTTPS_PROXY: `http://${proxyLogin}@${proxy}`, NODE_EXTRA_CA_CERTS: authorityFile() };
  const from = ["--from", "airflow:https://airflow.corp.example"];

  const check = await dagsyncProcess(["check", ...from], env);
  expect(check).toMatchObject({ code: 0, stderr: "" });
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const sync = await dagsyncProcess(["sync", ...from, "--to", `duckdb:${file}`], env);
  expect(sync.code, sync.stderr).toBe(0);
  expect(new Set(asked)).toEqual(new Set(["CONNECT airflow.corp.example:443"]));
  for (const [table, rows] of Object.entries(airflow.world.rows())) {
    const [counted] = await queryDuckdb(file, `SELECT count(*) AS rows FROM ${table}`);
    expect(Number(counted?.rows), table).toBe(rows.length);
  }
  expect(JSON.stringify([check, sync])).not.toContain("sesame");
});

test("without the authority, the error names the certificate and says what to do", async () => {
  const airflow = await until(startAirflowSimulator());
  const dagster = await until(startDagsterSimulator());
  const byKind = { airflow: await corporateNetwork(airflow.url), dagster: await corporateNetwork(dagster.url) };
  for (const [kind, { proxy, asked }] of Object.entries(byKind)) {
    const args = ["check", "--from", `${kind}:https://${kind}.corp.example`];
    const env = { ...login, HTTPS_PROXY: `http://${proxyLogin}@${proxy}`, DAGSYNC_DEBUG: "1" };
    const { code, stdout, stderr } = await dagsyncProcess(args, env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/certificate.*NODE_EXTRA_CA_CERTS/);
    expect(stderr).not.toContain("sesame");
    expect(asked).toEqual([`CONNECT ${kind}.corp.example:443`]);
  }
});

test("a server without TLS is reached through HTTP_PROXY without a tunnel, and NO_PROXY bypasses it", async () => {
  const { url } = await until(startDagsterSimulator());
  const { proxy, asked } = await corporateNetwork(url, proxyLogin);
  const env = { http_proxy: `${proxyLogin}@${proxy}` };
  expect(await dagsync(["check", "--from", "dagster:http://dagster.corp.example:3000"], { env })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("dagster 1.13.27"),
  });
  expect(asked).toEqual(["POST http://dagster.corp.example:3000/graphql"]);
  for (const exceptions of [{}, { NO_PROXY: "example.org,127.0.0.1" }]) {
    const result = await dagsync(["check", "--from", `dagster:${url}`], { env: { ...env, ...exceptions } });
    expect(result.code).toBe(0);
  }
  expect(asked).toHaveLength(1);
  const proxied = await dagsync(["check", "--from", `dagster:${url}`], { env: { ...env, NO_PROXY: "example.org" } });
  expect({ code: proxied.code, asked: asked.length }).toEqual({ code: 0, asked: 2 });
});

test.each(["airflow:https://airflow.corp.example", "dagster:http://dagster.corp.example", "airflow:http://a.example"])(
  "a proxy that rejects the credentials, for %s, is named, and they are not",
  async (from) => {
    const { url } = await until(startDagsterSimulator());
    const { proxy } = await corporateNetwork(url, "joe:another");
    const address = `http://${proxyLogin}@${proxy}`;
    const { code, stdout, stderr } = await dagsync(["check", "--from", from], {
      env: { HTTPS_PROXY: address, HTTP_PROXY: address, DAGSYNC_DEBUG: "1" },
    });
    expect(code).toBe(2);
    expect(stderr).toContain("407");
    expect(`${stdout}${stderr}`).not.toContain("sesame");
    if (from.includes("https:")) {
      expect(stderr).toContain(
        `The proxy http://${proxy} from the environment rejects requests: it requires a user name`,
      );
    }
  },
);

test.each(["airflow:https://airflow.corp.example", "dagster:http://dagster.corp.example"])(
  "a missing proxy, for %s, is distinguished from a missing server",
  async (from) => {
    const proxy = await closedPort();
    const address = `http://${proxyLogin}@${proxy}`;
    const { code, stderr } = await dagsync(["check", "--from", from], {
      env: { HTTPS_PROXY: address, HTTP_PROXY: address },
    });
    expect(code).toBe(75);
    expect(stderr).toContain(`the proxy http://${proxy} from the environment is unreachable: connect ECONNREFUSED`);
    expect(stderr).not.toContain("sesame");
  },
);

test("a variable that is not a proxy URL is a configuration error, and its value is not repeated", async () => {
  const { code, stderr } = await dagsync(["check", "--from", "dagster:http://127.0.0.1:1"], {
    env: { HTTPS_PROXY: "socks5://joe:sesame@proxy:1080" },
  });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "dagsync: HTTPS_PROXY is not a usable proxy URL: write it as in http://proxy.example.com:3128.\n",
  });
});

test("a configured source has its own proxy, authority and headers", async () => {
  const { url, world } = await until(startDagsterSimulator());
  const own = await corporateNetwork(url, proxyLogin);
  const folder = temporaryFolder();
  const config = join(folder, "dagsync.yaml");
  writeFileSync(join(folder, "authority.pem"), privateAuthority.authority);
  const source = (...more: string[]) => `
sources:
  lab:
    kind: dagster
    url: https://dagster.corp.example
    headers: { X-Team: data }
    proxy: http://\${LOGIN}@${own.proxy}
    ${more.join("\n    ")}
destinations: { file: "duckdb:o.duckdb" }
pipelines: [{ name: lab, from: lab, to: file, streams: [runs] }]
`;
  writeFileSync(config, source("caFile: authority.pem"));
  // The environment's proxy is another one's.
  const env = { LOGIN: proxyLogin, HTTPS_PROXY: `http://${await closedPort()}`, NO_PROXY: "dagster.corp.example" };
  const { code, stdout, stderr } = await dagsync(["sync", "--config", config], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`${world.runs.size} new`) });
  expect(new Set(own.asked)).toEqual(new Set(["CONNECT dagster.corp.example:443"]));
  expect(stdout + stderr).not.toContain("sesame");

  writeFileSync(config, source());
  expect((await dagsync(["check", "--config", config], { env })).stderr).toMatch(/certificate.*NODE_EXTRA_CA_CERTS/);
  const refused = await dagsync(["check", "--config", config], { env: { ...env, LOGIN: "joe:another" } });
  expect(refused.stderr).toContain(`The proxy http://${own.proxy} from the source rejects requests`);
});
