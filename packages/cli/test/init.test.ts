import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { pipelinesOf } from "../src/config/pipelines.ts";
import { parseConfig } from "../src/config/read.ts";
import { schemaUrl } from "../src/config/schema.ts";
import { dagsync, temporaryFolder } from "./helpers.ts";

const newFile = () => join(temporaryFolder(), "dagsync.yaml");
const read = (file: string) => readFileSync(file, "utf8");

test("writes a configuration from options that can be read back", async () => {
  const config = newFile();
  const args = ["init", "--config", config, "--from", "airflow:https://a.example.com", "dagster:http://127.0.0.1:3000"];
  expect(await dagsync(args)).toEqual({
    code: 0,
    stdout: `Wrote ${config}. Set AIRFLOW_USERNAME, AIRFLOW_PASSWORD, then run "dagsync check" and "dagsync sync".\n`,
    stderr: "",
  });
  expect(read(config)).toBe(`# yaml-language-server: $schema=${schemaUrl}

sources:
  airflow:
    kind: airflow
    url: https://a.example.com
    username: \${AIRFLOW_USERNAME}
    password: \${AIRFLOW_PASSWORD}
  dagster:
    kind: dagster
    url: http://127.0.0.1:3000
destinations:
  main: duckdb:orchestration.duckdb
pipelines:
  - name: airflow
    from: airflow
    to: main
  - name: dagster
    from: dagster
    to: main
`);
  expect(pipelinesOf(parseConfig(read(config), config), {}).map(({ name }) => name)).toEqual(["airflow", "dagster"]);
});

test("gives the tables of several sources of one kind distinct names", async () => {
  const config = newFile();
  const from = ["airflow:https://a.example.com", "airflow:https://b.example.com"];
  expect((await dagsync(["init", "--config", config, "--from", ...from, "--auth", "token"])).code).toBe(0);
  const { config: written } = parseConfig(read(config), config);
  expect(written.sources.airflow2).toEqual({
    kind: "airflow",
    url: "https://b.example.com",
    token: "${AIRFLOW2_TOKEN}",
  });
  expect(written.pipelines.map(({ prefix }) => prefix)).toEqual(["airflow_", "airflow2_"]);
});

test("leaves an existing file alone", async () => {
  const config = newFile();
  writeFileSync(config, "mine");
  const { code, stderr } = await dagsync(["init", "--config", config, "--from", "airflow:https://a.example.com"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `dagsync: ${config} already exists. Name another file with --config.\n`,
  });
  expect(read(config)).toBe("mine");
});

test.each([
  [["--from", "airflow:https://ada:CANARY@host"], "contains a user name or password"],
  [["--from", "dagster:https://host", "--auth", "password"], "Dagster has no passwords"],
  [["--from", "dagster:https://host", "--auth", "CANARY"], "--auth is one of: password, token, command, none."],
  [["--from", "dagster:https://host", "--to", "postgres://ada:CANARY@host/db"], "--to contains a password"],
  [["--to", "duckdb:x.duckdb"], "--from is missing"],
  [[], "--from is missing"],
])("rejects %j, and writes nothing", async (args, message) => {
  const config = newFile();
  const { code, stderr } = await dagsync(["init", "--config", config, ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("CANARY");
  expect(() => read(config)).toThrow("ENOENT");
});

test("asks until it has what it needs", async () => {
  const config = newFile();
  const stdin = new PassThrough();
  stdin.end(
    ["airflow.example.com", "airflow:https://airflow.example.com", "magic", "", "", ""]
      .map((each) => `${each}\n`)
      .join(""),
  );
  const { code, stdout, stderr } = await dagsync(["init", "--config", config], { stdin });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining("Set AIRFLOW_USERNAME, AIRFLOW_PASSWORD"),
  });
  expect(stderr).toContain("Which server? (airflow:https://… or dagster:https://…) --from is");
  expect(stderr).toContain("Answer one of: password, token, command, none.");
  expect(parseConfig(read(config), config).config.destinations).toEqual({ main: "duckdb:orchestration.duckdb" });
});

test("reports answers that end too early", async () => {
  const config = newFile();
  const stdin = new PassThrough();
  stdin.end("airflow:https://airflow.example.com\n");
  const { code, stderr } = await dagsync(["init", "--config", config], { stdin });
  expect(code).toBe(2);
  expect(stderr).toContain("Input ended before the last question. Nothing was written.");
  expect(() => read(config)).toThrow("ENOENT");
});
