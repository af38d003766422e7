/** Compares an unlocked DuckDB file with the server. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDuckdb } from "@org/destination/duckdb";
import { differences, type PlainRow } from "@org/testkit/compare";
import type { Subject } from "./subject.ts";

export interface Stored {
  /** All rows by table, sorted by key. `live`: not marked as deleted. */
  readonly tables: ReadonlyMap<string, readonly PlainRow[]>;
  /** Each stream's state, without our own clock's times, which differ between processes. */
  readonly states: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Reads a file. Tables that a crash left uncreated are empty. */
export async function read(subject: Subject, file: string): Promise<Stored> {
  return readDuckdb(file, async (query) => {
    const names = new Set((await query("SELECT table_name AS name FROM duckdb_tables()")).map(({ name }) => name));
    const tables = new Map<string, readonly PlainRow[]>();
    for (const { name, columns, primaryKey } of subject.tables) {
      const select = `${Object.keys(columns).join(", ")}, _deleted_at IS NULL AS live`;
      const rows = names.has(name)
        ? await query(`SELECT ${select} FROM ${name} ORDER BY ${primaryKey.join(", ")}`)
        : [];
      tables.set(name, rows);
    }
    const states = names.has("_sync_state") ? await query("SELECT stream, value FROM _sync_state") : [];
    const withoutClock = (name: string, value: unknown) => (name === "local" ? undefined : value);
    return {
      tables,
      states: new Map(
        states.map(({ stream, value }) => [String(stream), JSON.parse(String(value), withoutClock).data]),
      ),
    };
  });
}

/** Reads a copy of a crashed file, to leave it as it is: opening a file checkpoints its log. */
export async function readCopy(subject: Subject, file: string): Promise<Stored> {
  const folder = await mkdtemp(join(tmpdir(), "crash-copy-"));
  try {
    for (const end of ["", ".wal"]) {
      if (existsSync(file + end)) await cp(file + end, join(folder, `copy.duckdb${end}`));
    }
    return await read(subject, join(folder, "copy.duckdb"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The differences between the tables and the server now. Empty if correct. */
export function differencesNow(subject: Subject, { tables }: Stored): string[] {
  const { rows } = subject.snapshots.at(-1)!;
  return subject.tables.flatMap(({ name, primaryKey }) =>
    differences(
      rows[name]!,
      tables.get(name)!.filter(({ live }) => live),
      primaryKey,
    ),
  );
}

/** I1, right after a crash: rows that a state claims to be stored but are not. Empty if correct. */
export async function missingRows(subject: Subject, file: string): Promise<string[]> {
  if (!existsSync(file)) return [];
  const { tables, states } = await readCopy(subject, file);
  return [...states].flatMap(([stream, state]) => {
    const { name, primaryKey } = subject.tables.find((table) => table.name === `${subject.kind}_${stream}`)!;
    const history = state.history as Readonly<Record<string, unknown>> | undefined;
    const position = (history?.start ?? state.position) as { readonly server: number } | undefined;
    if (!position) return [];
    // On a slow machine, its clock advances while the server's stands still, as if that had been set back.
    const snapshot = subject.snapshots.findLast(({ at }) => at <= position.server) ?? subject.snapshots[0]!;
    const covered = snapshot.rows[name]!.filter(history ? subject.covers(stream, history) : isLasting);
    const claimed = covered.filter((row) => !isOutstanding(row, state));
    const keyOf = (row: PlainRow) => JSON.stringify(primaryKey.map((column) => row[column]));
    const keys = new Set(claimed.map(keyOf));
    const stored = tables.get(name)!.filter((row) => row.live && keys.has(keyOf(row)));
    // A row that changed since may already be stored in its later form, so compare keys only.
    const onlyKeys = (rows: readonly PlainRow[]) =>
      rows.map((row) => Object.fromEntries(primaryKey.map((column) => [column, row[column]])));
    const isLatest = snapshot === subject.snapshots.at(-1);
    const lines = isLatest
      ? differences(claimed, stored, primaryKey)
      : differences(onlyKeys(claimed), onlyKeys(stored), primaryKey);
    return lines.map((line) => `${stream} says ${JSON.stringify(state)}, but ${line}`);
  });
}

/** Earlier attempts are read last, newest runs first. The state says how far back they are stored. */
function isOutstanding(row: PlainRow, state: Readonly<Record<string, unknown>>): boolean {
  const outstanding = state.outstanding as { readonly before: string | null } | undefined;
  if (!outstanding || row.is_latest !== false) return false;
  return outstanding.before === null || String(row.run_after) < outstanding.before;
}

/** Whether a row keeps its key. Airflow's placeholders do not. */
function isLasting(row: PlainRow): boolean {
  return row.try_number !== 0;
}
