/**
 * What a good engineer writes in an afternoon with the client: all runs, all task instances, and the tries of those that
 * were tried again, eight at once, into a DuckDB file. Without resuming, changes, deletions or retries.
 */
import { createAirflowClient, paginate } from "@org/airflow-client";
import { type Contender, readDuckdb, writeDuckdb } from "../contender.ts";
import { countedFetch } from "../measure.ts";
import type { AirflowTarget } from "./target.ts";

const AT_ONCE = 8;

export const loop: Contender<AirflowTarget> = {
  async copy(target) {
    const { url, username, password } = target;
    const counted = countedFetch();
    const client = createAirflowClient({ url, auth: { username, password }, fetch: counted.fetch });
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
    await writeDuckdb(target, "loop", { runs, attempts });
    return { requests: counted.requests() };
  },
  stored: (target) =>
    readDuckdb(target, "loop", {
      runs: "select dag_id, dag_run_id, state from runs",
      attempts: "select dag_id, dag_run_id, task_id, map_index::int, try_number::int, state from attempts",
    }),
};
