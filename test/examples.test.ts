import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, onTestFinished, test } from "vitest";
import { runExample } from "./support/run-example.ts";

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "example-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "orchestration.duckdb");
}

/** An example's output after copying all rows. */
const copied = (rows: Record<string, readonly unknown[]>) =>
  Object.entries(rows).map(([table, { length }]) => `${table}: ${length} new, 0 changed`);

test("examples/airflow-three-tables copies three tables, then the changes", async () => {
  const simulator = await startAirflowSimulator();
  onTestFinished(() => simulator.close());
  const env = { AIRFLOW_URL: simulator.url, DUCKDB_FILE: temporaryFile() };
  expect(await runExample("airflow-three-tables", env)).toEqual(copied({ ...simulator.world.rows() }));

  simulator.world.advance(60_000);
  simulator.world.addRun(simulator.world.dag("load_orders"));
  const [, runs] = await runExample("airflow-three-tables", env);
  expect(runs).toMatch(/^airflow_dag_runs: 1 new, /);
});

test("examples/dagster-four-tables copies four tables, then the changes", async () => {
  const simulator = await startDagsterSimulator();
  onTestFinished(() => simulator.close());
  const env = { DAGSTER_URL: simulator.url, DUCKDB_FILE: temporaryFile() };
  expect(await runExample("dagster-four-tables", env)).toEqual(copied({ ...simulator.world.rows() }));

  simulator.world.advance(60_000);
  simulator.world.addRun({ jobName: "score", location: "ml_platform" });
  expect(await runExample("dagster-four-tables", env)).toEqual([
    "dagster_runs: 1 new, 0 changed",
    "dagster_assets: 0 new, 0 changed",
    "dagster_schedules: 0 new, 0 changed",
    "dagster_sensors: 0 new, 0 changed",
  ]);
});
