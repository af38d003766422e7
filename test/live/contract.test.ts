import { afterAll, beforeAll, test } from "vitest";
import { type AirflowTarget, airflowContract } from "../contract/airflow-contract.ts";
import { dagsterContract } from "../contract/dagster-contract.ts";
import { describeLive, log } from "./live.ts";
import { type AirflowServer, startAirflow } from "./servers/airflow.ts";
import { seedAirflow } from "./servers/airflow-world.ts";
import { type DagsterServer, startDagster } from "./servers/dagster.ts";
import { seedDagster } from "./servers/dagster-world.ts";

// The same cases hold the simulators, in test/contract: what a simulator says there, a real server says here.

describeLive("a real Airflow 3.3.2 keeps the contract that the simulator is held against", () => {
  let server: AirflowServer;
  let target: AirflowTarget;

  beforeAll(async () => {
    server = await startAirflow({ log });
    await seedAirflow(server, { dags: 20, runsPerDag: 15 });
    const { url, username, password } = server;
    const response = await fetch(`${url}/auth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    target = { url, username, password, token };
  });
  afterAll(() => server?.stop());

  test.each(airflowContract)("$name", ({ run }) => run(target));
});

describeLive("a real Dagster 1.13.27 keeps the contract that the simulator is held against", () => {
  let server: DagsterServer;

  beforeAll(async () => {
    server = await startDagster({ log });
    await seedDagster(server, { runs: 600 });
  });
  afterAll(() => server?.stop());

  test.each(dagsterContract)("$name", ({ run }) => run({ url: server.url }));
});
