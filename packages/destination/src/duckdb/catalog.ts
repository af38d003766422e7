/** Creates and changes tables in DuckDB. */
import { DestinationError } from "../errors.ts";
import type { Catalog, FoundTable, SqlDatabase, TableChanges } from "../sql/database.ts";
import { literal, quoted } from "../sql/names.ts";
import { type Column, type Columns, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";
import { definition, rewrite, widened } from "./rewrite.ts";

export class DuckdbCatalog implements Catalog {
  readonly #database: SqlDatabase;
  readonly #here: string;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#here = `database_name = current_database() AND lower(schema_name) = lower(${literal(database.names.schema)})`;
  }

  async createSchema(): Promise<void> {
    const { schema, quotedSchema } = this.#database.names;
    const existing = await this.#database.read(`SELECT 1 FROM duckdb_schemas() WHERE ${this.#here}`);
    if (existing.length > 0) return;
    // DuckDB names a file's database after the file, and could not tell it from a schema of that name.
    const [same] = await this.#database.read(
      `SELECT 1 FROM duckdb_databases() WHERE lower(database_name) = lower(${literal(schema)})`,
    );
    if (same) {
      const reason = `the schema ${JSON.stringify(schema)} has the same name as the file, which DuckDB cannot distinguish.`;
      throw new DestinationError("NOT_A_DESTINATION", `${this.#database.place}: ${reason} Choose another name.`);
    }
    await this.#database.run(`CREATE SCHEMA ${quotedSchema}`);
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
    const definitions = Object.entries(columns).map(([name, { type }]) => definition(table, name, dialect.types[type]));
    // No PRIMARY KEY: its index would halve the speed, and the merge keeps keys unique anyway.
    await this.#database.run(`CREATE TABLE ${this.#database.names.table(table.name)} (${definitions.join(", ")})`);
    await this.#comment(table.name, undefined, table.description);
    for (const [name, column] of Object.entries(columns)) await this.#comment(table.name, name, column.description);
  }

  async change(table: Table, found: FoundTable, changes: TableChanges): Promise<void> {
    const columns = Object.entries<Column>({ ...table.columns, ...systemColumns });
    const added = columns.filter(([name]) => !found.columns.has(name.toLowerCase()));
    const isRewritten = await this.#mustRewrite(table, added, changes);
    if (isRewritten) await rewrite(this.#database, this.#here, table, changes);
    else await this.#alter(table, added, changes);
    for (const [name, { description }] of columns) {
      const comment = isRewritten ? null : found.columns.get(name.toLowerCase())?.comment;
      if (comment !== description) await this.#comment(table.name, name, description);
    }
    if (isRewritten) await this.#keepComments(table, found);
    if (isRewritten || found.comment !== table.description)
      await this.#comment(table.name, undefined, table.description);
  }

  /** DuckDB changes no column of a table with an index, and cannot commit some changes of defaults and constraints. */
  async #mustRewrite(
    table: Table,
    added: readonly [string, Column][],
    { widenings, oldKey }: TableChanges,
  ): Promise<boolean> {
    if (oldKey || added.some(([, column]) => column.default !== undefined)) return true;
    if (widenings.length === 0) return false;
    return this.hasIndex(table.name);
  }

  /** Whether users created one: we create none. */
  async hasIndex(table: string): Promise<boolean> {
    const [found] = await this.#database.read(
      `SELECT index_count AS count FROM duckdb_tables()
       WHERE ${this.#here} AND lower(table_name) = lower(${literal(table)})`,
    );
    return Number(found?.count) > 0;
  }

  async #alter(table: Table, added: readonly [string, Column][], { widenings }: TableChanges): Promise<void> {
    const target = this.#database.names.table(table.name);
    for (const { name, from, to } of widenings) {
      const type = `SET DATA TYPE ${dialect.types[to]} USING ${widened(from, to, quoted(name))}`;
      await this.#database.run(`ALTER TABLE ${target} ALTER ${quoted(name)} ${type}`);
    }
    for (const [name, { type }] of added) {
      await this.#database.run(`ALTER TABLE ${target} ADD COLUMN ${quoted(name)} ${dialect.types[type]}`);
    }
  }

  /** Those of columns that are not in the definition. */
  async #keepComments(table: Table, found: FoundTable): Promise<void> {
    const own = new Set(Object.keys({ ...table.columns, ...systemColumns }).map((name) => name.toLowerCase()));
    for (const [key, { name, comment }] of found.columns) {
      if (comment !== null && !own.has(key)) await this.#comment(table.name, name, comment);
    }
  }

  async #comment(table: string, column: string | undefined, text: string): Promise<void> {
    const target = this.#database.names.table(table);
    const subject = column === undefined ? `TABLE ${target}` : `COLUMN ${target}.${quoted(column)}`;
    await this.#database.run(`COMMENT ON ${subject} IS ${literal(text)}`);
  }
}
