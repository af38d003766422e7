// Materializes an asset of Dagster, and shows its log until the run has ended.
import { assets, createDagsterClient, runs } from "@org/dagster-client";

const { DAGSTER_URL = "http://127.0.0.1:3000", DAGSTER_TOKEN, ASSET = "orders" } = process.env;

const client = createDagsterClient({ url: DAGSTER_URL, auth: DAGSTER_TOKEN ? { token: DAGSTER_TOKEN } : undefined });
const { runId } = await assets.materialize(client, [ASSET]);

for await (const { level, stepKey, message } of runs.events(client, runId)) {
  if (message !== "") console.log(level, stepKey ?? "-", message);
}
const { status } = await runs.wait(client, runId);
const { latest } = await assets.get(client, ASSET);
console.log(`${ASSET}: ${status}`, assets.metadataOf(latest?.metadataEntries));
process.exitCode = status === "SUCCESS" ? 0 : 1;
