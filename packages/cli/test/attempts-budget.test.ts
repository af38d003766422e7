import { join } from "node:path";
import { startAirflowSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

test("--attempts-budget leaves earlier attempts for the next sync, and sync, state and verify say so", async () => {
  const { url } = await until(startAirflowSimulator());
  const to = `duckdb:${join(temporaryFolder(), "orchestration.duckdb")}`;
  const args = ["--from", `airflow:${url}`, "--to", to];
  const run = (command: string, ...options: string[]) => dagsync([command, ...args, ...options], { env });
  const state = () => dagsync(["state", "--at", to]);
  const synced = await run("sync", "--attempts-budget", "0");
  expect(synced.code).toBe(0);
  expect(synced.stderr).toMatch(/task_instances: The earlier attempts of \d+ task instances are not stored yet/);
  expect((await state()).stdout).toContain("(earlier attempts outstanding)");

  const compared = await run("verify");
  expect(compared.code).toBe(1);
  expect(compared.stdout).toMatch(/^task_instances: earlier attempts are not synced yet, and count as missing/m);
  expect(compared.stdout).toMatch(/the next sync will add it$/m);

  const json = (await run("sync", "--attempts-budget", "3", "--json")).stdout;
  expect(json).toMatch(/"type":"outstanding","what":"earlier attempts","before":null,"rows":\d+/);
  expect((await state()).stdout).toMatch(/\(earlier attempts of runs before \d{4}-\d\d-\d\d outstanding\)/);
  expect((await run("sync")).code).toBe(0);
  expect((await state()).stdout).not.toContain("outstanding");
  expect((await run("verify")).code).toBe(0);
});

test.each(["-1", "many", "1.5", ""])("--attempts-budget %s is a usage error", async (budget) => {
  const args = ["--from", "airflow:http://127.0.0.1:1", "--to", "duckdb:nowhere.duckdb", "--attempts-budget", budget];
  const { code, stderr } = await dagsync(["sync", ...args], { env });
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("--attempts-budget must be") });
});
