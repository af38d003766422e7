/** What an export is asked for, and what it tells. */
import type { Destination } from "../destination.ts";
import type { S3Options } from "../files/s3-options.ts";
import type { Table } from "../table.ts";
import type { ExportCompression, ExportFormat } from "./formats.ts";
import type { ExportedFile, ExportLayout, ExportPosition } from "./manifest.ts";
import type { ExportWindow } from "./window.ts";

export interface ExportOptions {
  /** A folder, created when it is missing, or `s3://bucket/prefix`. */
  readonly into: string;
  /** By the names and with the columns that they have in the destination. */
  readonly tables: readonly Table[];
  /** Further tables, of other destinations, in the same export. @default none */
  readonly beside?: readonly ExportOrigin[] | undefined;
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
  /**
   * A table with a history gets several files where it has more rows than this, cut at full hours of its rows' times. An
   * export that ended early goes on after the last whole one.
   * @default 2_000_000
   */
  readonly rowsPerFile?: number | undefined;
  /** Up to where the tables are synced, asked for before the first row is read. @default nothing is known of it */
  readonly positions?: (() => Promise<readonly ExportPosition[]>) | undefined;
  /** Of the bucket. */
  readonly s3?: S3Options | undefined;
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Tables, and where they are. */
export interface ExportOrigin {
  readonly destination: Destination;
  readonly tables: readonly Table[];
}

/** What happens during an export. */
export type ExportEvent =
  /** `rows`: of all tables. */
  | { readonly type: "export-started"; readonly id: string; readonly rows: number; readonly into: string }
  /** `rows`: how many of the table's present file were written so far. */
  | { readonly type: "rows-written"; readonly table: string; readonly rows: number }
  /** `resumed`: the file is one of an export that ended early, and nothing of it has changed. */
  | { readonly type: "file-written"; readonly file: ExportedFile; readonly resumed: boolean };
