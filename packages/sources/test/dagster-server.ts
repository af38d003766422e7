/** A simulated Dagster, a DuckDB file, and syncs from the one into the other. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { type DagsterSimulator, type DagsterVersion, type DagsterWorld, startDagsterSimulator } from "@org/simulators";
import { assetsTable, dagster, runsTable, schedulesTable, sensorsTable } from "@org/sources/dagster";
import { type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import { expect, onTestFinished } from "vitest";

const tables = [runsTable, assetsTable, schedulesTable, sensorsTable];
type Row = Readonly<Record<string, unknown>>;

export interface DagsterFixture {
  readonly server: DagsterSimulator;
  /** Syncs, and says what was asked. */
  sync(options?: Partial<Parameters<typeof sync>[0]>): Promise<SyncResult & { readonly events: readonly SyncEvent[] }>;
  /** The rows of a table that are not deleted. */
  rows(table: string): Promise<readonly Row[]>;
  query(sql: string): Promise<readonly Row[]>;
  /** Compares all four tables with what the world holds. */
  expectTablesAsInWorld(): Promise<void>;
}

/** @param options.pageSize Runs asked for at once. */
export async function startFixture(
  world: DagsterWorld,
  options: { readonly pageSize?: number; readonly overlapMs?: number; readonly version?: DagsterVersion } = {},
): Promise<DagsterFixture> {
  const { overlapMs = 0, version = "1.13.27", ...rest } = options;
  const server = await startDagsterSimulator({ world, version });
  const folder = mkdtempSync(join(tmpdir(), "dagster-sync-"));
  const path = join(folder, "dagster.duckdb");
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const query = (sql: string) => queryDuckdb(path, sql);
  const rows = (table: string) => {
    const [{ columns }] = tables.filter(({ name }) => name === table) as [(typeof tables)[number]];
    return query(`SELECT ${Object.keys(columns).join(", ")} FROM ${table} WHERE _deleted_at IS NULL`);
  };
  return {
    server,
    query,
    rows,
    async sync(overrides = {}) {
      const events: SyncEvent[] = [];
      const source = dagster({ client: createDagsterClient({ url: server.url }), overlapMs, ...rest });
      const requests = { retries: 2, retryWaitMs: 1, retryWaitMaxMs: 2 };
      const onEvent = (event: SyncEvent) => void events.push(event);
      const now = () => world.clock.now();
      return { ...(await sync({ source, destination: duckdb(path), requests, onEvent, now, ...overrides })), events };
    },
    async expectTablesAsInWorld() {
      const expected = world.rows();
      for (const { name, primaryKey } of tables) {
        const byKey = (all: readonly Row[]) => new Map(all.map((row) => [row[primaryKey[0]!], row]));
        expect(byKey(await rows(name)), name).toEqual(byKey(expected[name as keyof typeof expected]));
      }
    },
  };
}

/** What was asked of the server, by the operations' names. */
export function operations(server: DagsterSimulator): string[] {
  return server.requests.map(({ body }) => /query (\w+)/.exec((body as { query: string }).query)?.[1] ?? "?");
}

/** The variables of the first request of an operation. */
export function variablesOf({ server }: Pick<DagsterFixture, "server">, operation: string): object {
  const found = server.requests[operations(server).indexOf(operation)];
  if (!found) throw new Error(`${operation} was not asked.`);
  return (found.body as { variables: object }).variables;
}
