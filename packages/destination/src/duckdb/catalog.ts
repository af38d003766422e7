/** Tables as such, in DuckDB. */

import type { Catalog, FoundTable, SqlDatabase, Widening } from "../sql/database.ts";
import { literal, quoted } from "../sql/names.ts";
import { type Column, type Columns, type ColumnType, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";

/** How the values of a column become text. */
const asText: Readonly<Partial<Record<ColumnType, (column: string) => string>>> = {
  timestamp: (column) => `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')`,
};

export class DuckdbCatalog implements Catalog {
  readonly #database: SqlDatabase;
  readonly #here: string;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#here = `database_name = current_database() AND schema_name = ${literal(database.names.schema)}`;
  }

  async createSchema(): Promise<void> {
    const { quotedSchema } = this.#database.names;
    const existing = await this.#database.read(`SELECT 1 FROM duckdb_schemas() WHERE ${this.#here}`);
    if (existing.length === 0) await this.#database.run(`CREATE SCHEMA ${quotedSchema}`);
  }

  async tables(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.read(`SELECT table_name FROM duckdb_tables() WHERE ${this.#here}`);
    return new Set(rows.map(({ table_name }) => String(table_name)));
  }

  async kind(name: string): Promise<"table" | "view" | undefined> {
    const is = (column: string) => `lower(${column}) = lower(${literal(name)}) AND ${this.#here}`;
    const [found] = await this.#database.read(
      `SELECT 'table' AS kind FROM duckdb_tables() WHERE ${is("table_name")}
       UNION ALL SELECT 'view' FROM duckdb_views() WHERE ${is("view_name")}`,
    );
    return found?.kind as "table" | "view" | undefined;
  }

  async describe(table: string): Promise<FoundTable | undefined> {
    const where = `WHERE ${this.#here} AND lower(table_name) = lower(${literal(table)})`;
    const columns = await this.#database.read(
      `SELECT column_name AS name, data_type AS type, comment FROM duckdb_columns() ${where}`,
    );
    if (columns.length === 0) return undefined;
    const [own] = await this.#database.read(`SELECT comment FROM duckdb_tables() ${where}`);
    return {
      comment: (own?.comment ?? null) as string | null,
      columns: new Map(
        columns.map(({ name, type, comment }) => [
          String(name).toLowerCase(),
          { name: String(name), type: String(type), comment: comment as string | null },
        ]),
      ),
    };
  }

  async create(table: Table): Promise<void> {
    const columns: Columns = { ...table.columns, ...systemColumns };
    const definitions = Object.entries(columns).map(([name, { type }]) => {
      const required = table.primaryKey.includes(name) || name === "_synced_at";
      return `${quoted(name)} ${dialect.types[type]}${required ? " NOT NULL" : ""}`;
    });
    // No PRIMARY KEY: its index would halve the speed, and the merge keeps keys unique anyway.
    await this.#database.run(`CREATE TABLE ${this.#database.names.table(table.name)} (${definitions.join(", ")})`);
    await this.#comment(table, undefined, table.description);
    for (const [name, column] of Object.entries(columns)) await this.#comment(table, name, column.description);
  }

  async change(table: Table, found: FoundTable, widenings: readonly Widening[]): Promise<void> {
    const target = this.#database.names.table(table.name);
    for (const { name, from, to } of widenings) {
      const value = (to === "string" && asText[from]?.(quoted(name))) || quoted(name);
      await this.#database.run(
        `ALTER TABLE ${target} ALTER ${quoted(name)} SET DATA TYPE ${dialect.types[to]} USING ${value}`,
      );
    }
    for (const [name, column] of Object.entries<Column>({ ...table.columns, ...systemColumns })) {
      const existing = found.columns.get(name.toLowerCase());
      if (!existing) {
        await this.#database.run(`ALTER TABLE ${target} ADD COLUMN ${quoted(name)} ${dialect.types[column.type]}`);
      }
      if (existing?.comment !== column.description) await this.#comment(table, name, column.description);
    }
    if (found.comment !== table.description) await this.#comment(table, undefined, table.description);
  }

  async #comment(table: Table, column: string | undefined, text: string): Promise<void> {
    const target = this.#database.names.table(table.name);
    const subject = column === undefined ? `TABLE ${target}` : `COLUMN ${target}.${quoted(column)}`;
    await this.#database.run(`COMMENT ON ${subject} IS ${literal(text)}`);
  }
}
