/** The hosts themselves read real servers through the command, and have the rows of our own DuckDB destination. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { type Source, sync } from "@org/sync-engine";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import {
  type AirbyteRead,
  askAirbyte,
  checkTap,
  hostEnvironment,
  hostFolder,
  meltanoProject,
} from "@org/testkit/hosts/hosts";
import { expect, test } from "vitest";
import { log } from "./live.ts";

export interface HostSetting {
  readonly tables: readonly Table[];
  config(): Readonly<Record<string, string>>;
  source(): Source;
  /** Changes the server between two reads. */
  change?(): Promise<unknown>;
}

/** What a server's tables are like in our own DuckDB destination. */
async function expected({ tables, source }: HostSetting): Promise<(table: Table) => readonly PlainRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "ours-"));
  try {
    const path = join(folder, "ours.duckdb");
    await sync({ source: source(), destination: duckdb(path) });
    const rows = new Map<string, readonly PlainRow[]>();
    for (const table of tables) rows.set(table.name, await readTable(path, table));
    return ({ name }) => rows.get(name)!;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One test of each host: a library, a program, and what checks the messages of each protocol. */
export function testHosts(setting: HostSetting): void {
  const { tables, config, change } = setting;

  test("PyAirbyte checks, discovers, reads, and reads on from its state", { timeout: 600_000 }, async () => {
    const { folder, executable } = hostFolder("airbyte");
    const request = { do: "read", executable, database: join(folder, "cache.duckdb") };
    const read = () =>
      askAirbyte<AirbyteRead>(folder, { ...request, config: { ...config(), store: join(folder, "s.sqlite") } }, log);
    const first = await read();
    let ours = await expected(setting);
    expect(tables.flatMap((table) => compare(table, ours(table), first.tables[table.name]!))).toEqual([]);
    await change?.();
    const second = await read();
    ours = await expected(setting);
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
    const all = await expected(setting);
    const ours = (table: Table) => all(table).filter(hasBegun);
    const loaded = () => tables.map(({ name }) => project.lines(name).length).reduce((sum, each) => sum + each, 0);
    expect(tables.flatMap((table) => compare(table, ours(table), newest(table, project.lines(table.name))))).toEqual(
      [],
    );
    const before = loaded();
    await project.runOnce();
    expect(loaded() - before).toBeLessThan(before / 2);
  });
}

/** The loader into DuckDB, without the tables that it cannot hold. */
export function testDuckdbLoader(setting: HostSetting, notInDuckdb: readonly Table[]): void {
  const { tables, config } = setting;

  test("Meltano loads a DuckDB file, and loads on", { timeout: 600_000 }, async () => {
    const left = tables.filter((table) => !notInDuckdb.includes(table));
    const project = await meltanoProject({ ...hostFolder("singer"), config: config() }, "target-duckdb", log, left);
    await project.runOnce();
    await project.runOnce();
    const ours = await expected(setting);
    for (const table of left) {
      const rows = ours(table).map((row) => withoutEmpty(row));
      expect(compare(table, rows, (await project.rows(table.name)).map(withoutEmpty))).toEqual([]);
    }
  });
}

/** Without a store, task instances have rows once they begin. Rows of other tables have no tries. */
export function hasBegun({ try_number: number, state }: PlainRow): boolean {
  return number !== 0 || ![null, "scheduled", "queued"].includes(state as string);
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
