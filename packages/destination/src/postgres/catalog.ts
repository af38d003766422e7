/** Tables as such, in PostgreSQL. */
import { DestinationError } from "../errors.ts";
import type { Catalog, FoundTable, SqlDatabase, Widening } from "../sql/database.ts";
import { literal, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { type Column, type Columns, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";
import { canonicalJsonFunction, textOf } from "./json-text.ts";

/** How our own views are told from those of people. */
export const viewComment = "Rows of several pipelines. Made by a sync, which may drop and make it again.";

export class PostgresCatalog implements Catalog {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Two pipelines that open an empty database at once wait for each other here, until the first has made everything. */
  async createSchema(): Promise<void> {
    const { schema, quotedSchema } = this.#database.names;
    if ((await this.tables()).has("_sync_format")) return;
    await this.#database.read(`SELECT pg_advisory_xact_lock(hashtextextended(${literal(`_sync_ ${schema}`)}, 0))`);
    const existing = await this.#database.read(`SELECT 1 FROM pg_namespace WHERE nspname = ${literal(schema)}`);
    // IF NOT EXISTS would ask for the right to create schemas even where there is nothing to create.
    if (existing.length === 0) await this.#database.run(`CREATE SCHEMA ${quotedSchema}`);
  }

  async tables(): Promise<ReadonlySet<string>> {
    const rows = await this.#relations("relkind IN ('r', 'p')");
    return new Set(rows.map(({ name }) => String(name)));
  }

  async kind(name: string): Promise<"table" | "view" | undefined> {
    const [found] = await this.#relations(`relname = ${literal(name)}`);
    return found && (found.kind === "v" ? "view" : "table");
  }

  async describe(table: string): Promise<FoundTable | undefined> {
    const [own] = await this.#relations(`relname = ${literal(table)}`);
    if (!own) return undefined;
    const given = new Parameters();
    const rows = await this.#database.read(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, col_description(attrelid, attnum) AS comment
       FROM pg_attribute WHERE attrelid = ${given.integer(Number(own.id))}::oid AND attnum > 0 AND NOT attisdropped`,
      given,
    );
    const columns = rows.map(({ name, type, comment }) => ({
      name: String(name),
      type: String(type),
      comment: comment as string | null,
    }));
    return { comment: own.comment as string | null, columns: new Map(columns.map((column) => [column.name, column])) };
  }

  async create(table: Table): Promise<void> {
    const target = this.#database.names.table(table.name);
    const columns: Columns = { ...table.columns, ...systemColumns };
    const definitions = Object.entries(columns).map(([name, { type }]) => {
      const required = table.primaryKey.includes(name) || name === "_synced_at";
      return `${quoted(name)} ${dialect.types[type]}${required ? " NOT NULL" : ""}`;
    });
    const key = `PRIMARY KEY (${table.primaryKey.map(quoted).join(", ")})`;
    // Rows change a few times soon after they came: with a little room left on its page, a row stays there.
    await this.#database.run(`CREATE TABLE ${target} (${[...definitions, key].join(", ")}) WITH (fillfactor = 90)`);
    const comments = Object.entries(columns).map(([name, { description }]) => this.#comment(table, name, description));
    await this.#database.run([this.#comment(table, undefined, table.description), ...comments].join("; "));
  }

  async change(table: Table, found: FoundTable, widenings: readonly Widening[]): Promise<void> {
    const target = this.#database.names.table(table.name);
    if (widenings.length > 0) await this.#dropViews(table);
    if (widenings.some(({ from }) => from === "json")) await this.#database.run(canonicalJsonFunction.create);
    for (const { name, from, to } of widenings) {
      const value = to === "string" ? textOf(from, quoted(name)) : quoted(name);
      await this.#database.run(`ALTER TABLE ${target} ALTER ${quoted(name)} TYPE ${dialect.types[to]} USING ${value}`);
    }
    if (widenings.some(({ from }) => from === "json")) await this.#database.run(canonicalJsonFunction.drop);
    for (const [name, { type, description }] of Object.entries<Column>({ ...table.columns, ...systemColumns })) {
      const existing = found.columns.get(name);
      if (!existing) {
        await this.#database.run(`ALTER TABLE ${target} ADD COLUMN ${quoted(name)} ${dialect.types[type]}`);
      }
      // An empty comment is none.
      if ((existing?.comment ?? "") !== description) await this.#database.run(this.#comment(table, name, description));
    }
    if ((found.comment ?? "") !== table.description) {
      await this.#database.run(this.#comment(table, undefined, table.description));
    }
  }

  /** PostgreSQL changes no column that a view shows. Our own views are made again by who made them. */
  async #dropViews(table: Table): Promise<void> {
    const views = await this.#database.read(
      `SELECT DISTINCT view.oid::regclass::text AS name, obj_description(view.oid, 'pg_class') AS comment
       FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = pg_depend.objid JOIN pg_class AS view ON view.oid = ev_class
       WHERE pg_depend.classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass
         AND refobjid = ${literal(this.#database.names.table(table.name))}::regclass AND view.oid <> refobjid`,
    );
    for (const { name, comment } of views) {
      if (comment !== viewComment) {
        throw new DestinationError(
          "SCHEMA_CONFLICT",
          `Table ${table.name} in ${this.#database.place} cannot be changed while view ${name} shows it. Drop the view, ` +
            "sync, and make it again.",
        );
      }
      await this.#database.run(`DROP VIEW ${name}`);
    }
  }

  #relations(where: string) {
    return this.#database.read(
      `SELECT pg_class.oid::bigint AS id, relname AS name, relkind AS kind, obj_description(pg_class.oid, 'pg_class') AS comment
       FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = ${literal(this.#database.names.schema)} AND relkind IN ('r', 'p', 'v', 'm', 'f') AND ${where}`,
    );
  }

  #comment(table: Table, column: string | undefined, text: string): string {
    const target = this.#database.names.table(table.name);
    const subject = column === undefined ? `TABLE ${target}` : `COLUMN ${target}.${quoted(column)}`;
    return `COMMENT ON ${subject} IS ${literal(text)}`;
  }
}
