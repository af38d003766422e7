/** A simulated Dagster, tables in memory, and syncs between them. */
import { createDagsterClient } from "@org/dagster-client";
import { createMemory, type MemoryDestination, memoryDestination } from "@org/destination/memory";
import {
  type DagsterSimulator,
  type DagsterVersion,
  type DagsterWorld,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { dagster, defaultDagsterTables } from "@org/sources/dagster";
import { type SyncEvent, type SyncResult, sync } from "@org/sync-engine";
import { differences, type PlainRow } from "@org/testkit/compare";
import { type Lie, type LyingFront, startLyingFront } from "@org/testkit/lying-front";
import { expect, onTestFinished } from "vitest";

const tables = defaultDagsterTables;

export interface DagsterFixture {
  readonly server: DagsterSimulator;
  readonly front: LyingFront;
  readonly destination: MemoryDestination;
  /** Syncs. @returns its requests */
  sync(options?: Partial<Parameters<typeof sync>[0]>): Promise<SyncResult & { readonly events: readonly SyncEvent[] }>;
  /** The rows of a table that are not deleted. */
  rows(table: string): readonly PlainRow[];
  /** Those that are marked as deleted. */
  deleted(table: string): readonly PlainRow[];
  /** A stream's state, as text. */
  state(stream: string): string | undefined;
  /** Compares all four tables with the world. */
  expectTablesAsInWorld(): void;
}

/**
 * @param options.pageSize Runs per request.
 * @param options.lie Sends requests through a lying proxy.
 */
export async function startFixture(
  world: DagsterWorld,
  options: {
    readonly pageSize?: number;
    readonly overlapMs?: number;
    readonly version?: DagsterVersion;
    readonly lie?: Lie;
    readonly maxResponseBytes?: number;
  } = {},
): Promise<DagsterFixture> {
  const { overlapMs = 0, version = "1.13.27", lie, maxResponseBytes, ...rest } = options;
  const server = await startDagsterSimulator({ world, version });
  onTestFinished(() => server.close());
  const front = lie && (await startLyingFront(server.url.replace(/\/graphql$/, ""), lie));
  const memory = createMemory();
  const destination = memoryDestination(memory);
  const rows = (table: string) => destination.rows(table).filter((row) => row._deleted_at === null);
  return {
    server,
    front: front!,
    destination,
    rows,
    deleted: (table) => destination.rows(table).filter((row) => row._deleted_at !== null),
    state: (stream) => [...memory.states.values()].map((states) => states.get(stream)?.json)[0],
    async sync(overrides = {}) {
      const events: SyncEvent[] = [];
      const client = createDagsterClient({ url: front?.url ?? server.url, maxResponseBytes });
      const source = dagster({ client, overlapMs, ...rest });
      const requests = { retries: 2, retryWaitMs: 1, retryWaitMaxMs: 2 };
      const onEvent = (event: SyncEvent) => void events.push(event);
      const now = () => world.clock.now();
      return { ...(await sync({ source, destination, requests, onEvent, now, ...overrides })), events };
    },
    expectTablesAsInWorld() {
      const expected = world.rows();
      for (const { name, primaryKey } of tables) {
        expect(differences(expected[name as keyof typeof expected], rows(name), primaryKey), name).toEqual([]);
      }
    },
  };
}

/** The requests sent to the server, by operation name. */
export function operations(server: DagsterSimulator): string[] {
  return server.requests.map(({ body }) => /query (\w+)/.exec((body as { query: string }).query)?.[1] ?? "?");
}

/** The variables of the first request of an operation. */
export function variablesOf({ server }: Pick<DagsterFixture, "server">, operation: string): object {
  const found = server.requests[operations(server).indexOf(operation)];
  if (!found) throw new Error(`${operation} was not asked.`);
  return (found.body as { variables: object }).variables;
}
