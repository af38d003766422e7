import { DuckDBInstance } from "@duckdb/node-api";
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type SyncEvent, sync } from "@org/sync-engine";
import { type CheckedRow, type Contender, pathOf, type Target, writeJson } from "./contender.ts";

/** A request as the ceiling repeats it. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
  /** The limit of concurrent requests when it was sent. */
  readonly limit: number;
}

const file = (target: Target) => pathOf(target, "ours.duckdb");
const DAYS_MS = 7 * 24 * 60 * 60 * 1000;

/** A first sync into DuckDB, with its defaults. */
export const ours: Contender = {
  async copy(target) {
    const { url, username, password } = target;
    const sent: SentRequest[] = [];
    let limit = 2;
    let recentMs: number | null = null;
    const begun = performance.now();
    const since = new Date(Date.now() - DAYS_MS).toISOString();
    const onEvent = (event: SyncEvent) => {
      if (event.type === "concurrency-changed") limit = event.to;
      const isRecent = event.type === "progress" && event.stream === "task_instances" && (event.backTo ?? "~") <= since;
      if (isRecent) recentMs ??= performance.now() - begun;
    };
    const record: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith("/auth")) {
        const body = request.method === "GET" ? null : await request.clone().text();
        sent.push({ method: request.method, path: pathname + search, body, limit });
      }
      return fetch(request);
    };
    const client = createAirflowClient({ url, auth: { username, password }, fetch: record });
    const streams = ["dags", "dag_runs", "task_instances"];
    const { requests } = await sync({
      source: airflow({ client }),
      destination: duckdb(file(target)),
      streams,
      onEvent,
    });
    writeJson(target, "sent.json", { sent, recentMs: recentMs ?? performance.now() - begun });
    return requests;
  },
  async stored(target) {
    const instance = await DuckDBInstance.create(file(target), { access_mode: "READ_ONLY" });
    const connection = await instance.connect();
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown as CheckedRow[];
    return {
      runs: await rows("select dag_id, dag_run_id, state from airflow_dag_runs"),
      attempts: await rows(
        `select dag_id, dag_run_id, task_id, map_index::int, try_number::int, state from airflow_task_instances`,
      ),
    };
  },
};
