/** What servers say is shown, and nothing of it is obeyed. */
import { join } from "node:path";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { SafeOutput } from "../src/render/safe-output.ts";
import { answering, dagsync, listen, temporaryFolder, until } from "./helpers.ts";

const hostile =
  "##vso[task.complete]##[x]\u001b]0;title\u0007\u001b]52;c;eA==\u0007\u001b[2J\u009b31m\u202eevil\u200b\nforged: line\r";

/** Nothing that a terminal obeys, no line that is not ours. */
function expectHarmless(...outputs: string[]) {
  for (const output of outputs) {
    expect(output).not.toMatch(/[^\n\P{Cc}]|[\u202a-\u202e\u2066-\u2069\u200b]/u);
    expect(output).not.toMatch(/^forged/m);
    expect(output).not.toMatch(/##(vso)?\[/);
  }
}

test.each([[[]], [["--json"]]])("an Airflow error, in check and in sync, %j", async (json) => {
  const simulator = await until(startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 1, days: 1 }) }));
  const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
  const from = ["--from", `airflow:${simulator.url}`];
  const to = ["--to", `duckdb:${join(temporaryFolder(), "out.duckdb")}`];
  const fail = () =>
    simulator.faults.push({
      match: ({ path }) => path.includes("/dags"),
      times: Number.POSITIVE_INFINITY,
      status: 400,
      body: { detail: hostile },
    });
  fail();
  for (const command of ["check", "sync"]) {
    const { code, stdout, stderr } = await dagsync([command, ...from, ...(command === "sync" ? to : []), ...json], {
      env,
    });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("evil");
    expectHarmless(stdout, stderr);
  }
});

test("a version, in check", async () => {
  const host = await listen(
    answering({
      "/api/v2/version": { version: hostile, git_version: null },
      "/api/v2/dags": { dags: [], total_entries: 0 },
    }),
  );
  for (const json of [[], ["--json"]]) {
    const { stdout, stderr } = await dagsync(["check", "--from", `airflow:http://${host}`, ...json]);
    expect(stdout + stderr).toContain("evil");
    expectHarmless(stdout, stderr);
  }
});

test("a row's own texts, in state and in a pipeline's name", async () => {
  const { url } = await until(startDagsterSimulator());
  const to = ["--to", `duckdb:${join(temporaryFolder(), "out.duckdb")}`];
  const sync = await dagsync(["sync", "--from", `dagster:${url}`, ...to, "--pipeline", hostile]);
  const state = await dagsync(["state", ...to]);
  expect(state.stdout).toContain("evil");
  expectHarmless(sync.stdout, sync.stderr, state.stdout, state.stderr);
});

test.each([
  ["::set-env name=A::b", "\\u003a:set-env name=A::b"],
  ["ok\n \t::error::b\n::9", "ok\n \t\\u003a:error::b\n::9"],
  ["a ##vso[task.setvariable variable=A]b", "a \\u0023#vso[task.setvariable variable=A]b"],
  ["a ##[add-path]b ##TeamCity[c]", "a \\u0023#[add-path]b \\u0023#TeamCity[c]"],
  ["a ::error::b ## [x](y) ##x", "a ::error::b ## [x](y) ##x"],
])("build log commands are defused: %j", (said, expected) => {
  let written = "";
  const output = new SafeOutput({ write: (text: string) => (written += text) });
  output.write(said);
  expect(written).toBe(expected);
  written = "";
  output.write(JSON.stringify({ said }));
  expect(JSON.parse(written)).toEqual({ said });
});

test("a message of any length is shortened", async () => {
  const host = await listen(
    answering({
      "/api/v2/version": { version: "x".repeat(3_000_000) },
      "/api/v2/dags": { dags: [], total_entries: 0 },
    }),
  );
  for (const json of [[], ["--json"]]) {
    const { stdout, stderr } = await dagsync(["check", "--from", `airflow:http://${host}`, ...json]);
    expect((stdout + stderr).length).toBeLessThan(5000);
  }
});

test("a dumb terminal gets plain lines", async () => {
  const { url } = await until(startDagsterSimulator());
  let written = "";
  const stderr = {
    isTTY: true,
    write(text: string) {
      written += text;
    },
  };
  const to = ["--to", `duckdb:${join(temporaryFolder(), "out.duckdb")}`];
  await dagsync(["sync", "--from", `dagster:${url}`, ...to], { stderr, env: { TERM: "dumb" } });
  expect(written).toMatch(/^▸ runs/m);
  expect(written).not.toMatch(/[^\n\P{Cc}]|[⠋-⠿]/u);
});
