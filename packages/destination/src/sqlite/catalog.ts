/** Creates and changes tables in SQLite, which can hardly change one: a table that has to change is rewritten. */

import { DestinationError } from "../errors.ts";
import type { Catalog, FoundColumn, FoundTable, SqlDatabase, TableChanges } from "../sql/database.ts";
import { defaultSql, filled, inTheWay } from "../sql/keys.ts";
import { literal, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { type Column, type Columns, type ColumnType, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";
import { type ColumnText, columnDefinition, createSql, definitionsIn, isRequired } from "./table-text.ts";

/** Converts a column's values to text, if they are not text already. */
const asText: Readonly<Partial<Record<ColumnType, (column: string) => string>>> = {
  int64: (column) => `CAST(${column} AS TEXT)`,
  float64: (column) => `_sync_text(${column})`,
  boolean: (column) => `CASE ${column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`,
};

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

  /** Does not return comments; they are part of the table's text. */
  async describe(table: string): Promise<FoundTable | undefined> {
    const rows = await this.#database.read(`SELECT name, type FROM pragma_table_info(${literal(table)}) ORDER BY cid`);
    if (rows.length === 0) return undefined;
    const columns = rows.map(({ name, type }) => ({ name: String(name), type: String(type), comment: null }));
    return { comment: null, columns: new Map(columns.map((column) => [column.name.toLowerCase(), column])) };
  }

  async create(table: Table): Promise<void> {
    // Indexes share a namespace with tables, and no sync creates one of that name.
    if ((await this.#schema(table.name, "type = 'index' AND name")).length > 0) {
      throw new DestinationError(
        "OWNED",
        `Table ${table.name} in ${this.#database.place} cannot be made: an index has that name. Drop it, or make it under ` +
          "another name.",
      );
    }
    const columns: Columns = { ...table.columns, ...systemColumns };
    const texts = Object.entries(columns).map(([name, column]) => ownText(table, name, column));
    await this.#database.run(createSql(table, table.name, texts));
  }

  /** Rewrites the table if the text that created it differs from the one that would create it today. */
  async change(table: Table, found: FoundTable, { oldKey }: TableChanges): Promise<void> {
    const [stored] = await this.#schema(table.name, "type = 'table' AND name");
    const made = definitionsIn(String(stored?.sql));
    const wanted = new Map<string, [name: string, Column]>(
      Object.entries<Column>({ ...table.columns, ...systemColumns }).map((each) => [each[0].toLowerCase(), each]),
    );
    const columns: ColumnText[] = [];
    const values: string[] = [];
    for (const [key, existing] of found.columns) {
      const [name, column] = wanted.get(key) ?? [];
      columns.push(column ? ownText(table, name as string, column) : otherText(existing, made.get(key)));
      values.push(
        column ? storedValues(existing, column, table.primaryKey.includes(String(name))) : quoted(existing.name),
      );
      wanted.delete(key);
    }
    for (const [name, column] of wanted.values()) {
      columns.push(ownText(table, name, column));
      values.push(defaultSql(dialect, column) ?? "NULL");
    }
    const generated = (await this.#generated(table.name)).map((name) => ({
      ...foreign,
      name,
      definition: made.get(name.toLowerCase()) ?? quoted(name),
    }));
    if (stored?.sql === createSql(table, table.name, [...columns, ...generated])) return;
    if (oldKey) await this.#checkReferences(table, oldKey);
    await this.#rebuild(table, columns, values, generated);
  }

  async #rebuild(
    table: Table,
    columns: readonly ColumnText[],
    values: readonly string[],
    generated: readonly ColumnText[],
  ): Promise<void> {
    const others = await this.#schema(table.name, "type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name");
    const target = quoted(table.name);
    const rebuilt = "_sync_rebuilt";
    await this.#database.run(createSql(table, rebuilt, [...columns, ...generated]));
    const names = columns.map(({ name }) => quoted(name)).join(", ");
    await this.#database.run(`INSERT INTO ${rebuilt} (${names}) SELECT ${values.join(", ")} FROM ${target}`);
    await this.#database.run(`DROP TABLE ${target}`);
    await this.#database.run(`ALTER TABLE ${rebuilt} RENAME TO ${target}`);
    for (const { sql } of others) await this.#database.run(String(sql));
  }

  /** Columns whose values SQLite computes. */
  async #generated(table: string): Promise<string[]> {
    const rows = await this.#database.read(
      `SELECT name FROM pragma_table_xinfo(${literal(table)}) WHERE hidden > 1 ORDER BY cid`,
    );
    return rows.map(({ name }) => String(name));
  }

  /** SQLite would change the key anyway, and from then on reject writes to the table that refers to it. */
  async #checkReferences(table: Table, oldKey: readonly string[]): Promise<void> {
    const rows = await this.#database.read(
      `SELECT other.name, key.id, group_concat(coalesce(key."to", '')) AS columns
       FROM sqlite_schema AS other, pragma_foreign_key_list(other.name) AS key
       WHERE other.type = 'table' AND key."table" = ${literal(table.name)} COLLATE NOCASE GROUP BY other.name, key.id`,
    );
    const sorted = (names: readonly string[]) =>
      names
        .map((name) => name.toLowerCase())
        .sort()
        .join();
    // A foreign key that names no columns means the primary key.
    const referring = rows.filter(({ columns }) =>
      ["", sorted(oldKey)].includes(sorted(String(columns).split(",").filter(Boolean))),
    );
    if (referring.length > 0) {
      const things = [...new Set(referring.map(({ name }) => `the foreign key of table ${name}`))];
      throw inTheWay(this.#database, table, things);
    }
  }

  /** @param where ends with the column that contains the name */
  #schema(name: string, where: string) {
    const given = new Parameters();
    return this.#database.read(
      `SELECT type, sql FROM sqlite_schema WHERE ${where} = ${given.text(name)} COLLATE NOCASE`,
      given,
    );
  }
}

function ownText(table: Table, name: string, { type, description }: Column): ColumnText {
  return { name, description, definition: columnDefinition(name, dialect.types[type], isRequired(table, name)) };
}

/** A column that is not in the definition: an older one of ours, which may be null now, or a user's. */
function otherText({ name, type }: FoundColumn, made: string | undefined): ColumnText {
  const definition = columnDefinition(name, type, false);
  const isOurs = made === undefined || [definition, columnDefinition(name, type, true)].includes(made);
  return isOurs ? { name, description: "No longer written.", definition } : { ...foreign, name, definition: made };
}

const foreign = { description: "Not created by a sync." } as const;

/** An existing column's values as its definition wants them. */
function storedValues({ name, type }: FoundColumn, column: Column, isKey: boolean): string {
  const from = (Object.keys(dialect.types) as ColumnType[]).find((each) => dialect.types[each] === type);
  const toText = column.type === "string" && from ? asText[from] : undefined;
  const values = toText?.(quoted(name)) ?? quoted(name);
  return isKey ? filled(dialect, values, column) : values;
}
