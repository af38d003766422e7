/**
 * What a good engineer writes in an afternoon with the client: all runs, all task instances, and the tries of those that
 * were tried again, eight at once, into a DuckDB file. Without resuming, changes, deletions or retries.
 */
import { writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { createAirflowClient, paginate } from "@org/airflow-client";
import { type CheckedRow, type Contender, pathOf } from "./contender.ts";

const AT_ONCE = 8;

export const loop: Contender = {
  async copy(target) {
    const { url, username, password } = target;
    let requests = 0;
    const counted: typeof fetch = (input, init) => {
      requests += 1;
      return fetch(input, init);
    };
    const client = createAirflowClient({ url, auth: { username, password }, fetch: counted });
    const runs: object[] = [];
    const runPages = paginate(client, "/api/v2/dags/{dag_id}/dagRuns", { params: { path: { dag_id: "~" } } });
    for await (const { items } of runPages) runs.push(...items);
    const attempts: object[] = [];
    const again: { dag_id: string; dag_run_id: string; task_id: string; map_index: number; try_number: number }[] = [];
    const pages = paginate(client, "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
      params: { path: { dag_id: "~", dag_run_id: "~" } },
    });
    for await (const { items } of pages) {
      attempts.push(...items);
      again.push(...items.filter((task) => task.try_number > 1));
    }
    const work = again.values();
    const worker = async () => {
      for (const { dag_id, dag_run_id, task_id, map_index, try_number } of work) {
        const path = { dag_id, dag_run_id, task_id };
        const template = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries";
        const { data } = await client
          .GET(template, { params: { path, query: { map_index } } })
          .catch(() => ({ data: undefined }));
        attempts.push(...(data?.task_instances ?? []).filter((each) => each.try_number < try_number));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const instance = await DuckDBInstance.create(pathOf(target, "loop.duckdb"));
    const connection = await instance.connect();
    for (const [table, rows] of Object.entries({ runs, attempts })) {
      const file = pathOf(target, `${table}.ndjson`);
      writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
      await connection.run(`create table ${table} as from read_json('${file}', sample_size = -1)`);
    }
    connection.closeSync();
    instance.closeSync();
    return requests;
  },
  async stored(target) {
    const connection = await (await DuckDBInstance.create(pathOf(target, "loop.duckdb"))).connect();
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown as CheckedRow[];
    return {
      runs: await rows("select dag_id, dag_run_id, state from runs"),
      attempts: await rows("select dag_id, dag_run_id, task_id, map_index::int, try_number::int, state from attempts"),
    };
  },
};
