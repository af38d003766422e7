// Copies variables and connections from one Airflow to another. Passwords stay behind: no server gives them back.
import { AirflowError, connections, createAirflowClient, variables } from "@org/airflow-client";

const { AIRFLOW_URL = "http://127.0.0.1:8080", AIRFLOW_TARGET_URL = "http://127.0.0.1:8081" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;

const from = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const to = createAirflowClient({ url: AIRFLOW_TARGET_URL, auth: { username, password } });

for await (const { key, value, description } of variables.list(from)) {
  // Values whose key speaks of a secret come as ***.
  if (value == null || value.includes("***")) console.log(`variable ${key}: its value is hidden, set it by hand`);
  else await variables.set(to, { key, value, description });
}

for await (const connection of connections.list(from)) {
  const { connection_id, conn_type, description, host, login, port, schema, extra, password } = connection;
  const copy = { connection_id, conn_type, description, host, login, port, schema };
  const open = { ...copy, ...(extra?.includes("***") ? {} : { extra }) };
  try {
    await connections.create(to, open);
  } catch (error) {
    if (!(error instanceof AirflowError && error.code === "CONFLICT")) throw error;
    await connections.update(to, open);
  }
  if (password || extra?.includes("***")) console.log(`connection ${connection_id}: set its secrets by hand`);
}
console.log("Copied.");
