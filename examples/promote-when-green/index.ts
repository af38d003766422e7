// Tries a release with a DAG of Airflow and a job of Dagster at the same time; where both succeed, it is the one to use.
import { createAirflowClient, dagRuns, variables } from "@org/airflow-client";
import { createDagsterClient, runs } from "@org/dagster-client";

const { AIRFLOW_URL = "http://127.0.0.1:8080", DAGSTER_URL = "http://127.0.0.1:3000", DAGSTER_TOKEN } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;
const [release = "dev", dagId = "daily", job = "etl"] = process.argv.slice(2);

const airflow = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const dagster = createDagsterClient({ url: DAGSTER_URL, auth: DAGSTER_TOKEN ? { token: DAGSTER_TOKEN } : undefined });

const { dag_run_id: dagRunId } = await dagRuns.trigger(airflow, dagId, { conf: { release } });
const { runId } = await runs.launch(dagster, { job, tags: { release } });

const deadlineMs = 3_600_000;
const [{ state }, { status }] = await Promise.all([
  dagRuns.wait(airflow, { dagId, dagRunId }, { deadlineMs }),
  runs.wait(dagster, runId, { deadlineMs }),
]);
console.log(`Airflow's ${dagId}: ${state}, Dagster's ${job}: ${status}`);

const isGreen = state === "success" && status === "SUCCESS";
if (isGreen) await variables.set(airflow, { key: "release", value: release });
console.log(isGreen ? `${release} is promoted` : `${release} is not promoted`);
process.exitCode = isGreen ? 0 : 1;
