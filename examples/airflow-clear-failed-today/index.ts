// Runs again, in every DAG, the tasks that failed today.
import { createAirflowClient, taskInstances } from "@org/airflow-client";

const { AIRFLOW_URL = "http://127.0.0.1:8080" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;

const airflow = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const today = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;

const failed = new Map<string, { readonly dagId: string; readonly dagRunId: string }>();
for await (const task of taskInstances.list(airflow, { state: ["failed"], end_date_gte: today })) {
  const run = { dagId: task.dag_id, dagRunId: task.dag_run_id };
  failed.set(JSON.stringify(run), run);
}

for (const { dagId, dagRunId } of failed.values()) {
  const cleared = await taskInstances.clear(airflow, dagId, { dag_run_id: dagRunId, only_failed: true });
  console.log(`${dagId} ${dagRunId}: ${cleared.map(({ task_id }) => task_id).join(", ")}`);
}
console.log(`${failed.size} runs continue`);
