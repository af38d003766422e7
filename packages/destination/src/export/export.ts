import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Destination } from "../destination.ts";
import { loadDriver } from "../duckdb/driver.ts";
import { DestinationError } from "../errors.ts";
import type { S3Options } from "../files/s3-options.ts";
import { describeFile } from "../files/scratch.ts";
import { releaseHolder } from "../holder.ts";
import type { Table } from "../table.ts";
import { type Claim, claim, recordOf, type Unfinished, unfinishedIn } from "./claim.ts";
import { columnsOf, compressions, type ExportCompression, type ExportFormat, exportFormats } from "./formats.ts";
import { removeUnfinished } from "./keep.ts";
import {
  begunPath,
  type ExportedFile,
  type ExportLayout,
  type ExportManifest,
  type ExportPosition,
  type ExportRequest,
  FORMAT,
  filePath,
  manifestPath,
  recordPath,
  type Seen,
} from "./manifest.ts";
import { type ExportPlace, openPlace } from "./place.ts";
import { openSource, type TableSource } from "./source.ts";
import { checkWindow, conditionSql, type ExportWindow } from "./window.ts";

export interface ExportOptions {
  /** A folder, created when it is missing, or `s3://bucket/prefix`. */
  readonly into: string;
  /** By the names and with the columns that they have in the destination. */
  readonly tables: readonly Table[];
  /** @default "parquet" */
  readonly format?: ExportFormat | undefined;
  /** @default "gzip" for CSV, else "zstd" */
  readonly compression?: ExportCompression | undefined;
  /**
   * Where files are, by the second in which the export began, in UTC: `2026/11/30/<table>_081530.csv.gz` or, for engines that
   * know Hive's partitions, `<table>/dt=2026-11-30/<table>_081530.csv.gz`.
   * @default "date"
   */
  readonly layout?: ExportLayout | undefined;
  /** Of tables with a history: only rows that belong into it. Other tables are exported whole. @default everything */
  readonly window?: ExportWindow | undefined;
  /** Only rows that were written, or found to be deleted, at that moment or later. @default everything */
  readonly changedSince?: string | undefined;
  /** CSV only: puts a `'` before texts that a spreadsheet would take for formulas. @default false */
  readonly safeCsv?: boolean | undefined;
  /** Up to where the tables are synced, asked for before the first row is read. @default nothing is known of it */
  readonly positions?: (() => Promise<readonly ExportPosition[]>) | undefined;
  /** Of the bucket. */
  readonly s3?: S3Options | undefined;
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What happens during an export. */
export type ExportEvent =
  /** `rows`: of all tables. */
  | { readonly type: "export-started"; readonly id: string; readonly rows: number; readonly into: string }
  /** `rows`: how many of the table were written so far. */
  | { readonly type: "rows-written"; readonly table: string; readonly rows: number }
  /** `resumed`: the file is one of an export that ended early, and nothing of it has changed. */
  | { readonly type: "file-written"; readonly file: ExportedFile; readonly resumed: boolean };

/**
 * Writes tables into files, and at last a manifest that says what they hold. Only what a manifest names was exported: all
 * that it names is whole, and an export that ends early has none. The same export goes on then with the tables that were
 * not written yet, or have changed since.
 *
 * Each table is as it was at one moment, at or after the positions. The rows have no order.
 *
 * @throws DestinationError of the destination and of the place
 * @example
 * await exportTables(duckdb("orchestration.duckdb"), { into: "backups", tables: [dagRunsTable], format: "csv" });
 */
export async function exportTables(destination: Destination, options: ExportOptions): Promise<ExportManifest> {
  const request = requestOf(destination, options);
  await loadDriver("An export");
  options.signal?.throwIfAborted();
  const place = await openPlace(options.into, options.s3);
  try {
    await place.prepare();
    const others = await unfinishedIn(place);
    const own = await claim(
      place,
      request,
      options.tables.map(({ name }) => name),
    );
    try {
      return await new Run(destination, options, request, place, own, others).carryOut();
    } finally {
      releaseHolder(own.holder);
    }
  } finally {
    place.close();
  }
}

function requestOf(destination: Destination, options: ExportOptions): ExportRequest {
  const { format = "parquet", window = {}, changedSince, layout = "date", safeCsv = false, tables } = options;
  const refuse = (reason: string) => {
    throw new DestinationError("FAILED", `Cannot export: ${reason}.`);
  };
  if (!exportFormats.includes(format)) refuse(`format is ${format}. Write one of ${exportFormats.join(", ")}`);
  const compression = options.compression ?? compressions[format][0]!;
  if (!compressions[format].includes(compression)) {
    refuse(`${format} is compressed with ${compressions[format].join(" or ")}`);
  }
  if (tables.length === 0) refuse("no tables were given");
  const twice = tables.find(({ name }, index) => tables.findIndex((other) => other.name === name) < index);
  if (twice) refuse(`it names ${twice.name} twice`);
  if (safeCsv && format !== "csv") refuse("safeCsv needs the format csv");
  checkWindow(window, changedSince);
  return {
    from: destination.name,
    ...{ format, compression, safeCsv, layout },
    window: { since: window.since ?? null, until: window.until ?? null },
    changedSince: changedSince ?? null,
  };
}

/** One export. */
class Run {
  readonly #destination: Destination;
  readonly #options: ExportOptions;
  readonly #request: ExportRequest;
  readonly #place: ExportPlace;
  readonly #own: Claim;
  readonly #others: readonly Unfinished[];

  constructor(
    destination: Destination,
    options: ExportOptions,
    request: ExportRequest,
    place: ExportPlace,
    own: Claim,
    others: readonly Unfinished[],
  ) {
    this.#destination = destination;
    this.#options = options;
    this.#request = request;
    this.#place = place;
    this.#own = own;
    this.#others = others;
  }

  async carryOut(): Promise<ExportManifest> {
    const { id, beganAt } = this.#own;
    const { positions: positionsOf, tables, signal, onEvent } = this.#options;
    const positions = (await positionsOf?.()) ?? [];
    const staging = await this.#place.makeStaging(this.#own);
    const files: ExportedFile[] = [];
    try {
      const source = await openSource(this.#destination, staging, signal);
      try {
        const seen = new Map<string, Seen>();
        for (const table of tables) seen.set(table.name, await source.see(table, this.#condition(source, table)));
        const rows = [...seen.values()].reduce((sum, each) => sum + each.rows, 0);
        onEvent?.({ type: "export-started", id, rows, into: this.#place.place });
        for (const table of tables) files.push(await this.#file(source, staging, table, seen.get(table.name) as Seen));
      } finally {
        await source.close();
      }
    } finally {
      await rm(staging, { recursive: true, force: true, maxRetries: 3 });
    }
    const times = { beganAt, endedAt: new Date().toISOString() };
    const manifest: ExportManifest = {
      type: "export",
      version: FORMAT,
      id,
      ...times,
      ...this.#request,
      positions,
      files,
    };
    signal?.throwIfAborted();
    await this.#place.create(manifestPath(id), `${JSON.stringify(manifest, null, 1)}\n`);
    await this.#cleanUp(files);
    return manifest;
  }

  #condition(source: TableSource, table: Table): string {
    const { window = {}, changedSince } = this.#options;
    return conditionSql(source.dialect, table, window, changedSince);
  }

  async #file(source: TableSource, staging: string, table: Table, seen: Seen): Promise<ExportedFile> {
    const { onEvent } = this.#options;
    const found = await this.#writtenBefore(table, seen);
    const file = found ?? (await this.#write(source, staging, table, seen.rows));
    await this.#place.create(
      recordPath(this.#own.id, table.name),
      `${JSON.stringify({ type: "file", file, seen }, null, 1)}\n`,
    );
    onEvent?.({ type: "file-written", file, resumed: found !== undefined });
    return file;
  }

  /** The file of an export that ended early, where the table has not changed since. */
  async #writtenBefore(table: Table, seen: Seen): Promise<ExportedFile | undefined> {
    for (const other of this.#others) {
      const record = await recordOf(this.#place, other, this.#request, table.name);
      if (record && isSame(record.seen, seen) && isSame(record.file.columns, columnsOf(table))) return record.file;
    }
    return undefined;
  }

  async #write(source: TableSource, staging: string, table: Table, expected: number): Promise<ExportedFile> {
    const { onEvent, signal, window } = this.#options;
    const path = filePath(this.#own.id, table.name, this.#request);
    const file = join(staging, basename(path));
    const condition = this.#condition(source, table);
    const rows = await source.write(table, {
      ...{ form: this.#request, condition, file, expected },
      onRows: onEvent && ((written) => onEvent({ type: "rows-written", table: table.name, rows: written })),
    });
    const described = await describeFile(file);
    signal?.throwIfAborted();
    await this.#place.put(file, path, signal);
    const datedBy = window && table.datedBy ? [...table.datedBy, "_synced_at"] : null;
    return {
      ...{ table: table.name, path, rows, ...described, datedBy },
      primaryKey: table.primaryKey,
      columns: columnsOf(table),
    };
  }

  /** Removes what is needed no more: records, and all of the same export that ended early, but for what it shares. */
  async #cleanUp(files: readonly ExportedFile[]): Promise<void> {
    const { id } = this.#own;
    const over = this.#others.filter(({ begun, isOver }) => isOver && isSame(begun.request, this.#request));
    for (const unfinished of over) await removeUnfinished(this.#place, unfinished);
    await this.#place.remove([begunPath(id), ...files.map(({ table }) => recordPath(id, table))]);
  }
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
