import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import {
  createDemoAirflowWorld,
  type Fault,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { type Source, type SyncEvent, sync } from "@org/sync-engine";
import { expect, onTestFinished, test } from "vitest";

const secret = "CANARY-5e1f-77aa";

/** Failing responses that echo what the server was sent. */
const faults: readonly Fault[] = [
  { status: 500, body: { detail: `could not check ${secret}` } },
  { status: 403, body: { detail: `Bearer ${secret} may not do this` } },
  { status: 422, body: { detail: [{ msg: "no", input: secret }] } },
  { html200: true },
  { reset: true },
  { cutBodyAt: 50 },
];

test.each(["airflow", "dagster"] as const)("I10: no secret of %s is in an error, an event or a file", async (kind) => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const simulator =
    kind === "airflow"
      ? await startAirflowSimulator({
          world: createDemoAirflowWorld({ dags: 3, days: 2, runsPerDag: 3 }),
          password: secret,
        })
      : await startDagsterSimulator();
  onTestFinished(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const source = (
    kind === "airflow"
      ? airflow({
          client: createAirflowClient({ url: simulator.url, auth: { username: "admin", password: secret } }),
        })
      : dagster({ client: createDagsterClient({ url: simulator.url, auth: { token: secret } }) })
  ) as Source;
  const said: string[] = [];
  const destination = duckdb(join(folder, "orchestration.duckdb"));
  const requests = { retries: 1, retryWaitMs: 1 };
  const onEvent = (event: SyncEvent) => void said.push(inspect(event, { depth: 20, showHidden: true }));
  for (const fault of [undefined, ...faults]) {
    simulator.faults.clear();
    if (fault) simulator.faults.push({ ...fault, match: ({ path }) => !path.startsWith("/auth"), times: 99 });
    const failed = await sync({ source, destination, requests, onEvent }).catch((error: unknown) => error);
    if (fault) expect(failed).toBeInstanceOf(Error);
    said.push(inspect(failed, { depth: 20, showHidden: true }));
  }
  for (const name of readdirSync(folder)) said.push(readFileSync(join(folder, name), "latin1"));
  for (const text of said) expect(text).not.toMatch(/CANARY/);
});
