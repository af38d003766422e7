/** Creates and changes tables in PostgreSQL. */
import { DestinationError } from "../errors.ts";
import type { Catalog, FoundTable, SqlDatabase, TableChanges, Widening } from "../sql/database.ts";
import { defaultSql, inTheWay } from "../sql/keys.ts";
import { literal, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { type Column, type Columns, systemColumns, type Table } from "../table.ts";
import { clearColumns, clearKey } from "./dependents.ts";
import { dialect } from "./dialect.ts";
import { canonicalJsonFunction, textOf } from "./json-text.ts";

export class PostgresCatalog implements Catalog {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /**
   * Two pipelines that open an empty database at once wait for each other here, until the first has created everything.
   */
  async createSchema(): Promise<void> {
    const { schema, quotedSchema } = this.#database.names;
    if ((await this.tables()).has("_sync_format")) return;
    await this.#database.read(`SELECT pg_advisory_xact_lock(hashtextextended(${literal(`_sync_ ${schema}`)}, 0))`);
    const existing = await this.#database.read(`SELECT 1 FROM pg_namespace WHERE nspname = ${literal(schema)}`);
    // IF NOT EXISTS would require the privilege to create schemas even if there is nothing to create.
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
    await this.#expectFree(table);
    const target = this.#database.names.table(table.name);
    const columns: Columns = { ...table.columns, ...systemColumns };
    const definitions = Object.entries(columns).map(([name, { type }]) => {
      const required = table.primaryKey.includes(name) || name === "_synced_at";
      return `${quoted(name)} ${dialect.types[type]}${required ? " NOT NULL" : ""}`;
    });
    const key = `PRIMARY KEY (${table.primaryKey.map(quoted).join(", ")})`;
    // Rows change a few times soon after they are inserted. With a little room left on its page, a row stays there.
    await this.#database.run(`CREATE TABLE ${target} (${[...definitions, key].join(", ")}) WITH (fillfactor = 90)`);
    const comments = Object.entries(columns).map(([name, { description }]) => this.#comment(table, name, description));
    await this.#database.run([this.#comment(table, undefined, table.description), ...comments].join("; "));
  }

  async change(table: Table, found: FoundTable, { widenings, oldKey }: TableChanges): Promise<void> {
    const target = this.#database.names.table(table.name);
    if (widenings.length > 0) await this.#widen(table, widenings);
    for (const [name, column] of Object.entries<Column>({ ...table.columns, ...systemColumns })) {
      const existing = found.columns.get(name);
      if (!existing) {
        const constant = defaultSql(dialect, column);
        const added = `ADD COLUMN ${quoted(name)} ${dialect.types[column.type]}`;
        await this.#database.run(`ALTER TABLE ${target} ${added}${constant ? ` DEFAULT ${constant}` : ""}`);
        // Rows written from now on bring their own values.
        if (constant) await this.#database.run(`ALTER TABLE ${target} ALTER ${quoted(name)} DROP DEFAULT`);
      }
      // An empty comment counts as none.
      if ((existing?.comment ?? "") !== column.description) {
        await this.#database.run(this.#comment(table, name, column.description));
      }
    }
    if (oldKey) await this.#changeKey(table, found, oldKey);
    if ((found.comment ?? "") !== table.description) {
      await this.#database.run(this.#comment(table, undefined, table.description));
    }
  }

  async #widen(table: Table, widenings: readonly Widening[]): Promise<void> {
    const target = this.#database.names.table(table.name);
    const others = await clearColumns(
      this.#database,
      table,
      widenings.map(({ name }) => name),
    );
    const isOfJson = widenings.some(({ from }) => from === "json");
    if (isOfJson) await this.#database.run(canonicalJsonFunction.create);
    const changes = widenings.map(({ name, from, to }) => {
      const value = to === "string" ? textOf(from, quoted(name)) : quoted(name);
      return `ALTER ${quoted(name)} TYPE ${dialect.types[to]} USING ${value}`;
    });
    try {
      await this.#database.run(`ALTER TABLE ${target} ${changes.join(", ")}`);
    } catch (error) {
      if (others.length > 0 && dialect.refusesChange(error)) throw inTheWay(this.#database, table, others, error);
      throw error;
    }
    if (isOfJson) await this.#database.run(canonicalJsonFunction.drop);
  }

  async #changeKey(table: Table, found: FoundTable, oldKey: readonly string[]): Promise<void> {
    const target = this.#database.names.table(table.name);
    await clearKey(this.#database, table);
    for (const name of table.primaryKey) {
      const constant = found.columns.has(name) && defaultSql(dialect, table.columns[name] as Column);
      if (!constant) continue;
      await this.#database.run(`UPDATE ${target} SET ${quoted(name)} = ${constant} WHERE ${quoted(name)} IS NULL`);
    }
    const [key] = await this.#database.read(
      `SELECT conname AS name, indisreplident AS identity, indisclustered AS clustered FROM pg_constraint
       JOIN pg_index ON indexrelid = conindid WHERE conrelid = ${literal(target)}::regclass AND contype = 'p'`,
    );
    const name = key && quoted(String(key.name));
    const columns = table.primaryKey.map(quoted).join(", ");
    const changes = name ? [`DROP CONSTRAINT ${name}`] : [];
    changes.push(`ADD ${name ? `CONSTRAINT ${name} ` : ""}PRIMARY KEY (${columns})`);
    const freed = oldKey.filter((name) => !table.primaryKey.includes(name) && found.columns.has(name));
    changes.push(...freed.map((name) => `ALTER ${quoted(name)} DROP NOT NULL`));
    // The index's roles, as replica identity and for the order on disk, are lost with it.
    if (key?.identity) changes.push(`REPLICA IDENTITY USING INDEX ${name}`);
    if (key?.clustered) changes.push(`CLUSTER ON ${name}`);
    for (const change of changes) await this.#database.run(`ALTER TABLE ${target} ${change}`);
    await this.#expectPublishable(table);
  }

  /**
   * The new replica identity may contain columns that a publication leaves out, and then no row could be written any
   * more.
   */
  async #expectPublishable(table: Table): Promise<void> {
    const target = this.#database.names.table(table.name);
    // Read beforehand: an error ends the transaction.
    const [{ names = null } = {}] = await this.#database.read(
      `SELECT string_agg(format('publication %I', pubname), ', ' ORDER BY pubname) AS names
       FROM pg_publication_rel JOIN pg_publication ON pg_publication.oid = prpubid
       WHERE prrelid = ${literal(target)}::regclass AND (pubupdate OR pubdelete)`,
    );
    if (names === null) return;
    try {
      await this.#database.read(`EXPLAIN UPDATE ${target} SET _synced_at = now()`);
    } catch (error) {
      if (!dialect.refusesChange(error)) throw error;
      throw inTheWay(this.#database, table, [`${names}: ${(error as Error).message}`], error);
    }
  }

  /** Sequences, indexes and types share a namespace with tables, and no sync creates one of that name. */
  async #expectFree({ name }: Table): Promise<void> {
    const { names, place } = this.#database;
    const within = `(SELECT oid FROM pg_namespace WHERE nspname = ${literal(names.schema)})`;
    const [found] = await this.#database.read(
      `SELECT pg_describe_object('pg_class'::regclass, oid, 0) AS what FROM pg_class
       WHERE relnamespace = ${within} AND relname = ${literal(name)}
       UNION ALL SELECT pg_describe_object('pg_type'::regclass, oid, 0) FROM pg_type
       WHERE typnamespace = ${within} AND typname = ${literal(name)} AND typcategory <> 'A' LIMIT 1`,
    );
    if (!found) return;
    throw new DestinationError(
      "OWNED",
      `Table ${name} in ${place} cannot be made: ${found.what} has that name. Rename it, or choose another schema.`,
    );
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
