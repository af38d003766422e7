/** A small, idle Airflow and Dagster, each behind a proxy that injects faults. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Table } from "@org/destination";
import type { MemoryDestination } from "@org/destination/memory";
import { airflow, defaultAirflowTables } from "@org/sources/airflow";
import { dagster, defaultDagsterTables } from "@org/sources/dagster";
import type { RequestOptions, Source } from "@org/sync-engine";
import { sync } from "@org/sync-engine";
import { differences, type PlainRow } from "@org/testkit/compare";
import { startAirflow } from "@org/testkit/servers/airflow";
import { airflowTruth } from "@org/testkit/servers/airflow-truth";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { type FaultProxy, type ProxiedRequest, startFaultProxy } from "@org/testkit/servers/fault-proxy";
import { sharedDagster } from "@org/testkit/servers/shared-dagster";
import { expect } from "vitest";
import { log } from "./live.ts";

/** So wide that every window contains everything. With small pages, a sync then walks each kind of listing. */
const overlapMs = 10 * 365 * 24 * 60 * 60 * 1000;

/** Attempts share one login. If it gets no response, they wait for this long. */
const timeoutMs = 10_000;

/** The kinds of requests that a sync sends. */
export type Places = Readonly<Record<string, (request: ProxiedRequest) => boolean>>;

export interface NetworkServer {
  readonly proxy: FaultProxy;
  readonly places: Places;
  /** A source for this URL with the server's credentials. @default the proxy's URL */
  source(url?: string): Source;
  /** How many runs or task instances a request asks for. Undefined if none. */
  wanted(request: ProxiedRequest): number | undefined;
  /** The server's signing key. Undefined if it has no tokens. */
  readonly jwtSecret?: string;
  expectTruth(destination: MemoryDestination): void;
  /** Fails if a row differs from the server's. After a failed sync, rows may be missing, but none may be wrong. */
  expectNothingInvented(destination: MemoryDestination): void;
  stop(): Promise<void>;
}

const quick: RequestOptions = { retries: 8, retryWaitMs: 1, retryWaitMaxMs: 5, attemptMs: 60_000, totalMs: 240_000 };

/** Syncs once, retrying without waits. */
export function syncOnce(source: Source, destination: MemoryDestination, requests: RequestOptions = {}) {
  return sync({ source, destination, requests: { ...quick, ...requests } });
}

export async function startNetworkAirflow(): Promise<NetworkServer> {
  const server = await startAirflow({ log, env: { AIRFLOW__API__MAXIMUM_PAGE_LIMIT: "20" } });
  log(`seeded: ${JSON.stringify(await seedAirflow(server, { dags: 10, runsPerDag: 3 }))}`);
  const truth = await airflowTruth(server);
  const proxy = await startFaultProxy(server.url);
  const { username, password, jwtSecret } = server;
  const path = (end: string, method?: string) => (request: ProxiedRequest) =>
    request.path.endsWith(end) && (method === undefined || request.method === method);
  return {
    proxy,
    jwtSecret,
    places: {
      login: path("/auth/token"),
      dags: path("/api/v2/dags"),
      "counts of runs": path("/dagStats"),
      runs: path("/dagRuns/list"),
      "changed runs": path("/dagRuns"),
      "task instances": path("/taskInstances/list"),
      "changed task instances": path("/dagRuns/~/taskInstances"),
      attempts: path("/tries"),
      events: path("/eventLogs"),
      "details of a DAG": path("/details"),
    },
    source: (url = proxy.url) =>
      airflow({
        client: createAirflowClient({ url: url, auth: { username, password }, timeoutMs }),
        overlapMs,
        runsPerAnswer: 12,
      }),
    wanted({ path, query, text }) {
      if (!path.includes("/dagRuns")) return undefined;
      const { page_limit: limit } = text.startsWith("{") ? (JSON.parse(text) as { page_limit?: number }) : {};
      return limit ?? (query.has("limit") ? Number(query.get("limit")) : undefined);
    },
    ...comparison(defaultAirflowTables, truth, isReachable),
    async stop() {
      await proxy.close();
      await server.stop();
    },
  };
}

export async function startNetworkDagster(): Promise<NetworkServer> {
  const server = await sharedDagster();
  const proxy = await startFaultProxy(server.url);
  const operation = (name: string) => (request: ProxiedRequest) => request.text.includes(`query ${name}`);
  return {
    proxy,
    places: {
      definitions: operation("Definitions"),
      runs: operation("RunsPage"),
      "changed runs": operation("RunChanges"),
      "assets by key": operation("EventAssets"),
    },
    source: (url = proxy.url) =>
      dagster({ client: createDagsterClient({ url, auth: { token: "canary-token" } }), overlapMs, pageSize: 250 }),
    wanted({ text }) {
      const { variables = {} } = JSON.parse(text) as { variables?: { limit?: number; pageSize?: number } };
      return variables.limit ?? variables.pageSize;
    },
    ...comparison(defaultDagsterTables, server.truth, () => true),
    stop: () => proxy.close(),
  };
}

/** The API's URLs cannot contain a slash, so no client can read the earlier attempts of such runs. */
function isReachable(row: PlainRow): boolean {
  return row.is_latest !== false || !String(row.dag_run_id).includes("/");
}

function comparison(tables: readonly Table[], truth: object, isCompared: (row: PlainRow) => boolean) {
  const rowsOf = (destination: MemoryDestination, table: Table): readonly PlainRow[] =>
    destination.rows(table.name).filter((row) => row._deleted_at === null && isCompared(row));
  const expectedOf = ({ name }: Table) => (truth as Record<string, readonly PlainRow[]>)[name]!.filter(isCompared);
  return {
    expectTruth(destination: MemoryDestination) {
      for (const table of tables) {
        const found = differences(expectedOf(table), rowsOf(destination, table), table.primaryKey);
        expect(found, table.name).toEqual([]);
      }
    },
    expectNothingInvented(destination: MemoryDestination) {
      for (const table of tables) {
        const rows = rowsOf(destination, table);
        const keyOf = (row: PlainRow) => JSON.stringify(table.primaryKey.map((name) => row[name]));
        const held = new Set(rows.map(keyOf));
        const expected = expectedOf(table).filter((row) => held.has(keyOf(row)));
        expect(differences(expected, rows, table.primaryKey), table.name).toEqual([]);
      }
    },
  };
}
