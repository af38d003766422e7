/** Converts rows of other databases to the formats, with the export's own DuckDB. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Database } from "../duckdb/database.ts";
import { dialect } from "../duckdb/dialect.ts";
import { openFile } from "../duckdb/open.ts";
import { type CopyLimits, copying, keepInside, limitSql } from "../duckdb/reader.ts";
import { writing } from "../no-space.ts";
import { literal, namesIn, quoted } from "../sql/names.ts";
import type { Dumped, SqlReader } from "../sql-reader.ts";
import { storedForm } from "../stored-form.ts";
import { type Column, type StoredValues, systemColumns, type Table } from "../table.ts";
import { columnsOf, copyOptions, type ExportColumn, selection, type WriteOptions } from "./formats.ts";

export interface Converter {
  /** Writes a file. @returns the number of rows */
  write(table: Table, options: WriteOptions): Promise<number>;
  close(): Promise<void>;
}

/** Little, because the garbage of the rows that JavaScript has just written is not collected yet. */
const limits: CopyLimits = { bytes: 48_000_000, threads: 1 };

/** The longest row that is read as text, in bytes; DuckDB holds several of that length in memory. */
const longestLine = 250_000;

/** @param staging a folder for files that are being written */
export async function openConverter(reader: SqlReader, staging: string, signal?: AbortSignal): Promise<Converter> {
  const opened = await openFile(":memory:", "an export", "an export", { memoryLimit: "100MB" });
  const database = new Database(opened, "an export", namesIn("main"), signal);
  await keepInside(opened, [], staging);
  await database.run(limitSql(limits));
  const throughText = async (table: Table, options: WriteOptions, dump: NonNullable<SqlReader["dump"]>) => {
    const { form, file, onRows } = options;
    const columns = columnsOf(table);
    const text = join(staging, "rows.csv");
    try {
      const dumped = await dump(selectSql(reader, table, options), {
        ...{ file: text, onRows },
        columns: { ...table.columns, ...systemColumns },
      });
      return await copying(database, limits).copy(
        `SELECT ${selection(form, columns)} FROM ${readSql(text, columns, dumped)}`,
        {
          file,
          format: copyOptions(form, columns),
        },
      );
    } finally {
      await rm(text, { force: true });
    }
  };
  return {
    async write(table, options) {
      if (!reader.dump) return throughRows(reader, staging, table, options, signal);
      try {
        return await throughText(table, options, reader.dump);
      } catch (error) {
        if (!isTooLong(error)) throw error;
        await rm(options.file, { force: true });
        return throughRows(reader, staging, table, options, signal);
      }
    },
    close: () => database.close(),
  };
}

/** DuckDB says so, or finds no end of a row that is longer than all that it reads at once. */
const isTooLong = (error: unknown) => /maximum line size|CSV Error/i.test(String((error as Error)?.message));

const selectSql = (reader: SqlReader, table: Table, { condition }: WriteOptions) =>
  `SELECT ${columnsOf(table)
    .map(({ name }) => quoted(name))
    .join(", ")} FROM ${reader.table(table)} WHERE ${condition}`;

/** The source of a query over what a reader dumped. Several threads read it if each line is a row. */
function readSql(file: string, columns: readonly ExportColumn[], { rows, lines }: Dumped): string {
  const types = columns.map(({ name, type }) => `${literal(name)}: ${literal(dialect.types[type])}`);
  return `read_csv(${literal(file)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    nullstr = '', allow_quoted_nulls = false, parallel = ${rows === lines}, max_line_size = ${longestLine},
    buffer_size = ${8 * longestLine}, columns = {${types.join(", ")}})`;
}

/** Row by row through a DuckDB file, which can be larger than memory, however large a row is. */
async function throughRows(
  reader: SqlReader,
  staging: string,
  table: Table,
  options: WriteOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { form, file, onRows } = options;
  const columns = columnsOf(table);
  const path = join(staging, "rows.duckdb");
  const opened = await openFile(path, `the rows of ${table.name}`, "an export", { memoryLimit: "100MB" });
  const database = new Database(opened, `the rows of ${table.name}`, namesIn("main"), signal);
  try {
    await keepInside(opened, [], staging);
    await database.run(limitSql(limits));
    const definitions = columns.map(({ name, type }) => `${quoted(name)} ${dialect.types[type]}`);
    await database.run(`CREATE TABLE rows (${definitions.join(", ")})`);
    const all = { ...table.columns, ...systemColumns };
    let rows = 0;
    for await (const page of reader.pages(selectSql(reader, table, options), [], { columns: all })) {
      await writing(path, () => append(database, columns, page));
      rows += page.length;
      onRows?.(rows);
    }
    return await copying(database, limits).copy(`SELECT ${selection(form, columns)} FROM rows`, {
      file,
      format: copyOptions(form, columns),
    });
  } finally {
    await database.close();
    for (const name of [path, `${path}.wal`]) await rm(name, { force: true });
  }
}

async function append(
  database: Database,
  columns: readonly ExportColumn[],
  rows: readonly StoredValues[],
): Promise<void> {
  const values = columns.map(({ name, type }) => {
    const column: Column = { type, nullable: true, description: "" };
    return rows.map((row) => storedForm(column, row[name] ?? null));
  });
  await database.largeRows?.expect("rows", values);
  await database.append("rows", columns, values, null);
}
