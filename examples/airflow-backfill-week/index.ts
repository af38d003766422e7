// Runs a DAG for each date of the last seven days that it has not run for, and waits until all of them are done.
import { backfills, createAirflowClient, dagRuns } from "@org/airflow-client";

const { AIRFLOW_URL = "http://127.0.0.1:8080" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;
const [dagId = "daily"] = process.argv.slice(2);

const airflow = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const day = 86_400_000;
const today = Math.floor(Date.now() / day) * day;
const week = {
  dag_id: dagId,
  from_date: new Date(today - 7 * day).toISOString(),
  to_date: new Date(today - day).toISOString(),
};

const dates = await backfills.dryRun(airflow, week);
console.log(`${dates.length} dates to run for`);
if (dates.length > 0) {
  const { id } = await backfills.create(airflow, { ...week, max_active_runs: 2 });
  await backfills.wait(airflow, id, { deadlineMs: 3_600_000 });
}

for await (const run of dagRuns.list(airflow, { dagId, logical_date_gte: week.from_date, run_type: ["backfill"] })) {
  console.log(`${run.logical_date?.slice(0, 10)} ${run.state}`);
}
