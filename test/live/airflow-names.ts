/** What `dagsync export --with` takes from a real server: names, and no value. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  AirflowError,
  connections,
  createAirflowClient,
  pools,
  taskInstances,
  variables,
  xcoms,
} from "@org/airflow-client";
import { main } from "@org/cli";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { expect } from "vitest";

const canary = "v4lue-of-4-canary";
const name = "named_by_export";

/** @param path the DuckDB file that was synced from the server */
export async function expectNamesOnly(server: AirflowServer, path: string): Promise<void> {
  const { url: baseUrl, username, password } = server;
  const client = createAirflowClient({ url: baseUrl, auth: { username, password } });
  const into = mkdtempSync(join(tmpdir(), "live-names-"));
  try {
    await plant(client);
    let said = "";
    const writer = {
      write(text: string) {
        said += text;
      },
    };
    const kinds = "sources,pools,variables,connections,xcoms";
    const code = await main(
      ["export", "--at", `duckdb:${path}`, "--from", `airflow:${baseUrl}`, "--with", kinds, "--into", into].concat(
        ...["--format", "csv", "--tables", "dags", "--json"],
      ),
      { stdout: writer, stderr: writer, env: { AIRFLOW_USERNAME: username, AIRFLOW_PASSWORD: password } },
    );
    expect([code, said]).toEqual([0, expect.not.stringContaining(canary)]);
    const files = readdirSync(into, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((entry) => {
      const content = readFileSync(join(entry.parentPath, entry.name));
      return entry.name.endsWith(".gz") ? gunzipSync(content).toString() : content.toString();
    });
    expect(texts.join("\n")).not.toContain(canary);
    const listed = said.split("\n").flatMap((line) => (line.includes('"file-written"') ? [JSON.parse(line).file] : []));
    const rows = Object.fromEntries(listed.map(({ table, rows }) => [table, rows]));
    const counted = async (from: string) => Number((await server.query<{ n: string }>(`select ${from}`))[0]?.n);
    expect(rows).toMatchObject({
      airflow_pools: await counted("count(*) as n from slot_pool"),
      airflow_variables: await counted("count(*) as n from variable"),
      airflow_connections: await counted("count(*) as n from connection"),
      airflow_xcoms: (await Array.fromAsync(xcoms.list(client))).length,
      airflow_dag_sources: await counted("count(distinct dag_id) as n from dag_code"),
    });
    for (const table of ["pools", "variables", "connections", "xcoms"]) {
      const at = files.findIndex((entry) => entry.name.startsWith(`airflow_${table}_`));
      expect([table, texts[at]]).toEqual([table, expect.stringContaining(`"${name}"`)]);
    }
  } finally {
    rmSync(into, { recursive: true, force: true });
    await Promise.allSettled([
      pools.delete(client, name),
      variables.delete(client, name),
      connections.delete(client, name),
    ]);
  }
}

async function plant(client: ReturnType<typeof createAirflowClient>): Promise<void> {
  await pools.create(client, { name, slots: 3, description: "", include_deferred: false });
  await variables.set(client, { key: name, value: canary, description: canary });
  const secrets = { host: `${canary}.example.com`, login: canary, password: canary, extra: `{"token":"${canary}"}` };
  await connections.create(client, { connection_id: name, conn_type: "http", description: canary, ...secrets });
  for await (const { dag_id: dagId, dag_run_id: dagRunId, task_id: taskId, map_index } of taskInstances.list(client)) {
    if (map_index !== -1) continue;
    const isThere = await xcoms.create(client, { dagId, dagRunId, taskId, key: name }, canary).then(
      () => true,
      (error) => {
        // A task that its DAG no longer has.
        if (!(error instanceof AirflowError && error.code === "NOT_FOUND")) throw error;
        return false;
      },
    );
    if (isThere) return;
  }
}
