/** Reads tables for an export: with the database's own COPY if it has one, else through DuckDB. */
import type { Destination } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { quoted } from "../sql/names.ts";
import type { SqlReader } from "../sql-reader.ts";
import type { Table } from "../table.ts";
import { columnsOf, copyOptions, selection, type WriteOptions } from "./formats.ts";
import type { Hour } from "./parts.ts";
import { type Converter, openConverter } from "./through-duckdb.ts";
import { datedSql } from "./window.ts";

export interface TableSource {
  readonly dialect: SqlReader["dialect"];
  /** Runs work that sees a single state of the tables. */
  snapshot<T>(work: () => Promise<T>): Promise<T>;
  /** The hours of the rows, earliest first, with fingerprints that show whether they changed. */
  see(table: Table, condition: string): Promise<readonly Hour[]>;
  /** Writes a file. @returns the number of rows */
  write(table: Table, options: WriteOptions): Promise<number>;
  close(): Promise<void>;
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
  let converter: Converter | undefined;
  return {
    dialect: reader.dialect,
    snapshot: (work) => (reader.snapshot ? reader.snapshot(work) : work()),
    see: (table, condition) => hoursOf(reader, table, condition),
    async write(table, options) {
      const { form, condition, file, expected, onRows } = options;
      const columns = columnsOf(table);
      if (!reader.copy) {
        converter ??= await openConverter(reader, staging, signal);
        return converter.write(table, options);
      }
      const sql = `SELECT ${selection(form, columns)} FROM ${reader.table(table)} WHERE ${condition}`;
      return reader.copy(sql, {
        file,
        format: copyOptions(form, columns),
        onProgress: onRows && ((share) => onRows(Math.floor(share * expected))),
      });
    },
    async close() {
      await converter?.close();
      await reader.close();
    },
  };
}

interface Words {
  /** The hour of a time, as a number since 1970 or as the beginning of its text. */
  readonly hour: (moment: string) => string;
  /** The sum of times, in microseconds since 1970, or as `seconds+microseconds`; null if there are none. */
  readonly sum: (moment: string) => string;
}

const words: Readonly<Record<SqlReader["dialect"], Words>> = {
  duckdb: {
    hour: (moment) => `CAST(floor(epoch(${moment}) / 3600) AS BIGINT)`,
    sum: (moment) => `CAST(sum(epoch_us(${moment})) AS VARCHAR)`,
  },
  postgres: {
    hour: (moment) => `CAST(floor(extract(epoch FROM ${moment}) / 3600) AS bigint)`,
    sum: (moment) => `CAST(sum(CAST(extract(epoch FROM ${moment}) * 1000000 AS bigint)) AS text)`,
  },
  sqlite: {
    hour: (moment) => `substr(${moment}, 1, 13)`,
    sum: (moment) =>
      `sum(unixepoch(substr(${moment}, 1, 19))) || '+' || sum(CAST(substr(${moment}, 21, 6) AS INTEGER))`,
  },
};

async function hoursOf(reader: SqlReader, table: Table, condition: string): Promise<readonly Hour[]> {
  const { hour, sum } = words[reader.dialect];
  const dated = datedSql(table);
  const rows = await reader.query(
    `SELECT ${dated === undefined ? "0" : hour(dated)} AS "hour", count(*) AS "rows",
       ${sum(quoted("_synced_at"))} AS synced, ${sum(quoted("_deleted_at"))} AS deleted
     FROM ${reader.table(table)} WHERE ${condition} GROUP BY 1 ORDER BY 1`,
  );
  return rows.map((row) => ({
    hour: typeof row.hour === "string" ? Date.parse(`${row.hour}:00:00Z`) / 3_600_000 : Number(row.hour),
    rows: Number(row.rows),
    synced: sumOf(row.synced),
    deleted: sumOf(row.deleted),
  }));
}

function sumOf(text: unknown): bigint {
  const [first = "0", second] = String(text ?? "0").split("+");
  return second === undefined ? BigInt(first) : BigInt(first) * 1_000_000n + BigInt(second);
}
