/** Ten Airflow operations as a program would use them, to measure the compiler's work. */
import { type components, createAirflowClient } from "@org/airflow-client";

const airflow = createAirflowClient({ url: "http://localhost:8080" });
const dag = { dag_id: "daily" };
const task = { ...dag, dag_run_id: "one", task_id: "load" };
const all = { dag_id: "~", dag_run_id: "~" } as const;
const runs = "/api/v2/dags/{dag_id}/dagRuns";

export type Run = components["schemas"]["DAGRunResponse"];

export async function use(): Promise<readonly unknown[]> {
  const { dags } = (await airflow.GET("/api/v2/dags", { params: { query: { limit: 10, tags: ["a"] } } })).data;
  const { timezone } = (await airflow.GET("/api/v2/dags/{dag_id}/details", { params: { path: dag } })).data;
  const pause = { params: { path: dag }, body: { is_paused: true } };
  const { is_paused } = (await airflow.PATCH("/api/v2/dags/{dag_id}", pause)).data;
  const { dag_runs } = (await airflow.GET(runs, { params: { path: dag, query: { state: ["failed"] } } })).data;
  const run: Run = (await airflow.POST(runs, { params: { path: dag }, body: { logical_date: null } })).data;
  const { task_instances } = (
    await airflow.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list", {
      params: { path: all },
      body: { dag_ids: ["daily"] },
    })
  ).data;
  const { note } = (
    await airflow.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}", { params: { path: task } })
  ).data;
  const { pools } = (await airflow.GET("/api/v2/pools")).data;
  await airflow.DELETE("/api/v2/variables/{variable_key}", { params: { path: { variable_key: "a" } } });
  const { scheduler } = (await airflow.GET("/api/v2/monitor/health")).data;
  const firsts = [dags[0]?.dag_id, dag_runs[0]?.state, task_instances[0]?.try_number, pools[0]?.slots];
  return [...firsts, timezone, is_paused, run.conf, note, scheduler.status];
}
