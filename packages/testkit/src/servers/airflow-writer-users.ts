import * as mutations from "./airflow-mutations.ts";
import { findRuns, path, pathOfRun } from "./airflow-mutations.ts";
import type { Action, Hand } from "./airflow-writer.ts";

/** Users' actions, all through the real API. */
export const userActions: readonly Action[] = [
  { name: "run triggered", weight: 4, run: triggerRun },
  { name: "run marked", weight: 1, run: ({ server, call, turn }) => mutations.markRuns(server, call, turn()) },
  { name: "tasks cleared", weight: 4, run: ({ server, call, turn }) => mutations.clearTasks(server, call, turn()) },
  { name: "run cleared", weight: 2, run: ({ server, call, turn }) => mutations.clearRun(server, call, turn()) },
  { name: "tasks marked", weight: 2, run: ({ server, call, turn }) => mutations.markTasks(server, call, turn()) },
  { name: "notes written", weight: 3, run: ({ server, call, turn }) => mutations.writeNotes(server, call, turn()) },
  { name: "run deleted", weight: 2, run: deleteRun },
  { name: "run made again", weight: 2, run: makeRunAgain },
  { name: "dag deleted", weight: 1, run: deleteDag },
];

async function triggerRun({ call, query, random, turn }: Hand): Promise<void> {
  const [dag] = await query<{ dag_id: string }>(
    "select dag_id from dag where not is_stale order by md5(dag_id || $1) limit 1",
    [String(turn())],
  );
  const conf = { text: "ü 🚀", number: random.between(0, 9) };
  const note = random.chance(0.3) ? "triggered" : null;
  await call("POST", path("dags", dag!.dag_id, "dagRuns"), { logical_date: null, conf, note });
}

async function deleteRun({ server, call, turn }: Hand): Promise<void> {
  for (const run of await findRuns(server, "true", 1, turn())) await call("DELETE", pathOfRun(run), undefined);
}

/** Deletes a run and creates it again under its id, with other task instances. */
async function makeRunAgain({ server, call, random, turn }: Hand): Promise<void> {
  for (const run of await findRuns(server, "run_id like 'manual\\_\\_%'", 1, turn())) {
    await call("DELETE", pathOfRun(run), undefined);
    await pause(random.between(0, 500));
    await call("POST", path("dags", run.dag_id, "dagRuns"), { logical_date: null, dag_run_id: run.run_id });
  }
}

/**
 * Deletes a DAG with everything in it. Most come back a moment later without their runs and under a new version, as when
 * their file is parsed again.
 */
async function deleteDag({ call, query, random, turn, atEnd }: Hand): Promise<void> {
  if (atEnd.length > 0) return atEnd.pop()!() as Promise<void>;
  const [found] = await query<{ dag_id: string; dag: object; parts: Record<string, object[]> }>(
    `select dag_id, to_jsonb(m) dag, jsonb_build_object(
       'dag_tag', (select jsonb_agg(t) from dag_tag t where t.dag_id = m.dag_id),
       'dag_version', (select jsonb_agg(v) from dag_version v where v.dag_id = m.dag_id and v.version_number = 1),
       'serialized_dag', (select jsonb_agg(s) from serialized_dag s join dag_version v on v.id = s.dag_version_id
         where v.dag_id = m.dag_id and v.version_number = 1),
       'dag_code', (select jsonb_agg(c) from dag_code c join dag_version v on v.id = c.dag_version_id
         where v.dag_id = m.dag_id and v.version_number = 1)) parts
     from dag m where not is_stale order by md5(dag_id || $1) limit 1`,
    [String(turn())],
  );
  if (!found) return;
  await call("DELETE", path("dags", found.dag_id), undefined);
  const comesBack = random.chance(0.8);
  if (!comesBack) return;
  atEnd.push(async () => {
    const [{ id } = {}] = await query<{ id: string }>("select uuidv7() id");
    const now = new Date().toISOString();
    await query("begin");
    await restore("dag", { ...found.dag, last_parsed_time: now });
    for (const row of found.parts.dag_tag ?? []) await restore("dag_tag", row);
    for (const row of found.parts.dag_version ?? []) {
      await restore("dag_version", { ...row, id, created_at: now, last_updated: now });
    }
    for (const table of ["serialized_dag", "dag_code"]) {
      for (const row of found.parts[table] ?? []) {
        await query(
          `insert into ${table} select * from jsonb_populate_record(null::${table},
             $1::jsonb || jsonb_build_object('id', uuidv7(), 'dag_version_id', $2::text))`,
          [JSON.stringify(row), id],
        );
      }
    }
    await query("commit");
  });

  async function restore(table: string, row: object): Promise<void> {
    await query(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1::jsonb)`, [
      JSON.stringify(row),
    ]);
  }
}

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));
