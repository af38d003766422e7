import pg from "pg";
import type { AirflowServer } from "./airflow.ts";
import { seedDags } from "./airflow-dags.ts";
import * as steps from "./airflow-steps.ts";
import { insertTaskInstances } from "./airflow-task-rows.ts";
import { describeTasks } from "./airflow-world.ts";
import type { Action, Hand } from "./airflow-writer.ts";

const step =
  (statement: string) =>
  ({ query, turn }: Hand) =>
    query(statement, [String(turn())]);

/** The writes of a scheduler and its workers, and direct changes to the database. */
export const schedulerActions: readonly Action[] = [
  { name: "runs scheduled", weight: 3, run: (hand) => together(hand, () => scheduleRuns(hand)) },
  { name: "runs started", weight: 4, run: step(steps.startRuns) },
  { name: "tasks expanded", weight: 4, run: step(steps.expandMapped) },
  { name: "tasks started", weight: 6, run: step(steps.startTasks) },
  { name: "attempts failed", weight: 4, run: (hand) => step(steps.failAttempts(hand.server.version))(hand) },
  { name: "tasks finished", weight: 5, run: step(steps.finishTasks) },
  { name: "runs finished", weight: 4, run: step(steps.finishRuns) },
  { name: "many at one moment", weight: 2, run: changeAtOneMoment },
  { name: "run deleted silently", weight: 2, run: (hand) => together(hand, () => deleteSilently(hand)) },
  { name: "run made again silently", weight: 2, run: (hand) => together(hand, () => makeAgainSilently(hand)) },
  { name: "dag stale or not", weight: 1, run: toggleStale },
];

/** The same, in transactions that commit one to four seconds after the timestamps that they write. */
export const lateCommits: readonly Action[] = [
  {
    name: "late: final rows",
    weight: 4,
    run: (hand) => late(hand, () => changeFinalRows(hand.query, hand.turn(), 10)),
  },
  { name: "late: runs scheduled", weight: 2, run: (hand) => late(hand, () => scheduleRuns(hand)) },
  { name: "late: runs finished", weight: 1, run: (hand) => late(hand, () => step(steps.finishRuns)(hand)) },
  { name: "late: run deleted", weight: 1, run: (hand) => late(hand, () => deleteSilently(hand)) },
];

/**
 * Changes finished rows, which only `updated_at` reveals, in a transaction that stays open. Other writers of these few rows
 * wait for it.
 *
 * @returns a function that commits it
 */
export async function holdChange(server: AirflowServer, turn: number): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: server.databaseUrl });
  await client.connect();
  await client.query("begin");
  await changeFinalRows((sql, parameters) => client.query(sql, parameters), turn, 2);
  return async () => {
    await client.query("commit");
    await client.end();
  };
}

async function together({ query }: Hand, change: () => Promise<unknown>, heldMs = 0): Promise<void> {
  await query("begin");
  await change();
  await new Promise((resolve) => setTimeout(resolve, heldMs));
  await query("commit");
}

const late = (hand: Hand, change: () => Promise<unknown>) => together(hand, change, hand.random.between(1_000, 4_000));

/** Creates runs with their task instances. A run that is created again has fewer tasks. */
async function scheduleRuns({ query, turn }: Hand): Promise<void> {
  const number = turn();
  await query(steps.createScheduledRuns, [String(number)]);
  await query(insertTaskInstances, [describeTasks(seedDags(60)), number, ""]);
}

/** One statement over all successful rows of a DAG: hundreds of rows with the same `updated_at`. */
async function changeAtOneMoment({ query, turn }: Hand): Promise<void> {
  await query(
    `update task_instance set hostname = 'moved-' || $1, updated_at = now() where state = 'success' and run_id not like '%/%'
       and dag_id = (select dag_id from dag order by md5(dag_id || $1) limit 1)`,
    [String(turn())],
  );
}

/** Changes finished rows, which only the window reveals. */
async function changeFinalRows(
  query: (sql: string, parameters: unknown[]) => Promise<unknown>,
  turn: number,
  rows: number,
): Promise<void> {
  const parameters = [String(turn), rows];
  await query(
    `update task_instance set hostname = 'late-' || $1, updated_at = clock_timestamp() where id in (
       select id from task_instance where state in ('success', 'failed') order by md5(id || $1) limit $2::int for update skip locked)`,
    parameters,
  );
  await query(
    `update dag_run set end_date = clock_timestamp(), updated_at = clock_timestamp() where id in (
       select id from dag_run where state in ('success', 'failed') order by md5(id || $1) limit $2::int for update skip locked)`,
    parameters,
  );
}

async function deleteSilently({ query, turn }: Hand): Promise<void> {
  const [run] = await query<{ dag_id: string; run_id: string; row: object }>(
    `select dag_id, run_id, to_jsonb(r) row from dag_run r order by md5(id || $1) limit 1 for update skip locked`,
    [String(turn())],
  );
  if (run) await deleteRun(query, run);
}

/** Deletes a run and creates it again under its id, with fewer tasks, in one transaction. */
async function makeAgainSilently({ query, turn }: Hand): Promise<void> {
  const number = turn();
  const [run] = await query<{ dag_id: string; run_id: string; row: object }>(
    `select dag_id, run_id, to_jsonb(r) row from dag_run r join dag using (dag_id) where run_id not like '%/%'
     order by md5(id || $1) limit 1 for update of r skip locked`,
    [String(number)],
  );
  if (!run) return;
  await deleteRun(query, run);
  await query(
    `insert into dag_run select * from jsonb_populate_record(null::dag_run, $1::jsonb || jsonb_build_object(
       'id', nextval('dag_run_id_seq'), 'state', 'queued', 'start_date', null, 'end_date', null, 'clear_number', 0,
       'queued_at', clock_timestamp(), 'updated_at', clock_timestamp()))`,
    [JSON.stringify(run.row)],
  );
  const fewer = seedDags(60).map((dag) => ({ ...dag, tasks: dag.tasks.slice(0, -1) }));
  await query(insertTaskInstances, [describeTasks(fewer), number, ""]);
}

async function deleteRun(query: Hand["query"], { dag_id, run_id }: { dag_id: string; run_id: string }): Promise<void> {
  await query("delete from task_instance where dag_id = $1 and run_id = $2", [dag_id, run_id]);
  await query("delete from dag_run where dag_id = $1 and run_id = $2", [dag_id, run_id]);
}

async function toggleStale({ query, turn }: Hand): Promise<void> {
  await query(
    `update dag set is_stale = not is_stale where dag_id = (select dag_id from dag order by md5(dag_id || $1) limit 1)`,
    [String(turn())],
  );
}
