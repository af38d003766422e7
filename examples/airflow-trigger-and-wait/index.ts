// Starts a run of a DAG, waits for its end, and shows what the logs of the tasks that failed call errors.
import { createAirflowClient, dagRuns, taskInstances } from "@org/airflow-client";

const { AIRFLOW_URL = "http://127.0.0.1:8080", AIRFLOW_CONF = "{}" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;
const [dagId = "daily"] = process.argv.slice(2);

const airflow = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const { dag_run_id: dagRunId } = await dagRuns.trigger(airflow, dagId, { conf: JSON.parse(AIRFLOW_CONF) });
console.log(`${dagRunId} of ${dagId} has begun`);

const { state } = await dagRuns.wait(airflow, { dagId, dagRunId }, { deadlineMs: 3_600_000 });
console.log(`It ended: ${state}`);

for await (const task of taskInstances.list(airflow, { run: { dagId, dagRunId }, state: ["failed"] })) {
  const lines = await Array.fromAsync(taskInstances.logs(airflow, task, { follow: false }));
  console.log(`${task.task_id}, try ${task.try_number}:`);
  for (const { event, error_detail = [] } of lines.filter(({ level }) => level === "error")) {
    console.log(`  ${event}`);
    for (const { exc_type, exc_value } of error_detail) console.log(`  ${exc_type}: ${exc_value}`);
  }
}
process.exitCode = state === "success" ? 0 : 1;
