/** Tables as such, in SQLite, which can hardly change one: a table that is to be another is written anew. */

import type { Catalog, FoundTable, SqlDatabase } from "../sql/database.ts";
import { literal, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { type Column, type Columns, type ColumnType, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";

/** How the values of a column become text, where they are none. */
const asText: Readonly<Partial<Record<ColumnType, (column: string) => string>>> = {
  int64: (column) => `CAST(${column} AS TEXT)`,
  float64: (column) => `_sync_text(${column})`,
  boolean: (column) => `CASE ${column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`,
};

interface ColumnText {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

export class SqliteCatalog implements Catalog {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** A file has no schemas. */
  async createSchema(): Promise<void> {}

  async tables(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.read("SELECT name FROM sqlite_schema WHERE type = 'table'");
    return new Set(rows.map(({ name }) => String(name)));
  }

  async kind(name: string): Promise<"table" | "view" | undefined> {
    const found = await this.#schema(name, "type IN ('table', 'view') AND name");
    return found[0]?.type as "table" | "view" | undefined;
  }

  /** Comments are not among the answers; they are part of the table's text. */
  async describe(table: string): Promise<FoundTable | undefined> {
    const rows = await this.#database.read(`SELECT name, type FROM pragma_table_info(${literal(table)}) ORDER BY cid`);
    if (rows.length === 0) return undefined;
    const columns = rows.map(({ name, type }) => ({ name: String(name), type: String(type), comment: null }));
    return { comment: null, columns: new Map(columns.map((column) => [column.name.toLowerCase(), column])) };
  }

  async create(table: Table): Promise<void> {
    const columns: Columns = { ...table.columns, ...systemColumns };
    const texts = Object.entries(columns).map(([name, column]) => ({
      ...column,
      name,
      type: dialect.types[column.type],
    }));
    await this.#database.run(createSql(table, table.name, texts));
  }

  /** Writes the table anew when the text that made it is not the one that would make it today. */
  async change(table: Table, found: FoundTable): Promise<void> {
    const wanted = new Map<string, Column & { name: string }>(
      Object.entries<Column>({ ...table.columns, ...systemColumns }).map(([name, column]) => [
        name.toLowerCase(),
        { ...column, name },
      ]),
    );
    const columns: ColumnText[] = [];
    const values: string[] = [];
    for (const [key, existing] of found.columns) {
      const column = wanted.get(key);
      const type = column ? dialect.types[column.type] : existing.type;
      columns.push({
        name: column?.name ?? existing.name,
        type,
        description: column?.description ?? "Not written any more.",
      });
      const from = (Object.keys(dialect.types) as ColumnType[]).find((each) => dialect.types[each] === existing.type);
      const toText = column?.type === "string" && from ? asText[from] : undefined;
      values.push(toText?.(quoted(existing.name)) ?? quoted(existing.name));
      wanted.delete(key);
    }
    for (const { name, type, description } of wanted.values()) {
      columns.push({ name, type: dialect.types[type], description });
      values.push("NULL");
    }
    const [stored] = await this.#schema(table.name, "type = 'table' AND name");
    if (stored?.sql !== createSql(table, table.name, columns)) await this.#rebuild(table, columns, values);
  }

  async #rebuild(table: Table, columns: readonly ColumnText[], values: readonly string[]): Promise<void> {
    const others = await this.#schema(table.name, "type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name");
    const target = quoted(table.name);
    const rebuilt = "_sync_rebuilt";
    await this.#database.run(createSql(table, rebuilt, columns));
    await this.#database.run(`INSERT INTO ${rebuilt} SELECT ${values.join(", ")} FROM ${target}`);
    await this.#database.run(`DROP TABLE ${target}`);
    await this.#database.run(`ALTER TABLE ${rebuilt} RENAME TO ${target}`);
    for (const { sql } of others) await this.#database.run(String(sql));
  }

  /** @param where ends with the column that has the name */
  #schema(name: string, where: string) {
    const given = new Parameters();
    return this.#database.read(
      `SELECT type, sql FROM sqlite_schema WHERE ${where} = ${given.text(name)} COLLATE NOCASE`,
      given,
    );
  }
}

/** SQLite has no comments on columns, but keeps the statement that made a table as it was written. */
function createSql(table: Table, name: string, columns: readonly ColumnText[]): string {
  const comment = (text: string) => `  -- ${text.replaceAll(/\s+/g, " ").trim()}`.trimEnd();
  const lines = columns.map((column) => {
    const required = table.primaryKey.includes(column.name) || column.name === "_synced_at";
    return `${comment(column.description)}\n  ${quoted(column.name)} ${column.type}${required ? " NOT NULL" : ""},`;
  });
  const key = table.primaryKey.map(quoted).join(", ");
  return `CREATE TABLE ${quoted(name)} (\n${[comment(table.description), ...lines].join("\n")}\n  PRIMARY KEY (${key})\n)`;
}
