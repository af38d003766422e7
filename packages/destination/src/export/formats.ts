/** The formats of exported files, as DuckDB's SQL. In CSV and JSON, timestamps are texts as in rows. */
import { quoted } from "../sql/names.ts";
import { type Column, type ColumnType, systemColumns, type Table } from "../table.ts";

export type ExportFormat = "csv" | "ndjson" | "parquet";

export type ExportCompression = "gzip" | "zstd";

/** A column of an exported file. */
export interface ExportColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

/** Matches the beginnings of texts that a spreadsheet would interpret as formulas. */
const formula = "^[\\s\\x00]*[=+\\-@＝＋－＠]|^[\\t\\r\\n]";

const isText = ({ type }: ExportColumn) => type === "string" || type === "json";

const asText = ({ name, type }: ExportColumn) =>
  type === "timestamp" ? `strftime(${quoted(name)}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${quoted(name)}::VARCHAR`;

const guarded = (text: string) =>
  `CASE WHEN regexp_matches(${text}, '${formula}') THEN '''' || ${text} ELSE ${text} END`;

/** The compressions of each format; the first is the default. */
export const compressions: Readonly<Record<ExportFormat, readonly ExportCompression[]>> = {
  csv: ["gzip", "zstd"],
  ndjson: ["zstd", "gzip"],
  parquet: ["zstd"],
};

export const exportFormats = Object.keys(compressions) as readonly ExportFormat[];

const ending = { gzip: ".gz", zstd: ".zst" } as const;

export function extensionOf(format: ExportFormat, compression: ExportCompression): string {
  return format === "parquet" ? ".parquet" : `.${format}${ending[compression]}`;
}

export interface FileForm {
  readonly format: ExportFormat;
  readonly compression: ExportCompression;
  readonly safeCsv: boolean;
}

/** Options of COPY. */
export function copyOptions({ format, compression }: FileForm, columns: readonly ExportColumn[]): string {
  const compressed = `COMPRESSION ${compression}`;
  switch (format) {
    case "parquet":
      // Small row groups, of which every thread holds one.
      return `FORMAT parquet, ${compressed}, ROW_GROUP_SIZE 8192, ROW_GROUP_SIZE_BYTES '16MB'`;
    case "ndjson":
      return `FORMAT json, ${compressed}`;
    case "csv": {
      // Texts are always quoted, so that an empty one differs from null.
      const texts = columns.filter(isText).map(({ name }) => quoted(name));
      const quotes = texts.length > 0 ? `, FORCE_QUOTE (${texts.join(", ")})` : "";
      return `FORMAT csv, HEADER, NULLSTR '', ${compressed}${quotes}`;
    }
  }
}

/** The columns in the file's format, for use between SELECT and FROM. */
export function selection({ format, safeCsv }: FileForm, columns: readonly ExportColumn[]): string {
  return columns
    .map((column) => {
      const { name, type } = column;
      const plain = format === "parquet" || (type !== "timestamp" && !(format === "csv" && isText(column)));
      if (plain) return quoted(name);
      const text = asText(column);
      return `${safeCsv && isText(column) ? guarded(text) : text} AS ${quoted(name)}`;
    })
    .join(", ");
}

export interface WriteOptions {
  readonly form: FileForm;
  /** The SQL condition that selects the rows. */
  readonly condition: string;
  /** In the staging folder. */
  readonly file: string;
  /** The approximate number of rows. */
  readonly expected: number;
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** The columns of a table's files: its own, and the destination's. */
export function columnsOf(table: Table): readonly ExportColumn[] {
  return Object.entries<Column>({ ...table.columns, ...systemColumns }).map(([name, { type, nullable = false }]) => ({
    name,
    type,
    nullable,
  }));
}
