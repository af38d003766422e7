import {
  createDemoAirflowWorld,
  type StartedAirflow,
  type StartedDagster,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { violation } from "@org/testkit/airflow-specification";
import { afterAll, beforeAll, describe, test } from "vitest";
import { airflowContract } from "./airflow-contract.ts";
import { dagsterContract } from "./dagster-contract.ts";

describe.each(["3.3", "3.4"] as const)("the simulated Airflow %s fulfills the real one's contract", (version) => {
  let simulator: StartedAirflow;
  beforeAll(async () => {
    simulator = await startAirflowSimulator({ validate: violation, world: createDemoAirflowWorld({ version }) });
  });
  afterAll(() => simulator.close());

  test.each(airflowContract)("$name", ({ run }) =>
    run({ url: simulator.url, username: "admin", password: "admin", token: simulator.tokens.issue() }),
  );
});

describe("the simulated Dagster fulfills the real one's contract", () => {
  let simulator: StartedDagster;
  beforeAll(async () => {
    simulator = await startDagsterSimulator();
  });
  afterAll(() => simulator.close());

  test.each(dagsterContract)("$name", ({ run }) => run({ url: `${simulator.url}/graphql` }));
});
