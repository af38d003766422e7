/** The options and events of an export. */
import type { Destination } from "../destination.ts";
import type { S3Options } from "../files/s3-options.ts";
import type { Table } from "../table.ts";
import type { ExportCompression, ExportFormat } from "./formats.ts";
import type { ExportedFile, ExportLayout, ExportPosition } from "./manifest.ts";
import type { ExportWindow } from "./window.ts";

export interface ExportOptions {
  /** A folder, created if it is missing, or `s3://bucket/prefix`. */
  readonly into: string;
  /** With their names and columns in the destination. */
  readonly tables: readonly Table[];
  /** Further tables, of other destinations, in the same export. @default none */
  readonly beside?: readonly ExportOrigin[] | undefined;
  /** @default "parquet" */
  readonly format?: ExportFormat | undefined;
  /** @default "gzip" for CSV, else "zstd" */
  readonly compression?: ExportCompression | undefined;
  /**
   * The layout of files, by the second in which the export started, in UTC: `2026/11/30/<table>_081530.csv.gz` or, for
   * engines that support Hive partitions, `<table>/dt=2026-11-30/<table>_081530.csv.gz`.
   * @default "date"
   */
  readonly layout?: ExportLayout | undefined;
  /** For tables with a history: only rows in this window. Other tables are exported completely. @default everything */
  readonly window?: ExportWindow | undefined;
  /** Only rows that were written, or found to be deleted, at or after this time. @default everything */
  readonly changedSince?: string | undefined;
  /** CSV only: prefixes texts that a spreadsheet would interpret as formulas with `'`. @default false */
  readonly safeCsv?: boolean | undefined;
  /**
   * A table with a history is split into several files if it has more rows than this, at full hours of its rows' times.
   * An interrupted export continues after the last complete file.
   * @default 2_000_000
   */
  readonly rowsPerFile?: number | undefined;
  /** How far the tables are synced, requested before the first row is read. @default unknown */
  readonly positions?: (() => Promise<readonly ExportPosition[]>) | undefined;
  /** Options of the bucket. */
  readonly s3?: S3Options | undefined;
  readonly onEvent?: ((event: ExportEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Tables, and the destination that holds them. */
export interface ExportOrigin {
  readonly destination: Destination;
  readonly tables: readonly Table[];
}

/** What happens during an export. */
export type ExportEvent =
  /** `rows`: of all tables. */
  | { readonly type: "export-started"; readonly id: string; readonly rows: number; readonly into: string }
  /** `rows`: how many rows of the table's current file were written so far. */
  | { readonly type: "rows-written"; readonly table: string; readonly rows: number }
  /** `resumed`: the file is from an interrupted export, and its rows are unchanged. */
  | { readonly type: "file-written"; readonly file: ExportedFile; readonly resumed: boolean };
