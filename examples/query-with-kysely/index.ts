// Asks PostgreSQL with Kysely which DAGs failed most often. The tables' types come from the package that fills them.
import type { AirflowDag, AirflowDagRun, AirflowTaskInstance } from "@org/sources/airflow";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";

/** What `dagsync sync --to postgres://…` wrote. With a prefix, tables have longer names: `prod_airflow_dags`. */
interface Database {
  airflow_dags: AirflowDag<"postgres">;
  airflow_dag_runs: AirflowDagRun<"postgres">;
  airflow_task_instances: AirflowTaskInstance<"postgres">;
}

const { DATABASE_URL = "postgres://postgres@127.0.0.1:5432/postgres" } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 1 });
await using database = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });

const failures = await database
  .selectFrom("airflow_dag_runs as run")
  .innerJoin("airflow_dags as dag", "dag.dag_id", "run.dag_id")
  .select(["run.dag_id", "dag.owners"])
  .select(({ fn }) => [fn.countAll<string>().as("failed"), fn.max("run.end_date").as("last")])
  .where("run.state", "=", "failed")
  .where("run._deleted_at", "is", null)
  .groupBy(["run.dag_id", "dag.owners"])
  .orderBy("failed", "desc")
  .orderBy("run.dag_id")
  .execute();

for (const { dag_id, owners, failed, last } of failures) {
  // Moments come as dates, counts as text.
  console.log(`${dag_id} (${owners}): ${failed} failed, last on ${last?.toISOString().slice(0, 10)}`);
}
