/** A sync resumes from the state of an older release: see fixtures/write.ts. */
import { createAirflowClient } from "@org/airflow-client";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { airflow, defaultAirflowTables } from "@org/sources/airflow";
import { sync } from "@org/sync-engine";
import { differences, type PlainRow } from "@org/testkit/compare";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "./connect.ts";
import { pipeline, unpack } from "./places.ts";

/** The final state of the Airflow from which the fixtures were synced. */
function worldOfFixtures() {
  const world = createDemoAirflowWorld({ dags: 0 });
  const tasks = [
    { taskId: "extract", retries: 1 },
    { taskId: "load", mapped: 2 },
  ];
  const dag = world.addDag({ dagId: "etl", tasks });
  const [first, second] = [world.addRun(dag), world.addRun(dag)];
  world.advance(60_000);
  for (const run of [first, second]) world.startRun(run);
  world.retry(second.tasks[0]!);
  world.note(second.tasks[0]!, "it's “quoted”\n");
  for (const run of [first, second]) world.finishRun(run);
  world.advance(60_000);
  world.deleteRun(first);
  world.advance(60_000);
  return { world, dag, second };
}

test.each(["sqlite", "duckdb"] as const)("%s: resumes from its position, and misses nothing", async (kind) => {
  const { world, dag, second } = worldOfFixtures();
  const simulator = await startAirflowSimulator({ world });
  onTestFinished(() => simulator.close());
  const destination = connect(kind, unpack(kind));
  const auth = { username: "admin", password: "admin" };
  const source = airflow({ client: createAirflowClient({ url: simulator.url, auth }) });
  world.advance(3_600_000);
  world.clearTask(second.tasks[0]!);
  world.finishRun(second);
  world.finishRun(world.addRun(dag));
  const { streams } = await sync({ source, destination, pipeline, reconcile: false });
  expect(streams.map(({ deleted }) => deleted)).toEqual([0, 0, 0]);
  const session = await destination.open({ pipeline });
  onTestFinished(() => session.close());
  await session.prepare(defaultAirflowTables);
  const found: string[] = [];
  for (const table of defaultAirflowTables) {
    const rows = (await Array.fromAsync(session.rows!(table))).flat().filter((row) => row._deleted_at === null);
    const expected = world.rows()[table.name as keyof ReturnType<typeof world.rows>];
    found.push(...differences(expected as readonly PlainRow[], rows as readonly PlainRow[], table.primaryKey));
  }
  expect(found).toEqual([]);
});
