/** What verify compares: rows as the server sent them, before a key merges them, and as the destination can hold them. */
import { join } from "node:path";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { verificationText } from "../../src/render/verification.ts";
import { dagsync, temporaryFolder, until } from "../helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

test("verify compares with what the destination can hold, and reads notes with any content", async () => {
  const { url, world } = await until(startAirflowSimulator());
  const [nul, separator] = world.runs();
  world.note(nul!, "a\u0000b");
  nul!.conf = { "k\u0000": "a\u0000b" };
  world.note(separator!, "a\u2028b");
  const args = ["--from", `airflow:${url}`, "--to", `sqlite:${join(temporaryFolder(), "o.sqlite")}`];
  expect((await dagsync(["sync", ...args], { env })).code).toBe(0);
  const { code, stdout } = await dagsync(["verify", ...args], { env });
  expect(stdout).toMatch(/^No difference in /m);
  expect(code).toBe(0);
});

test.each(["sqlite", "duckdb"])(
  "a row that %s cannot hold, with a NUL in its key, is counted like any other",
  async (kind) => {
    const { url, world } = await until(startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 2, days: 1 }) }));
    const [dag] = world.dags.values();
    const bad = world.addRun(dag!, { runId: "it's\u0000" });
    world.finishRun(bad);
    world.note(bad, "half \ud83d");
    const args = ["--from", `airflow:${url}`, "--to", `${kind}:${join(temporaryFolder(), `o.${kind}`)}`];
    expect((await dagsync(["sync", ...args], { env })).code).toBe(1);
    const { code, stdout, stderr } = await dagsync(["verify", ...args], { env });
    expect(stderr).not.toContain("should not happen");
    expect(stdout).toMatch(/^ {2}1 of the server that no database can hold: each sync reports them$/m);
    expect(stdout).toMatch(/^1 difference in /m);
    expect(code).toBe(1);
  },
);

test("a row that no destination can hold is counted, and everything else is compared", async () => {
  const { url, world } = await until(startAirflowSimulator());
  const [bad] = world.runs();
  world.note(bad!, "half \ud83d");
  const args = ["--from", `airflow:${url}`, "--to", `sqlite:${join(temporaryFolder(), "o.sqlite")}`];
  expect((await dagsync(["sync", ...args], { env })).code).toBe(1);
  const { code, stdout } = await dagsync(["verify", ...args], { env });
  expect(stdout).toMatch(/^ {2}1 of the server that no database can hold: each sync reports them$/m);
  expect(stdout).toMatch(/^1 difference in /m);
  expect(code).toBe(1);
  world.note(bad!, "whole");
  expect((await dagsync(["sync", ...args], { env })).code).toBe(0);
  expect((await dagsync(["verify", ...args], { env })).code).toBe(0);
});

test("server rows that share a key are reported, with an explanation", () => {
  const counts = { compared: 1, different: 0, missing: 0, extra: 0, kept: 0, unstored: 0, causes: {}, differences: [] };
  const tables = [{ ...counts, table: "loop_tasks", sharedKeys: { rows: 2, keys: [{ task_id: "body" }] } }];
  expect(
    verificationText({
      destination: "duckdb:o.duckdb",
      tables,
      outstanding: [],
      samples: [],
      requests: 1,
      durationMs: 10,
    }),
  ).toMatch(
    /2 rows of the server have the same key as another row.*\n {4}shared: task_id "body"\n\n2 differences in 1 rows/s,
  );
});
