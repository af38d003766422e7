/** Finds what users built on our tables, if PostgreSQL does not allow a column or key to change under it. */
import type { SqlDatabase } from "../sql/database.ts";
import { inTheWay } from "../sql/keys.ts";
import { literal } from "../sql/names.ts";
import type { Table } from "../table.ts";

/** Distinguishes our own views from users' views. */
export const viewComment = "Rows of several pipelines. Created by a sync, which may drop and recreate it.";

/** Views and rules, generated columns, triggers, policies, functions, publications: these prevent a change of type. */
const always = ["pg_rewrite", "pg_attrdef", "pg_trigger", "pg_policy", "pg_proc", "pg_publication_rel"];

interface Dependent {
  /** The catalog that it is in. */
  readonly kind: string;
  /** In PostgreSQL's words. */
  readonly name: string;
  /** Its name as SQL, if it is one of our views. */
  readonly ownView: string | null;
}

/**
 * Drops our own views of some columns (their creator recreates them), and rejects the change if something certainly
 * prevents it.
 *
 * @returns what may prevent it: constraints and indexes, which PostgreSQL recreates itself if it can
 * @throws DestinationError `SCHEMA_CONFLICT`
 */
export async function clearColumns(
  database: SqlDatabase,
  table: Table,
  columns: readonly string[],
): Promise<readonly string[]> {
  const names = columns.map(literal).join(", ");
  const found = await dependents(
    database,
    `refclassid = 'pg_class'::regclass AND refobjid = ${regclass(database, table)}
     AND refobjsubid IN (SELECT attnum FROM pg_attribute WHERE attrelid = refobjid AND attname IN (${names}))`,
  );
  const others = await clear(database, table, found);
  return others.map(({ name }) => name);
}

/**
 * The same for a table's primary key.
 *
 * @throws DestinationError `SCHEMA_CONFLICT`
 */
export async function clearKey(database: SqlDatabase, table: Table): Promise<void> {
  const key = `(SELECT oid, conindid FROM pg_constraint WHERE conrelid = ${regclass(database, table)} AND contype = 'p')`;
  const found = await dependents(
    database,
    `EXISTS (SELECT 1 FROM ${key} AS key WHERE (refclassid, refobjid) IN (('pg_constraint'::regclass, key.oid), ('pg_class'::regclass, key.conindid)))`,
  );
  const others = await clear(database, table, found);
  if (others.length > 0)
    throw inTheWay(
      database,
      table,
      others.map(({ name }) => name),
    );
}

/** Drops our own views. @returns what does not certainly prevent the change */
async function clear(database: SqlDatabase, table: Table, found: readonly Dependent[]): Promise<readonly Dependent[]> {
  for (const { ownView } of found) if (ownView !== null) await database.run(`DROP VIEW ${ownView}`);
  const others = found.filter(({ ownView }) => ownView === null);
  const blocking = others.filter(({ kind }) => always.includes(kind));
  if (blocking.length > 0)
    throw inTheWay(
      database,
      table,
      blocking.map(({ name }) => name),
    );
  return others;
}

/** @param what a condition on pg_depend */
async function dependents(database: SqlDatabase, what: string): Promise<readonly Dependent[]> {
  const rows = await database.read(
    // Before PostgreSQL 15 a generated column itself depends on others.
    `SELECT DISTINCT CASE WHEN pg_depend.objsubid > 0 THEN 'pg_attrdef' ELSE pg_depend.classid::regclass::text END AS kind,
       CASE WHEN view.relkind = 'v' AND obj_description(view.oid, 'pg_class') = ${literal(viewComment)}
         THEN view.oid::regclass::text END AS own_view,
       CASE WHEN rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, view.oid, 0)
         WHEN adnum IS NOT NULL THEN 'generated ' || pg_describe_object('pg_class'::regclass, adrelid, adnum)
         ELSE pg_describe_object(pg_depend.classid, pg_depend.objid, pg_depend.objsubid) END AS name
     FROM pg_depend
       LEFT JOIN pg_rewrite ON pg_depend.classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = pg_depend.objid
       LEFT JOIN pg_class AS view ON view.oid = ev_class
       LEFT JOIN pg_attrdef ON pg_depend.classid = 'pg_attrdef'::regclass AND pg_attrdef.oid = pg_depend.objid
       LEFT JOIN pg_constraint AS made ON pg_depend.classid = 'pg_constraint'::regclass AND made.oid = pg_depend.objid
       LEFT JOIN pg_index ON pg_depend.classid = 'pg_class'::regclass AND indexrelid = pg_depend.objid
     -- A column's own default, what belongs to a key, and what PostgreSQL made itself are no one's.
     WHERE deptype <> 'i' AND adnum IS DISTINCT FROM refobjsubid AND coalesce(contype, 'c') NOT IN ('p', 'n')
       AND indisprimary IS NOT TRUE AND (${what}) ORDER BY name`,
  );
  return rows.map(({ kind, name, own_view }) => ({
    kind: String(kind),
    name: String(name),
    ownView: own_view as string | null,
  }));
}

function regclass({ names }: SqlDatabase, table: Table): string {
  return `${literal(names.table(table.name))}::regclass`;
}
