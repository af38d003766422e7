/**
 * The formats of data files, as DuckDB's SQL. In text formats timestamps and JSON are texts as in rows, so that nothing
 * is rounded and no number in JSON is respelled.
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
  /** A column's expression in a file. */
  readonly written: (column: FileColumn) => string;
  /** A table function that reads files, with the name of its file in each row. */
  readonly read: (files: string, columns: readonly FileColumn[]) => string;
}

/** In bytes: two columns of some megabytes each fit. */
const longestRow = 64 * 1024 * 1024;

const asText = ({ name, type }: FileColumn) =>
  type === "timestamp" ? `strftime(${quoted(name)}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${quoted(name)}::VARCHAR`;

const isText = ({ type }: FileColumn) => type === "timestamp" || type === "json";

/** The columns of a text file, declared so that DuckDB need not guess them. */
const declared = (columns: readonly FileColumn[]) =>
  `{${columns.map((column) => `${literal(column.name)}: ${literal(isText(column) ? "VARCHAR" : dialect.types[column.type])}`).join(", ")}}`;

const formats: Readonly<Record<FileFormat, Format>> = {
  parquet: {
    extension: ".parquet",
    // A row group is in memory until it is written: without a limit 122,880 rows, whatever their size.
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
    // Every value in quotes, so that text differs from null.
    copy: () => "FORMAT csv, HEADER, FORCE_QUOTE *",
    written: (column) => (isText(column) ? asText(column) : quoted(column.name)),
    read: (files, columns) =>
      `read_csv(${files}, filename = '_file', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
       nullstr = '', allow_quoted_nulls = false, parallel = false, max_line_size = ${longestRow},
       buffer_size = ${2 * longestRow}, columns = ${declared(columns)})`,
  },
};

/**
 * The maximum length of a row's texts together in a format, in bytes: longer ones could be written, and never read.
 * Quotes and line breaks in them take one character more.
 */
export const longestTexts = (format: FileFormat): number =>
  format === "parquet" ? Number.POSITIVE_INFINITY : longestRow / 2;

export const fileFormats = Object.keys(formats) as readonly FileFormat[];

export const extensionOf = (format: FileFormat): string => formats[format].extension;

/** From the name's ending. @throws DestinationError for a name that none of our files has */
export function formatOf(path: string): FileFormat {
  const found = fileFormats.find((format) => path.endsWith(formats[format].extension));
  if (found) return found;
  throw new DestinationError(
    "INVALID_STATE",
    `The manifest names ${path}, which does not have the extension of a data file.`,
  );
}

/**
 * Writes a query's rows to a file, with the marker of removed placeholders.
 *
 * @param areLarge whether only few of the rows may be in memory
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
 * A query over local files of one format. Columns have their types again; in addition there are `_removed` and `_file`:
 * of the rows with the same key, the one with the greatest file counts.
 */
export function readSql(files: readonly string[], columns: readonly FileColumn[]): string {
  const all: readonly FileColumn[] = [...columns, { name: "_removed", type: "boolean" }];
  const values = all.map(({ name, type }) => `${quoted(name)}::${dialect.types[type]} AS ${quoted(name)}`);
  const { read } = formats[formatOf(files[0] as string)];
  return `SELECT ${values.join(", ")}, _file FROM ${read(`[${files.map(literal).join(", ")}]`, all)}`;
}
