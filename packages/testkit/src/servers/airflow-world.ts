import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { AirflowServer } from "./airflow.ts";
import { fileNameOf, type SeedDag, seedDags, writeDagFiles } from "./airflow-dags.ts";
import * as rows from "./airflow-rows.ts";
import * as taskRows from "./airflow-task-rows.ts";

export { changeMany, mutateAirflow, unstamped } from "./airflow-mutations.ts";

export interface SeedAirflowOptions {
  /** The same seed gives the same world, relative to the current hour. Default: 1. */
  seed?: number;
  /** Default: 30. Every tenth one is stale. */
  dags?: number;
  /** Six hours apart, the newest about an hour ago. Default: 105, which makes 3,150 runs and 16,000 task instances. */
  runsPerDag?: number;
}

/** Row counts by kind. */
export type Counts = Record<string, number>;

/**
 * Fills an empty server with DAGs, runs and task instances of every kind that a sync could get wrong: see the statements
 * in airflow-rows.ts and airflow-task-rows.ts. Takes about ten seconds, half of that in Airflow's parser.
 */
export async function seedAirflow(server: AirflowServer, options: SeedAirflowOptions = {}): Promise<Counts> {
  const { seed = 1, dags: count = 30, runsPerDag = 105 } = options;
  const dags = seedDags(count);
  await writeDagFiles(server.dagsFolder, dags);
  await server.cli(["dags", "reserialize"]);

  const stale = dags.filter((dag) => dag.index % 10 === 6);
  await markStale(server, stale);
  await server.query("insert into slot_pool (pool, slots, include_deferred) values ('small', 4, false)");
  await server.query(rows.insertImportError, [dags.find((dag) => dag.index % 10 === 3)?.dagId]);
  await server.query(rows.ageFirstVersions);
  await server.query(rows.ageFirstSerialized);
  await server.query(rows.insertVersions, [dags.filter((dag) => dag.index % 5 === 0).map((dag) => dag.dagId)]);

  const described = dags.map(({ dagId, index }) => ({ dagId, index, stale: index % 10 === 6 }));
  await server.query(rows.insertRuns, [JSON.stringify(described), runsPerDag, rows.awkwardRunIds, seed]);
  await server.query(rows.insertRunNotes);
  // Old rows of one DAG have no version, as after an upgrade from Airflow 2.
  await server.query(taskRows.insertTaskInstances, [describeTasks(dags), seed, dags[2]?.dagId]);
  for (const statement of [
    taskRows.insertRemoved,
    taskRows.insertEarlierAttempts,
    taskRows.numberNextAttempts,
    taskRows.insertSharedNumbers,
    taskRows.insertSkippedThenCleared,
    taskRows.insertTaskNotes,
    taskRows.insertRegions,
  ]) {
    await server.query(statement);
  }
  await server.query("analyze");
  return countRows(server);
}

/** Input of `insertTaskInstances`: every task with its DAG and its position. */
export function describeTasks(dags: SeedDag[]): string {
  return JSON.stringify(
    dags.flatMap(({ dagId, tasks }) =>
      tasks.map((task, position) => ({ dagId, position, count: tasks.length, ...task })),
    ),
  );
}

/** Removes the files, and marks their DAGs stale, as the DAG processor would. */
async function markStale(server: AirflowServer, dags: SeedDag[]): Promise<void> {
  for (const dag of dags) await rm(join(server.dagsFolder, fileNameOf(dag.index)));
  await server.query("update dag set is_stale = true where dag_id = any($1)", [dags.map((dag) => dag.dagId)]);
}

/** Counts the kinds of rows that tests rely on. */
async function countRows(server: AirflowServer): Promise<Counts> {
  const [counts] = await server.query<Counts>(`select
    (select count(*) from dag) dags,
    (select count(*) from dag where is_stale) "dags stale",
    (select count(*) from dag_run) runs,
    (select count(*) from dag_run where logical_date is null) "runs without logical date",
    (select count(*) from dag_run where updated_at is null) "runs without updated_at",
    (select max(n) from (select count(*) n from dag_run where updated_at is not null group by updated_at) x) "runs with one updated_at",
    (select count(*) from (select 1 from task_instance group by dag_id, run_id having count(distinct dag_version_id) > 1) x)
      "runs of several versions",
    (select count(*) from dag_run_note) "run notes",
    (select count(*) from task_instance) "task instances",
    (select count(*) from task_instance where updated_at is null) "task instances without updated_at",
    (select max(n) from (select count(*) n from task_instance where updated_at is not null group by updated_at) x)
      "task instances with one updated_at",
    (select count(*) from task_instance where map_index >= 0) "mapped",
    (select count(*) from task_instance where try_number > 1) "tried again",
    (select count(*) from task_instance where state = 'removed') "removed",
    (select count(*) from task_instance where state = 'up_for_retry') "up for retry",
    (select count(*) from task_instance where state is null) "without state",
    (select count(*) from task_instance_note) "task notes",
    (select count(*) from task_instance_history) "earlier attempts",
    (select count(*) from task_instance_history where try_number = 0) "attempts with number 0",
    (select count(*) from task_instance_history h join task_instance t using (dag_id, run_id, task_id, map_index)
      where h.try_number = t.try_number and h.try_number > 0) "attempts sharing a number"`);
  return counts ?? {};
}
