import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowClientOptions, createAirflowClient } from "@org/airflow-client";
import type { Destination, Table } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { duckdb } from "@org/destination/duckdb";
import { createMemory, memoryDestination } from "@org/destination/memory";
import {
  type AirflowSimulatorOptions,
  type AirflowWorld,
  createDemoAirflowWorld,
  startAirflowSimulator,
} from "@org/simulators/internal";
import { type AirflowOptions, airflow, defaultAirflowTables } from "@org/sources/airflow";
import { type SyncEvent, type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import { violation } from "@org/testkit/airflow-specification";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import { type Lie, startLyingFront } from "@org/testkit/lying-front";
import { onTestFinished } from "vitest";

export interface AirflowSyncOptions {
  readonly world?: AirflowWorld;
  /** @default its responses are validated against the specification */
  readonly simulator?: Omit<AirflowSimulatorOptions, "world"> & { readonly validate?: boolean };
  readonly source?: Omit<AirflowOptions, "client">;
  readonly client?: Partial<AirflowClientOptions>;
  /** Syncs into a DuckDB file instead of memory, which is many times slower. @default false */
  readonly inFile?: boolean;
  /** Sends requests through a lying proxy. @default no proxy */
  readonly lie?: Lie;
}

/** A small company's Airflow: some of everything, and fast. */
const smallWorld = (seed = 1) => createDemoAirflowWorld({ seed, dags: 8, days: 4, runsPerDag: 12 });

/** A simulated Airflow, a destination, and syncs between them. Everything is removed when the test ends. */
export async function setUp({ world = smallWorld(), inFile = false, lie, ...options }: AirflowSyncOptions = {}) {
  const simulator = await startAirflowSimulator({
    world,
    ...options.simulator,
    validate: options.simulator?.validate === false ? undefined : violation,
  });
  const folder = mkdtempSync(join(tmpdir(), "airflow-sync-"));
  const path = join(folder, "airflow.duckdb");
  onTestFinished(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const front = lie && (await startLyingFront(simulator.url, lie));
  const auth = { username: "admin", password: "admin" };
  const client = createAirflowClient({ url: front?.url ?? simulator.url, auth, ...options.client });
  const source = airflow({ client, ...options.source });
  const held = createMemory();
  const memory = memoryDestination(held);
  const destination = (): Destination => (inFile ? duckdb(path) : memory);
  /** The rows of a table that are not deleted. */
  const rows = async (table: Table): Promise<readonly PlainRow[]> =>
    inFile ? readTable(path, table) : memory.rows(table.name).filter((row) => row._deleted_at === null);

  return {
    simulator,
    front: front!,
    world,
    source,
    /** Syncs once. The server's clock stands still unless the test advances it. */
    async syncNow(options: Partial<SyncOptions> = {}): Promise<SyncResult & { readonly events: readonly SyncEvent[] }> {
      const events: SyncEvent[] = [];
      const requests = { retryWaitMs: 1, retryWaitMaxMs: 5, retries: 3 };
      const onEvent = (event: SyncEvent) => events.push(event);
      const now = () => simulator.clock.now();
      const result = await sync({ source, destination: destination(), requests, onEvent, now, ...(options as object) });
      return { ...result, events };
    },
    /** The differences between the tables and the server. Empty if correct. */
    async differences(): Promise<string[]> {
      const expected = world.rows();
      const found: string[] = [];
      for (const table of defaultAirflowTables) {
        const expectedRows = expected[table.name as keyof typeof expected];
        found.push(...differences(expectedRows, await rows(table), table.primaryKey));
      }
      return found;
    },
    /** Changes the stored states. */
    changeStates(change: (data: Record<string, unknown>) => void): void {
      for (const states of held.states.values()) {
        for (const [stream, state] of states) {
          const value = JSON.parse(state.json) as { data: Record<string, unknown> };
          change(value.data);
          states.set(stream, { ...state, json: JSON.stringify(value) });
        }
      }
    },
    /** The path of the tables' file, if syncing into a file. */
    path,
    rows,
    destination,
  };
}

/** A destination whose sessions fail at their nth commit, before or after it is durable. */
export function failing(destination: Destination, nth: number, when: "before" | "after"): Destination {
  return wrapSession(destination, (session) => {
    let commits = 0;
    return {
      async commit(stream, batch) {
        commits += 1;
        if (commits === nth && when === "before") throw new Error("the lights went out");
        const result = await session.commit(stream, batch);
        if (commits === nth) throw new Error("the lights went out");
        return result;
      },
    };
  });
}
