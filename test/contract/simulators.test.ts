import {
  createDemoAirflowWorld,
  createDemoDagsterWorld,
  type StartedAirflow,
  type StartedDagster,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { violation } from "@org/testkit/airflow-specification";
import { afterAll, beforeAll, describe, test } from "vitest";
import { airflowContract } from "./airflow-contract.ts";
import { dagsterContract } from "./dagster-contract.ts";
import { addFurtherRows } from "./further-rows.ts";

describe.each(["3.3", "3.4"] as const)("the simulated Airflow %s fulfills the real one's contract", (version) => {
  let simulator: StartedAirflow;
  beforeAll(async () => {
    const world = createDemoAirflowWorld({ version });
    addFurtherRows(world);
    simulator = await startAirflowSimulator({ validate: violation, world });
  });
  afterAll(() => simulator.close());

  test.each(airflowContract)("$name", ({ run }) =>
    run({ url: simulator.url, username: "admin", password: "admin", token: simulator.tokens.issue() }),
  );
});

describe("the simulated Dagster fulfills the real one's contract", () => {
  let simulator: StartedDagster;
  beforeAll(async () => {
    const world = createDemoDagsterWorld();
    const [path] = [...world.materializations.keys()].map((id) => JSON.parse(id) as string[]);
    for (const n of [1, 2, 2, 3]) world.further.event("MATERIALIZATION", path!, world.now() - (10 - n) * 1_000_000);
    for (const n of [1, 2, 3, 4, 5]) world.further.backfill(`backfill ${n}`, "COMPLETED", world.now());
    simulator = await startDagsterSimulator({ world });
  });
  afterAll(() => simulator.close());

  test.each(dagsterContract)("$name", ({ run }) => run({ url: `${simulator.url}/graphql` }));
});
