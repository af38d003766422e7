/** Reads tables for an export: by the database's own COPY where it has one, else row by row into one that has. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBValue } from "@duckdb/node-api";
import type { Destination } from "../destination.ts";
import { Database } from "../duckdb/database.ts";
import { dialect } from "../duckdb/dialect.ts";
import { openFile } from "../duckdb/open.ts";
import { copying, keepInside } from "../duckdb/reader.ts";
import { driverType, driverValue } from "../duckdb/values.ts";
import { DestinationError } from "../errors.ts";
import { namesIn, quoted } from "../sql/names.ts";
import type { SqlReader } from "../sql-reader.ts";
import { storedForm } from "../stored-form.ts";
import { type Column, type StoredValues, systemColumns, type Table } from "../table.ts";
import { copyOptions, type ExportColumn, type FileForm, selection } from "./formats.ts";
import type { Seen } from "./manifest.ts";

export interface WriteOptions {
  readonly form: FileForm;
  /** What picks the rows, as SQL. */
  readonly condition: string;
  /** In the folder of staging. */
  readonly file: string;
  /** How many rows there are about. */
  readonly expected: number;
  readonly onRows?: ((rows: number) => void) | undefined;
}

export interface TableSource {
  readonly dialect: SqlReader["dialect"];
  /** What tells whether rows of a table changed. */
  see(table: Table, condition: string): Promise<Seen>;
  /** Writes a file. @returns how many rows */
  write(table: Table, options: WriteOptions): Promise<number>;
  close(): Promise<void>;
}

/** The columns of a table's files: its own, and the destination's. */
export function columnsOf(table: Table): readonly ExportColumn[] {
  return Object.entries<Column>({ ...table.columns, ...systemColumns }).map(([name, { type, nullable = false }]) => ({
    name,
    type,
    nullable,
  }));
}

/** @param staging a folder for files that are being written */
export async function openSource(
  destination: Destination,
  staging: string,
  signal?: AbortSignal,
): Promise<TableSource> {
  if (!destination.read) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${destination.name} does not support SQL, so it cannot be exported.`,
    );
  }
  const reader = await destination.read({ signal, copyInto: staging });
  return {
    dialect: reader.dialect,
    see: async (table, condition) => {
      const columns = { synced: systemColumns._synced_at, deleted: systemColumns._deleted_at };
      const [found] = await reader.query(
        `SELECT count(*) AS "rows", max(_synced_at) AS synced, max(_deleted_at) AS deleted
         FROM ${reader.table(table)} WHERE ${condition}`,
        [],
        { columns },
      );
      const { rows, synced, deleted } = found as StoredValues;
      return { rows: Number(rows), synced: synced as string | null, deleted: deleted as string | null };
    },
    async write(table, options) {
      const { form, condition, file, expected, onRows } = options;
      const columns = columnsOf(table);
      if (!reader.copy) return throughScratch(reader, staging, table, options, signal);
      const sql = `SELECT ${selection(form, columns)} FROM ${reader.table(table)} WHERE ${condition}`;
      return reader.copy(sql, {
        file,
        format: copyOptions(form, columns),
        onProgress: onRows && ((share) => onRows(Math.floor(share * expected))),
      });
    },
    close: () => reader.close(),
  };
}

/** Rows are brought into a file of DuckDB first, which writes all formats and holds what memory does not. */
async function throughScratch(
  reader: SqlReader,
  staging: string,
  table: Table,
  { form, condition, file, onRows }: WriteOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const columns = columnsOf(table);
  const path = join(staging, "rows.duckdb");
  const opened = await openFile(path, `the rows of ${table.name}`, "an export", { memoryLimit: "100MB" });
  const database = new Database(opened, `the rows of ${table.name}`, namesIn("main"), signal);
  try {
    await keepInside(opened, [], staging);
    const definitions = columns.map(({ name, type }) => `${quoted(name)} ${dialect.types[type]}`);
    await database.run(`CREATE TABLE rows (${definitions.join(", ")})`);
    const names = columns.map(({ name }) => quoted(name)).join(", ");
    const all = { ...table.columns, ...systemColumns };
    let rows = 0;
    for await (const page of reader.pages(`SELECT ${names} FROM ${reader.table(table)} WHERE ${condition}`, [], {
      columns: all,
    })) {
      await append(database, columns, page);
      rows += page.length;
      onRows?.(rows);
    }
    return await copying(database).copy(`SELECT ${selection(form, columns)} FROM rows`, {
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
  const { driver } = database;
  const values = columns.map(({ name, type }) =>
    rows.map((row): DuckDBValue => {
      const column: Column = { type, nullable: true, description: "" };
      return driverValue(driver, column, storedForm(column, row[name] ?? null));
    }),
  );
  await database.largeRows?.expect("rows", values);
  const types = columns.map((column) => driverType(driver, column));
  await database.append("rows", types, values, null);
}
