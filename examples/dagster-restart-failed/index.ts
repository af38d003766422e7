// Restarts the Dagster runs that failed today, each from where it failed, and none of them twice.
import { createDagsterClient, runs } from "@org/dagster-client";

const { DAGSTER_URL = "http://127.0.0.1:3000", DAGSTER_TOKEN, JOB: job } = process.env;

const client = createDagsterClient({ url: DAGSTER_URL, auth: DAGSTER_TOKEN ? { token: DAGSTER_TOKEN } : undefined });
const midnight = new Date().setHours(0, 0, 0, 0) / 1000;
const restarted = new Set<string | null>();

// The newest first: a run that was restarted comes after the one that restarted it.
for await (const { runId, jobName, status, parentRunId, tags } of runs.list(client, { job, createdAfter: midnight })) {
  restarted.add(parentRunId);
  const byDagster = tags.some(({ key, value }) => key === "dagster/will_retry" && value === "true");
  if (status !== "FAILURE" || restarted.has(runId) || byDagster) continue;
  const again = await runs.reexecute(client, runId);
  console.log(`${jobName}: ${runId} continues as ${again.runId}`);
}
