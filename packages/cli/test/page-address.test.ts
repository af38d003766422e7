import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { dagsync, until } from "./helpers.ts";

const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

test.each([
  ["airflow", "/dags/daily/grid", startAirflowSimulator],
  ["dagster", "/assets/a/b", startDagsterSimulator],
] as const)("gives advice if the address is a page of %s, in check and in sync", async (kind, page, start) => {
  const starting: Promise<{ url: string; close(): Promise<void> }> = start();
  const { url } = await until(starting);
  const from = `${kind}:${url}${page}`;
  for (const { code, stderr } of [
    await dagsync(["check", "--from", from], { env: login }),
    await dagsync(["sync", "--from", from, "--to", "duckdb::memory:"], { env: login }),
  ]) {
    expect(code).toBe(2);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
      new RegExp(` is at ${url}, not at ${url}${page}: use ${url} as the (base )?URL\\.$`),
    );
  }
});
