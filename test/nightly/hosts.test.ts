/** All hosts on both real servers, with changes between reads, and the example of PyAirbyte. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { startAirflowSimulator } from "@org/simulators/internal";
import { airflow, defaultAirflowTables, taskInstancesTable } from "@org/sources/airflow";
import { dagster, defaultDagsterTables } from "@org/sources/dagster";
import type { Source } from "@org/sync-engine";
import type { PlainRow } from "@org/testkit/compare";
import { hostEnvironment, hostFolder, versions } from "@org/testkit/hosts/hosts";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { mutateAirflow, seedAirflow } from "@org/testkit/servers/airflow-world";
import { type DagsterServer, startDagster } from "@org/testkit/servers/dagster";
import { mutateDagster, seedDagster } from "@org/testkit/servers/dagster-world";
import { ensureVenv } from "@org/testkit/servers/python";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type HostSetting, hasBegun, testDuckdbLoader, testHosts } from "../live/hosts-check.ts";
import { describeLive, log } from "../live/live.ts";

describeLive("hosts that read a real Airflow", () => {
  let server: AirflowServer;
  beforeAll(async () => {
    server = await startAirflow({ log });
    await seedAirflow(server, { runsPerDag: 20 });
  }, 600_000);
  afterAll(() => server?.stop());
  const setting: HostSetting = {
    tables: defaultAirflowTables,
    config: () => ({ kind: "airflow", url: server.url, username: server.username, password: server.password }),
    source: () => airflow({ client: createAirflowClient({ url: server.url, auth: server }) }) as Source,
    change: () => mutateAirflow(server, 1),
  };
  testHosts(setting);
  // It takes an empty text for null, which the key of a task instance outside of loops cannot be.
  testDuckdbLoader(setting, [taskInstancesTable]);
});

describeLive("hosts that read a real Dagster", () => {
  let server: DagsterServer;
  beforeAll(async () => {
    server = await startDagster({ log });
    await seedDagster(server, { runs: 600 });
  }, 600_000);
  afterAll(() => server?.stop());
  const setting: HostSetting = {
    tables: defaultDagsterTables,
    config: () => ({ kind: "dagster", url: server.url }),
    source: () => dagster({ client: createDagsterClient({ url: server.url }) }) as Source,
    change: () => mutateDagster(server, 1),
  };
  testHosts(setting);
  testDuckdbLoader(setting, []);
});

describeLive("the example of PyAirbyte", () => {
  test("reads all tables of an Airflow", { timeout: 600_000 }, async () => {
    const simulator = await startAirflowSimulator();
    onTestFinished(() => simulator.close());
    const { folder } = hostFolder("airbyte");
    const { python } = await ensureVenv({ name: `airbyte-${versions.airbyte}`, log });
    const script = fileURLToPath(new URL("../../examples/airbyte/read.py", import.meta.url));
    const env = {
      ...hostEnvironment(folder),
      ...{ AIRFLOW_URL: simulator.url, AIRFLOW_TOKEN: simulator.tokens.issue() },
    };
    const { stdout } = await promisify(execFile)(python, [script], { cwd: folder, env, maxBuffer: 1e9 });
    const rows = Object.entries(simulator.world.rows() as unknown as Record<string, PlainRow[]>).map(
      ([name, all]) => `${name}: ${all.filter(hasBegun).length} rows`,
    );
    expect(stdout.trim().split("\n").slice(-3).sort()).toEqual(rows.sort());
  });
});
