/** The hosts themselves read real servers through the command, and have the rows of a sync of ours. */

import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Table } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import { startAirflowSimulator } from "@org/simulators/internal";
import { airflow, airflowTables, taskInstancesTable } from "@org/sources/airflow";
import { dagster, dagsterTables } from "@org/sources/dagster";
import { type Source, sync } from "@org/sync-engine";
import { differences, type PlainRow } from "@org/testkit/compare";
import {
  type AirbyteRead,
  askAirbyte,
  checkTap,
  hostEnvironment,
  hostFolder,
  meltanoProject,
  versions,
} from "@org/testkit/hosts/hosts";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { mutateAirflow, seedAirflow } from "@org/testkit/servers/airflow-world";
import { type DagsterServer, startDagster } from "@org/testkit/servers/dagster";
import { mutateDagster, seedDagster } from "@org/testkit/servers/dagster-world";
import { ensureVenv } from "@org/testkit/servers/python";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { describeLive, log } from "../live/live.ts";

describeLive("hosts that read a real Airflow", () => {
  let server: AirflowServer;
  beforeAll(async () => {
    server = await startAirflow({ log });
    await seedAirflow(server, { runsPerDag: 20 });
  }, 600_000);
  afterAll(() => server?.stop());
  testHosts({
    tables: airflowTables,
    config: () => ({ kind: "airflow", url: server.url, username: server.username, password: server.password }),
    source: () => airflow({ client: createAirflowClient({ url: server.url, auth: server }) }) as Source,
    change: () => mutateAirflow(server, 1),
    // It takes an empty text for null, which the key of a task instance outside of loops cannot be.
    notInDuckdb: [taskInstancesTable],
  });
});

describeLive("hosts that read a real Dagster", () => {
  let server: DagsterServer;
  beforeAll(async () => {
    server = await startDagster({ log });
    await seedDagster(server, { runs: 600 });
  }, 600_000);
  afterAll(() => server?.stop());
  testHosts({
    tables: dagsterTables,
    config: () => ({ kind: "dagster", url: server.url }),
    source: () => dagster({ client: createDagsterClient({ url: server.url }) }) as Source,
    change: () => mutateDagster(server, 1),
    notInDuckdb: [],
  });
});

describeLive("the example of PyAirbyte", () => {
  test("reads all tables of an Airflow", { timeout: 600_000 }, async () => {
    const simulator = await startAirflowSimulator();
    onTestFinished(() => simulator.close());
    const { folder } = hostFolder("airbyte");
    const { python } = await ensureVenv({ name: `airbyte-${versions.airbyte}`, log });
    const script = fileURLToPath(new URL("../../examples/airbyte/read.py", import.meta.url));
    const env = {
      ...hostEnvironment(folder),
      ...{ AIRFLOW_URL: simulator.url, AIRFLOW_TOKEN: simulator.tokens.issue() },
    };
    const { stdout } = await promisify(execFile)(python, [script], { cwd: folder, env, maxBuffer: 1e9 });
    // Without a store, task instances have rows once they begin.
    const hasBegun = ({ try_number: number, state }: PlainRow) =>
      number !== 0 || ![null, "scheduled", "queued"].includes(state as string);
    const rows = Object.entries(simulator.world.rows() as unknown as Record<string, PlainRow[]>).map(
      ([name, all]) => `${name}: ${all.filter(hasBegun).length} rows`,
    );
    expect(stdout.trim().split("\n").slice(-3).sort()).toEqual(rows.sort());
  });
});

interface Setting {
  readonly tables: readonly Table[];
  config(): Readonly<Record<string, string>>;
  source(): Source;
  change(): Promise<unknown>;
  readonly notInDuckdb: readonly Table[];
}

function testHosts({ tables, config, source, change, notInDuckdb }: Setting): void {
  /** The rows that a sync of ours stores. */
  async function expected(): Promise<(table: Table) => readonly PlainRow[]> {
    const memory = memoryDestination();
    await sync({ source: source(), destination: memory });
    return ({ name }) => memory.rows(name).filter(({ _deleted_at }) => _deleted_at === null) as never;
  }

  test("PyAirbyte checks, discovers, reads, and reads on from its state", { timeout: 600_000 }, async () => {
    const { folder, executable } = hostFolder("airbyte");
    const request = { do: "read", executable, database: join(folder, "cache.duckdb") };
    const read = () =>
      askAirbyte<AirbyteRead>(folder, { ...request, config: { ...config(), store: join(folder, "s.sqlite") } }, log);
    const first = await read();
    let ours = await expected();
    expect(tables.flatMap((table) => compare(table, ours(table), first.tables[table.name]!))).toEqual([]);
    await change();
    const second = await read();
    ours = await expected();
    expect(tables.flatMap((table) => compare(table, ours(table), second.tables[table.name]!))).toEqual([]);
    expect(second.processed).toBeLessThan(first.processed);
  });

  test("the connector kit's checks find nothing in the specification, the catalog and the messages", async () => {
    const { folder, executable } = hostFolder("airbyte");
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(config()));
    const ask = (...args: string[]) =>
      execFileSync(executable, args, { encoding: "utf8", env: hostEnvironment(folder) })
        .trim()
        .split("\n");
    const lines = [...ask("spec"), ...ask("check", "--config", file), ...ask("discover", "--config", file)];
    const found = await askAirbyte<object>(folder, { do: "lint", lines, config: config() }, log);
    expect(found).toMatchObject({ spec: [], catalog: [] });
  });

  test("singer-check-tap finds nothing, and hands the state back", async () => {
    const host = hostFolder("singer");
    const file = join(host.folder, "config.json");
    writeFileSync(file, JSON.stringify(config()));
    const reports = await checkTap(host, file, log);
    expect(reports).toEqual([expect.stringContaining("is valid"), expect.stringContaining("is valid")]);
  });

  test("Meltano loads JSON lines, and hands the state back", { timeout: 600_000 }, async () => {
    const project = await meltanoProject({ ...hostFolder("singer"), config: config() }, "target-jsonl", log);
    await project.runOnce();
    const ours = await expected();
    const loaded = () => tables.map(({ name }) => project.lines(name).length).reduce((sum, each) => sum + each, 0);
    expect(tables.flatMap((table) => compare(table, ours(table), newest(table, project.lines(table.name))))).toEqual(
      [],
    );
    const before = loaded();
    await project.runOnce();
    expect(loaded() - before).toBeLessThan(before / 2);
  });

  test("Meltano loads a DuckDB file, and loads on", { timeout: 600_000 }, async () => {
    const left = tables.filter((table) => !notInDuckdb.includes(table));
    const project = await meltanoProject({ ...hostFolder("singer"), config: config() }, "target-duckdb", log, left);
    await project.runOnce();
    await project.runOnce();
    const ours = await expected();
    for (const table of left) {
      const rows = ours(table).map((row) => withoutEmpty(row));
      expect(compare(table, rows, (await project.rows(table.name)).map(withoutEmpty))).toEqual([]);
    }
  });
}

/** target-duckdb takes an empty text for null. */
function withoutEmpty(row: PlainRow): PlainRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === "" ? null : value]));
}

/** The last version of each row. */
function newest({ primaryKey }: Table, rows: readonly PlainRow[]): readonly PlainRow[] {
  const keyOf = (row: PlainRow) => JSON.stringify(primaryKey.map((name) => row[name]));
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()].filter(({ _deleted_at }) => _deleted_at === null);
}

/** Differences between our rows and a host's, whose JSON is text. Task instances that have not begun are no host's. */
function compare(table: Table, ours: readonly PlainRow[], found: readonly PlainRow[]): readonly string[] {
  const own = (row: PlainRow) =>
    Object.fromEntries(
      Object.entries(table.columns).map(([name, { type }]) => {
        const value = row[name] ?? null;
        return [name, type === "json" && typeof value === "string" ? JSON.parse(value) : value];
      }),
    );
  return differences(ours.map(own), found.map(own), table.primaryKey).map((line) => `${table.name}: ${line}`);
}
