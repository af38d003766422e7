/** A simulated server that is read into a {@link TinyHost}, by the command. */
import { join } from "node:path";
import { main } from "@org/cli";
import {
  type AirflowWorld,
  createClock,
  createDemoAirflowWorld,
  createDemoDagsterWorld,
  type DagsterWorld,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { defaultAirflowTables } from "@org/sources/airflow";
import { defaultDagsterTables } from "@org/sources/dagster";
import { onTestFinished } from "vitest";
import { differences, type PlainRow } from "../compare.ts";
import type { Outcome } from "./serving.ts";
import { configuredCatalog, type Format, TinyHost } from "./tiny-host.ts";

async function command(args: readonly string[]): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const writer = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text;
    },
  });
  const io = { stdout: writer("stdout"), stderr: writer("stderr"), env: {}, requests: { retries: 0 } };
  const code = await main(args, io);
  return { code, ...written };
}

interface Server {
  readonly config: object;
  readonly tables: typeof defaultAirflowTables | typeof defaultDagsterTables;
  readonly simulator: { close(): Promise<void>; readonly clock: { advance(ms: number): void } };
  rows(): Readonly<Record<string, readonly PlainRow[]>>;
}

const servers = {
  async airflow() {
    const world = createDemoAirflowWorld({ seed: 1, dags: 5, days: 3, runsPerDag: 8 });
    const simulator = await startAirflowSimulator({ world });
    const config = { kind: "airflow", url: simulator.url, username: "admin", password: "admin" };
    return { world, simulator, config, tables: defaultAirflowTables, rows: () => world.rows() as never };
  },
  async dagster() {
    const world = createDemoDagsterWorld({ seed: 1, clock: createClock(Date.now()) });
    const simulator = await startDagsterSimulator({ world });
    const config = { kind: "dagster", url: simulator.url };
    return { world, simulator, config, tables: defaultDagsterTables, rows: () => world.rows() as never };
  },
} satisfies Record<string, () => Promise<Server & { world: AirflowWorld | DagsterWorld }>>;

export type HostedKind = keyof typeof servers;
type Started<K extends HostedKind> = Awaited<ReturnType<(typeof servers)[K]>>;

/** Without a store, a host gets no rows of task instances that have not begun. */
const hasBegun = ({ try_number, state }: PlainRow) =>
  try_number !== 0 || ["success", "failed", "skipped", "upstream_failed", "removed"].includes(state as string);

/** Everything goes with the test. */
export async function hosted<K extends HostedKind>(kind: K, format: Format, { withStore = false } = {}) {
  const server = (await servers[kind]()) as Started<K>;
  onTestFinished(() => server.simulator.close());
  const host = new TinyHost(format);
  const config = { ...server.config, ...(withStore && { store: join(host.folder, "store.sqlite") }) };
  const found = await command([
    ...["read", "--format", "airbyte", "discover"],
    ...["--config", host.write("config.json", config)],
  ]);
  const catalog = format === "airbyte" ? configuredCatalog(found.stdout) : undefined;
  return {
    ...server,
    host,
    /** The arguments of the next read. */
    args: () => host.readArgs(config, catalog),
    /** Reads once. @param states how many of its states the host keeps, with the records before them: by default all */
    async read(states?: number) {
      const outcome = await command(host.readArgs(config, catalog));
      return { ...outcome, states: host.keep(outcome.stdout, states) };
    },
    /** What the host has against what the server has. */
    differences(): readonly string[] {
      const expected = server.rows() as Readonly<Record<string, readonly PlainRow[]>>;
      return (server.tables as readonly { name: string; primaryKey: readonly string[] }[]).flatMap(
        ({ name, primaryKey }) => {
          const rows = withStore ? expected[name]! : expected[name]!.filter(hasBegun);
          return differences(rows, host.rows(name), primaryKey).map((line) => `${name}: ${line}`);
        },
      );
    },
  };
}
