/** A small Airflow in SQLite, for tests of `dagsync report`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { afterAll, beforeAll, expect } from "vitest";
import { dagsync } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
export const zone = ["--timezone", "Europe/Berlin"];

/** Call it at the top of a test file: fills a place before its tests, and removes it afterwards. */
export function openPlace() {
  const folder = mkdtempSync(join(tmpdir(), "dagsync-"));
  const place = `sqlite:${join(folder, "o.sqlite")}`;
  beforeAll(async () => {
    const world = createDemoAirflowWorld({ dags: 2, days: 3 });
    const { url, close } = await startAirflowSimulator({ world });
    const { code, stderr } = await dagsync(["sync", "--from", `airflow:${url}`, "--to", place, "--pipeline", "prod"], {
      env,
    });
    expect(code, stderr).toBe(0);
    await close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const report = (...args: string[]) => dagsync(["report", ...args, "--at", place, ...zone]);
  return { folder, place, report };
}
