/** A small Airflow in SQLite, for tests of `dagsync report`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { afterAll, beforeAll, expect } from "vitest";
import { dagsync } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
export const folder = mkdtempSync(join(tmpdir(), "dagsync-"));
export const place = `sqlite:${join(folder, "o.sqlite")}`;
export const zone = ["--timezone", "Europe/Berlin"];

/** To be called by each file of tests: fills the place before, and removes it after. */
export function withPlace(): void {
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
}

export const report = (...args: string[]) => dagsync(["report", ...args, "--at", place, ...zone]);
