import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { selfSigned } from "@org/testkit/self-signed";
import { expect, test } from "vitest";
import { answering, closedPort, dagsync, listen, temporaryFolder, until } from "./helpers.ts";

const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

/** A sync of a source into a new file. */
function syncFrom(from: string, env: Record<string, string> = login, ...more: string[]) {
  return dagsync(["sync", "--from", from, "--to", `duckdb:${join(temporaryFolder(), "out.duckdb")}`, ...more], { env });
}

const last = (text: string) => text.trimEnd().split("\n").at(-1);

test.each([
  [
    "airflow:127.0.0.1:8080",
    "--from airflow: the URL must start with http:// or https://, as in airflow:http://127.0.0.1:8080.",
  ],
  [
    "dagster:localhost:3000",
    "--from dagster: the URL must start with http:// or https://, as in dagster:http://127.0.0.1:3000.",
  ],
  [
    "http://127.0.0.1:8080",
    "--from is a URL without the kind of server. Write airflow:http://127.0.0.1:8080 or dagster:http://127.0.0.1:3000.",
  ],
  ["prefect:http://x", "--from is malformed. Write airflow:http://127.0.0.1:8080 or dagster:http://127.0.0.1:3000."],
  ["airflow:http://", "--from airflow: not a valid URL. Write it as in airflow:http://127.0.0.1:8080."],
  [
    "airflow:http://ada:CANARY@127.0.0.1:8080",
    "--from airflow: the URL of 127.0.0.1:8080 contains a user name or password. Command lines end up in process lists, logs and shell histories, so credentials come from the environment only: AIRFLOW_TOKEN, or AIRFLOW_USERNAME and AIRFLOW_PASSWORD.",
  ],
  [
    "dagster:https://:CANARY@host/prod",
    "--from dagster: the URL of host contains a user name or password. Command lines end up in process lists, logs and shell histories, so credentials come from the environment only: DAGSTER_TOKEN.",
  ],
  [
    "dagster:https://host/prod?token=CANARY",
    "--from dagster: the address must end with its path: write dagster:https://host/prod. Credentials come from the environment only: DAGSTER_TOKEN.",
  ],
  [
    "airflow:http://host/team/airflow/dags/daily/grid?tab=CANARY",
    "--from airflow: the address must end with its path: write airflow:http://host/team/airflow. Credentials come from the environment only: AIRFLOW_TOKEN, or AIRFLOW_USERNAME and AIRFLOW_PASSWORD.",
  ],
  [
    "dagster:http://host/runs/1#CANARY",
    "--from dagster: the address must end with its path: write dagster:http://host. Credentials come from the environment only: DAGSTER_TOKEN.",
  ],
  [
    "airflow:ada:CANARY@127.0.0.1:8080",
    "--from airflow: the URL must start with http:// or https://, as in airflow:http://127.0.0.1:8080.",
  ],
  [
    "ada:CANARY@127.0.0.1",
    "--from is malformed. Write airflow:http://127.0.0.1:8080 or dagster:http://127.0.0.1:3000.",
  ],
])("rejects --from %s and says how to write it", async (from, message) => {
  const { code, stdout, stderr } = await syncFrom(from);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `dagsync: ${message}\n` });
});

const forms =
  "duckdb:orchestration.duckdb, sqlite:orchestration.sqlite, postgres://user@host/database, files:folder or " +
  "s3://bucket/prefix";

test.each([
  ["orchestration.duckdb", `--to is malformed. Write ${forms}.`],
  ["mysql://ada:CANARY@host/db", `--to is of an unknown kind. Write ${forms}.`],
  ["ada:CANARY@host", `--to is of an unknown kind. Write ${forms}.`],
  ["duckdb:", "--to duckdb: the rest of the address is missing. Write it as in duckdb:orchestration.duckdb."],
  ["postgres://", "--to postgres: the rest of the address is missing. Write it as in postgres://user@host/database."],
  [
    "duckdb:o.duckdb?shcema=x",
    '--to duckdb has an unknown option after its "?". Did you mean "schema"? It has: schema, copy.',
  ],
  ["sqlite:o.sqlite?x=CANARY", '--to sqlite has an unknown option after its "?". It has none.'],
  ["duckdb:o.duckdb?schema=", "--to duckdb: the option schema is empty."],
  ["files:o?format=parket", '--to files: the option format must be parquet, ndjson, csv. Did you mean "parquet"?'],
])("rejects --to %s and says how to write it", async (to, message) => {
  const { code, stderr } = await dagsync(["sync", "--from", "airflow:http://127.0.0.1:1", "--to", to]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `dagsync: ${message}\n` });
});

test.each([
  ["duckdb:o.duckdb?schema=temp", "DuckDB's own"],
  ["postgres://u:CANARY@h/d?schema=%00", "does not allow"],
  ["postgres://u:CANARY@h/d?schema=pg_mine", "PostgreSQL's own"],
  [`postgres://u:CANARY@h/d?schema=${"%C3%BC".repeat(32)}`, "more than 63 bytes"],
])("rejects an impossible schema: --to %s", async (to, reason) => {
  for (const command of [["sync", "--from", "airflow:http://127.0.0.1:1"], ["state"]]) {
    const { code, stderr } = await dagsync([...command, "--to", to]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain("CANARY");
  }
});

test.each([
  [
    { AIRFLOW_TOKEN: "CANARY", AIRFLOW_USERNAME: "ada" },
    "AIRFLOW_TOKEN and AIRFLOW_USERNAME are both set, and only one way to log in can be used: unset one of them.",
  ],
  [
    { AIRFLOW_USERNAME: "ada", AIRFLOW_PASSWORD: "" },
    "AIRFLOW_USERNAME is set, but AIRFLOW_PASSWORD is missing or empty: set both, or AIRFLOW_TOKEN instead.",
  ],
  [
    { AIRFLOW_PASSWORD: "CANARY" },
    "AIRFLOW_PASSWORD is set, but AIRFLOW_USERNAME is missing or empty: set both, or AIRFLOW_TOKEN instead.",
  ],
])("rejects credentials that contradict each other: %j", async (env, message) => {
  const { code, stderr } = await syncFrom("airflow:http://127.0.0.1:1", env as Record<string, string>);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `dagsync: ${message}\n` });
});

test("never repeats a secret that was passed as an option", async () => {
  const { code, stderr } = await syncFrom("airflow:http://127.0.0.1:1", {}, "--token=CANARY");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "error: unknown option '--token'\nRun dagsync --help for usage.\n",
  });
});

test("names a missing option", async () => {
  const { code, stderr } = await dagsync(["sync", "--from", "airflow:http://127.0.0.1:1"]);
  expect(code).toBe(2);
  expect(stderr).toBe("dagsync: --to is missing: --from needs it. Without both, dagsync reads a configuration.\n");
});

test("lists the known streams if one is unknown, and creates no file", async () => {
  const { code, stderr } = await syncFrom("airflow:http://127.0.0.1:1", login, "--streams", "dags,gantt");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(
      /^dagsync: airflow has no stream "gantt"\. It has: dags, dag_runs, task_instances(, [a-z_]+)*\.\n$/,
    ),
  });
});

test("reports a rejected password, without the password", async () => {
  const { url } = await until(startAirflowSimulator());
  const { code, stdout, stderr } = await syncFrom(`airflow:${url}`, {
    AIRFLOW_USERNAME: "admin",
    AIRFLOW_PASSWORD: "CANARY",
  });
  expect(code).toBe(2);
  expect(last(stderr)).toBe(`dagsync: POST ${url}/auth/token answered 401: wrong user name or password.`);
  expect(stdout + stderr).not.toContain("CANARY");
});

test("reports that the server requires credentials, and which variables to set", async () => {
  const { url } = await until(startAirflowSimulator());
  const { code, stderr } = await syncFrom(`airflow:${url}`, {});
  expect(code).toBe(2);
  expect(last(stderr)).toBe(
    `dagsync: GET ${url}/api/v2/dags answered 401: Not authenticated. The server requires credentials: pass the client a token, or a user name and password. Set AIRFLOW_TOKEN, or AIRFLOW_USERNAME and AIRFLOW_PASSWORD.`,
  );
});

test("reports an expired token, without the token", async () => {
  const simulator = await until(startAirflowSimulator({ tokenLifetimeMs: 1000 }));
  const token = simulator.tokens.issue();
  simulator.clock.advance(60_000);
  const { code, stdout, stderr } = await syncFrom(`airflow:${simulator.url}`, { AIRFLOW_TOKEN: token });
  expect(code).toBe(2);
  expect(last(stderr)).toBe(
    `dagsync: GET ${simulator.url}/api/v2/dags answered 401: Token Expired. The token has expired: provide a new one.`,
  );
  expect(stdout + stderr).not.toContain(token);
});

test("recognises an Airflow 2, which has only /api/v1", async () => {
  const host = await listen(answering({ "/api/v1/version": { version: "2.10.5", git_version: null } }));
  const message = `dagsync: http://${host} is Airflow 2.10.5, which has only /api/v1. This client needs Airflow 3.`;
  const { code, stderr } = await syncFrom(`airflow:http://${host}`);
  expect({ code, last: last(stderr) }).toEqual({ code: 2, last: message });
  const check = await dagsync(["check", "--from", `airflow:http://${host}`], { env: login });
  expect({ code: check.code, stderr: check.stderr }).toEqual({ code: 2, stderr: `${message}\n` });
});

test("reports that the server is not an Airflow", async () => {
  const host = await listen((_, response) => response.setHeader("content-type", "text/html").end("<h1>Shop</h1>"));
  const { code, stderr } = await syncFrom(`airflow:http://${host}`);
  expect({ code, last: last(stderr) }).toEqual({
    code: 2,
    last: `dagsync: The server at http://${host} is not Airflow 3: GET http://${host}/api/v2/version answered 200 with text/html where JSON was expected: a login page, a proxy, or a server that is not Airflow. Check the URL. Check host and port. If Airflow is served under a path, the URL must include it.`,
  });
});

test("reports that whatever answers is not a Dagster at all", async () => {
  const host = await listen(answering({}));
  const { code, stderr } = await syncFrom(`dagster:http://${host}`);
  expect({ code, last: last(stderr) }).toEqual({
    code: 2,
    last: `dagsync: The Dagster query ServerVersion to http://${host}/graphql failed (HTTP 404): it answered application/json, ${JSON.stringify('{"detail":"Not Found"}')}. Is this the URL of Dagster's webserver?`,
  });
});

test.each(["airflow", "dagster"])("says what to do about %s's unknown certificate", async (kind) => {
  const server = createServer(selfSigned, answering({}));
  const host = await listen(server as never);
  const { code, stderr } = await syncFrom(`${kind}:https://${host}`);
  expect(code).toBe(2);
  expect(stderr).toContain("NODE_EXTRA_CA_CERTS");
  expect(stderr).toContain(`https://${host}`);
});

test.each([
  ["airflow", "nothing listens at that address"],
  ["dagster", "Nothing listens at that address"],
])("exits with 75 if no %s is reachable", async (kind, message) => {
  const { code, stderr } = await syncFrom(`${kind}:http://${await closedPort()}`);
  expect(stderr).toContain(message);
  expect({ code, last: last(stderr) }).toEqual({ code: 75, last: "Try the same command again later." });
});

test("reports that a destination is not a DuckDB file", async () => {
  const file = join(temporaryFolder(), "notes.txt");
  writeFileSync(file, "not a database, but long enough to look at");
  const { code, stderr } = await dagsync(["sync", "--from", "airflow:http://127.0.0.1:1", "--to", `duckdb:${file}`]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `dagsync: duckdb:${file} exists, but is not a DuckDB file. Choose another path, or move the file away.\n`,
  });
});

test("reports that a folder does not exist", async () => {
  const folder = join(temporaryFolder(), "no", "such");
  const { code, stderr } = await dagsync([
    "sync",
    "--from",
    "airflow:http://127.0.0.1:1",
    "--to",
    `duckdb:${folder}/x.duckdb`,
  ]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `dagsync: duckdb:${folder}/x.duckdb cannot be created: the folder ${folder} does not exist. Create it first, or correct the path.\n`,
  });
});

test.each([
  [
    "no JSON",
    "value = '{'",
    'The state of stream schedules of pipeline demo in PLACE is not JSON. Sync the stream with a full refresh, or delete its row from "main"."_sync_state".',
  ],
  [
    "of no known form",
    "value = '[1]'",
    "The stored state of stream schedules is broken: [1]. A full refresh of the stream writes a new one.",
  ],
  [
    "of a newer release",
    "version = 99",
    "The stored state of stream schedules has version 99; this release knows up to 4. Install the release that wrote it, or a newer one.",
  ],
])("rejects a state that is %s, which a full refresh fixes", async (_, change, message) => {
  const { url } = await until(startDagsterSimulator());
  const file = join(temporaryFolder(), "out.duckdb");
  const args = [
    "sync",
    "--from",
    `dagster:${url}`,
    "--to",
    `duckdb:${file}`,
    "--pipeline",
    "demo",
    "--streams",
    "schedules",
  ];
  expect((await dagsync(args)).code).toBe(0);
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(`UPDATE _sync_state SET ${change}`);
  connection.closeSync();
  instance.closeSync();

  const { code, stderr } = await dagsync(args);
  expect({ code, last: last(stderr) }).toEqual({
    code: 2,
    last: `dagsync: ${message.replace("PLACE", `duckdb:${file}`)}`,
  });
  expect((await dagsync([...args, "--full-refresh"])).code).toBe(0);
  expect((await dagsync(args)).code).toBe(0);
});
