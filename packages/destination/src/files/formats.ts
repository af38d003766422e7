/**
 * The formats of data files, as DuckDB's SQL. In a text format timestamps and JSON are texts in the form in which rows
 * carry them, so that nothing is rounded and no number in a JSON is written another way.
 */

import { dialect } from "../duckdb/dialect.ts";
import { DestinationError } from "../errors.ts";
import { literal, quoted } from "../sql/names.ts";
import type { ColumnType } from "../table.ts";

export type FileFormat = "parquet" | "ndjson" | "csv";

export interface FileColumn {
  readonly name: string;
  readonly type: ColumnType;
}

interface Format {
  readonly extension: string;
  /** Options of COPY … TO. */
  readonly copy: (areLarge: boolean) => string;
  /** What a file holds for a column. */
  readonly written: (column: FileColumn) => string;
  /** A table function that reads files, with the name of its file in each row. */
  readonly read: (files: string, columns: readonly FileColumn[]) => string;
}

/** In bytes: two columns of some megabytes each fit. */
const longestRow = 64 * 1024 * 1024;

const asText = ({ name, type }: FileColumn) =>
  type === "timestamp" ? `strftime(${quoted(name)}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${quoted(name)}::VARCHAR`;

const isText = ({ type }: FileColumn) => type === "timestamp" || type === "json";

/** The columns as they lie in a text file, for DuckDB to read instead of guess. */
const declared = (columns: readonly FileColumn[]) =>
  `{${columns.map((column) => `${literal(column.name)}: ${literal(isText(column) ? "VARCHAR" : dialect.types[column.type])}`).join(", ")}}`;

const formats: Readonly<Record<FileFormat, Format>> = {
  parquet: {
    extension: ".parquet",
    // A group of rows is in memory until it is written: 122,880 rows, whatever they weigh, without a limit.
    copy: (areLarge) => `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '${areLarge ? 2 : 32}MB'`,
    written: ({ name }) => quoted(name),
    read: (files) => `read_parquet(${files}, filename = '_file')`,
  },
  ndjson: {
    extension: ".ndjson.zst",
    copy: () => "FORMAT json, COMPRESSION zstd",
    written: (column) => (isText(column) ? asText(column) : quoted(column.name)),
    read: (files, columns) =>
      `read_json(${files}, filename = '_file', format = 'newline_delimited', compression = 'zstd', columns = ${declared(columns)},
       maximum_object_size = ${longestRow})`,
  },
  csv: {
    extension: ".csv",
    // Every value in quotes, so that a text is told from null.
    copy: () => "FORMAT csv, HEADER, FORCE_QUOTE *",
    written: (column) => (isText(column) ? asText(column) : quoted(column.name)),
    read: (files, columns) =>
      `read_csv(${files}, filename = '_file', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
       nullstr = '', allow_quoted_nulls = false, parallel = false, max_line_size = ${longestRow},
       buffer_size = ${2 * longestRow}, columns = ${declared(columns)})`,
  },
};

/**
 * How long the texts of a row may be together in a format, in bytes: what is longer could be written, and never read. Quotes
 * and breaks in them are written with a character more.
 */
export const longestTexts = (format: FileFormat): number =>
  format === "parquet" ? Number.POSITIVE_INFINITY : longestRow / 2;

export const fileFormats = Object.keys(formats) as readonly FileFormat[];

export const extensionOf = (format: FileFormat): string => formats[format].extension;

/** By the end of its name. @throws DestinationError for a name that none of our files has */
export function formatOf(path: string): FileFormat {
  const found = fileFormats.find((format) => path.endsWith(formats[format].extension));
  if (found) return found;
  throw new DestinationError(
    "INVALID_STATE",
    `The manifest names ${path}, which does not have the extension of a data file.`,
  );
}

/**
 * Rows of a query as a file, with the marker of placeholders that went.
 *
 * @param areLarge whether the rows are so large that few of them may be in memory
 */
export function copySql(
  format: FileFormat,
  query: string,
  columns: readonly FileColumn[],
  file: string,
  areLarge = false,
): string {
  const { written, copy } = formats[format];
  const values = columns.map((column) => `${written(column)} AS ${quoted(column.name)}`);
  return `COPY (SELECT ${values.join(", ")}, _removed FROM (${query})) TO ${literal(file)} (${copy(areLarge)})`;
}

/**
 * Local files of one format as a query. Columns have their types again; beside them there are `_removed`, and `_file`: of
 * the rows with one key, the one with the greatest counts.
 */
export function readSql(files: readonly string[], columns: readonly FileColumn[]): string {
  const all: readonly FileColumn[] = [...columns, { name: "_removed", type: "boolean" }];
  const values = all.map(({ name, type }) => `${quoted(name)}::${dialect.types[type]} AS ${quoted(name)}`);
  const { read } = formats[formatOf(files[0] as string)];
  return `SELECT ${values.join(", ")}, _file FROM ${read(`[${files.map(literal).join(", ")}]`, all)}`;
}
