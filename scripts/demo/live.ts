import { rm } from "node:fs/promises";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { mutateAirflow, seedAirflow } from "@org/testkit/servers/airflow-world";
import { type DagsterServer, startDagster } from "@org/testkit/servers/dagster";
import { mutateDagster, seedDagster } from "@org/testkit/servers/dagster-world";
import { answers, countRows, rowsTable } from "./answers.ts";

/** The servers are new at each start, so the file is too. */
const file = "orchestration-live.duckdb";

/**
 * Installs a real Airflow and a real Dagster if they are not in the cache, fills them, syncs them, simulates a day of
 * changes, and syncs again.
 *
 * @throws MissingPythonError with what to install
 */
export async function live(options: {
  readonly dagsync: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<void>;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { dagsync, signal } = options;
  const log = (line: string) => console.log(`  ${line}`);
  let airflow: AirflowServer | undefined;
  let dagster: DagsterServer | undefined;
  try {
    console.log("Starting a real Airflow and a real Dagster in .cache/ (the first time takes a few minutes):");
    airflow = await startAirflow({ log, signal });
    dagster = await startDagster({ log, signal });
    log("Filling Airflow");
    await seedAirflow(airflow);
    log("Filling Dagster");
    await seedDagster(dagster);
    signal.throwIfAborted();

    const login = { AIRFLOW_USERNAME: airflow.username, AIRFLOW_PASSWORD: airflow.password };
    const both = async ({ url }: AirflowServer, dagsterUrl: string) => {
      await dagsync(["sync", "--from", `airflow:${url}`, "--to", `duckdb:${file}`], login);
      await dagsync(["sync", "--from", `dagster:${dagsterUrl}`, "--to", `duckdb:${file}`]);
    };
    await Promise.all([file, `${file}.wal`].map((name) => rm(name, { force: true })));
    console.log(`\nCopying everything into ${file}:`);
    await both(airflow, dagster.url);
    const before = await countRows(file);

    console.log("Runs are triggered, cleared, finished and retried, and assets materialized …");
    await mutateAirflow(airflow, 1);
    await mutateDagster(dagster, 1);
    signal.throwIfAborted();
    console.log("These syncs are incremental: they only read what changed.");
    await both(airflow, dagster.url);

    console.log(`${file} now holds:\n${rowsTable(before, await countRows(file))}`);
    console.log(await answers(file, Date.now()));
  } finally {
    console.log("Stopping the servers …");
    await Promise.all([airflow?.stop(), dagster?.stop()]);
  }
}
