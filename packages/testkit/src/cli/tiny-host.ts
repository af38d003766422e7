/** The smallest host of a source: keeps the rows that arrive, by key, and the states. For both protocols. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "@org/destination";
import { airflowTables } from "@org/sources/airflow";
import { dagsterTables } from "@org/sources/dagster";
import { onTestFinished } from "vitest";
import type { PlainRow } from "../compare.ts";

// biome-ignore lint/suspicious/noExplicitAny: messages of two protocols, as they come.
type Members = Record<string, any>;
export type Format = "airbyte" | "singer";

const tables: readonly Table[] = [...airflowTables, ...dagsterTables];

/** What a command wrote to stdout, line by line. @throws SyntaxError if anything but JSON is there */
export function messagesIn(stdout: string): readonly Members[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Members);
}

export class TinyHost {
  readonly format: Format;
  readonly folder: string;
  /** Of Airbyte, by stream; of Singer, the last one. */
  #states = new Map<string, unknown>();
  readonly #rows = new Map<string, Map<string, PlainRow>>();

  constructor(format: Format) {
    this.format = format;
    this.folder = mkdtempSync(join(tmpdir(), "tiny-host-"));
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 }));
  }

  /** Writes what a command is to read. @returns the path */
  write(name: string, value: unknown): string {
    const path = join(this.folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  }

  /** The arguments of a read that goes on from the last state. */
  readArgs(config: object, catalog?: object): readonly string[] {
    const files = [
      ...["--config", this.write("config.json", config)],
      ...(catalog ? ["--catalog", this.write("catalog.json", catalog)] : []),
      ...(this.#states.size > 0 ? ["--state", this.write("state.json", this.state())] : []),
    ];
    return ["read", "--format", this.format, ...(this.format === "airbyte" ? ["read"] : []), ...files];
  }

  /** As it is passed to the next read. */
  state(): unknown {
    return this.format === "airbyte" ? [...this.#states.values()] : (this.#states.get("") ?? {});
  }

  /** Changes what was kept of a stream. */
  changeState(change: (state: Record<string, unknown>) => void): void {
    const states = this.state() as never as { stream: { stream_state: Record<string, unknown> } }[];
    if (this.format === "airbyte") for (const { stream } of states) change(stream.stream_state);
  }

  /**
   * Keeps what a command wrote, up to a number of states: whatever follows was in a pipe, or in memory, when the host
   * went. @returns how many states there were
   */
  keep(stdout: string, mostStates = Number.POSITIVE_INFINITY): number {
    let seen = 0;
    let pending: (readonly [Table, PlainRow])[] = [];
    for (const message of messagesIn(stdout)) {
      const { type, record, stream, state, value } = message;
      if (type === "RECORD") {
        const name = this.format === "airbyte" ? record.stream : stream;
        const table = tables.find((each) => each.name === name)!;
        pending.push([table, this.format === "airbyte" ? record.data : record]);
      }
      if (type !== "STATE") continue;
      seen += 1;
      if (seen > mostStates) continue;
      for (const [table, row] of pending) this.#put(table, row);
      pending = [];
      if (this.format === "singer") this.#states.set("", value);
      else this.#states.set(state.stream.stream_descriptor.name, state);
    }
    return seen;
  }

  /** The rows of a table that are not deleted, in the form of the servers' own. */
  rows(name: string): readonly PlainRow[] {
    const table = tables.find((each) => each.name === name)!;
    const live = [...(this.#rows.get(name)?.values() ?? [])].filter(({ _deleted_at }) => _deleted_at === null);
    return live.map((row) =>
      Object.fromEntries(
        Object.entries(table.columns).map(([column, { type }]) => {
          const value = row[column];
          return [column, type === "json" && typeof value === "string" ? JSON.parse(value) : value];
        }),
      ),
    );
  }

  /** Keeps the newest version of a row, as hosts do: by its cursor. */
  #put(table: Table, row: PlainRow): void {
    const rows = this.#rows.get(table.name) ?? new Map<string, PlainRow>();
    this.#rows.set(table.name, rows);
    const key = JSON.stringify(table.primaryKey.map((name) => row[name]));
    const held = rows.get(key);
    if (held && String(held._synced_at) > String(row._synced_at)) return;
    rows.set(key, row);
  }
}

/** A configured catalog of all streams of a kind, from what `discover` wrote. */
export function configuredCatalog(stdout: string, mode: "incremental" | "full_refresh" = "incremental"): object {
  const found = messagesIn(stdout).find(({ type }) => type === "CATALOG") as never as {
    catalog: { streams: readonly object[] };
  };
  const destinationMode = mode === "incremental" ? "append_dedup" : "overwrite";
  return {
    streams: found.catalog.streams.map((stream) => ({
      ...{ stream, sync_mode: mode, destination_sync_mode: destinationMode },
    })),
  };
}
