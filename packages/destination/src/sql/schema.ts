/** Prepares tables: who owns them, and what they lack. Never narrows, never drops. */
import { DestinationError } from "../errors.ts";
import { type Column, type ColumnType, systemColumns, type Table } from "../table.ts";
import type { FoundTable, SqlDatabase, TableChanges, Widening } from "./database.ts";
import { checkNewKey, inTheWay } from "./keys.ts";
import { quoted } from "./names.ts";
import { Parameters } from "./parameters.ts";

/**
 * Which type may become which, without loss: an int64 becomes a float64 only if no stored value is too large for it,
 * which is checked.
 */
const widenings: Readonly<Record<ColumnType, readonly ColumnType[]>> = {
  int64: ["float64", "string"],
  float64: ["string"],
  boolean: ["string"],
  json: ["string"],
  timestamp: ["string"],
  string: [],
};

const advice = "Nothing was changed. Drop the table to read it again, or use the release that created it.";

/** Prepares one table for a pipeline. Part of a transaction. */
export async function prepareTable(database: SqlDatabase, pipeline: string, table: Table): Promise<void> {
  checkNames(database, table);
  const { catalog, place } = database;
  const found = await catalog.describe(table.name);
  const owner = await ownerOf(database, table.name);
  if (owner && owner.pipeline !== pipeline) {
    throw new DestinationError(
      "OWNED",
      `Table ${table.name} in ${place} belongs to pipeline ${owner.pipeline}, so pipeline ${pipeline} must not write ` +
        "to it. Choose another schema or file, or sync under that pipeline's name.",
    );
  }
  if (!owner && found) {
    throw new DestinationError(
      "OWNED",
      `Table ${table.name} in ${place} exists, but was not created by a sync. Rename it, or choose another schema or file.`,
    );
  }
  const key = JSON.stringify(table.primaryKey);
  if (!found) {
    await catalog.create(table);
    return takeOwnership(database, pipeline, table.name, key);
  }
  const oldKey = owner && owner.primaryKey !== key ? (JSON.parse(owner.primaryKey) as string[]) : undefined;
  if (oldKey) await checkNewKey(database, table, found, oldKey);
  await changeTable(database, table, found, {
    widenings: await wideningsOf(database, table, found),
    ...(oldKey && { oldKey }),
  });
  if (!oldKey || !owner) return;
  const given = new Parameters();
  await database.run(
    `UPDATE ${database.names.table("_sync_tables")} SET primary_key = ${given.text(key)}
     WHERE table_name = ${given.text(owner.name)}`,
    given,
  );
}

async function changeTable(database: SqlDatabase, table: Table, found: FoundTable, changes: TableChanges) {
  try {
    await database.catalog.change(table, found, changes);
  } catch (cause) {
    if (cause instanceof DestinationError || !database.dialect.refusesChange(cause)) throw cause;
    const { message, detail } = cause as Error & { detail?: unknown };
    throw inTheWay(database, table, [`${message.trim()}${detail ? ` (${detail})` : ""}`], cause);
  }
}

/** The columns that have to be widened. */
async function wideningsOf(database: SqlDatabase, table: Table, found: FoundTable): Promise<Widening[]> {
  const { types } = database.dialect;
  const result: Widening[] = [];
  for (const [name, { type: to }] of Object.entries<Column>({ ...table.columns, ...systemColumns })) {
    const existing = found.columns.get(folded(database, name));
    if (!existing || existing.type === types[to]) continue;
    const from = (Object.keys(types) as ColumnType[]).find((type) => types[type] === existing.type);
    if (!from || !widenings[from].includes(to)) {
      const type = from ?? existing.type;
      throw conflict(database, table, `column ${name} is ${type}, which cannot become ${to} without loss. ${advice}`);
    }
    if (from === "int64" && to === "float64") await checkSmall(database, table, name);
    result.push({ name, from, to });
  }
  return result;
}

async function checkSmall(database: SqlDatabase, table: Table, name: string): Promise<void> {
  const large = await database.read(
    `SELECT 1 FROM ${database.names.table(table.name)} WHERE ${quoted(name)} NOT BETWEEN -${2 ** 53} AND ${2 ** 53} LIMIT 1`,
  );
  if (large.length === 0) return;
  throw conflict(database, table, `column ${name} holds integers above 2^53, which a float64 would round. ${advice}`);
}

async function ownerOf(database: SqlDatabase, table: string) {
  const rows = await database.read(
    `SELECT table_name, pipeline, primary_key FROM ${database.names.table("_sync_tables")}`,
  );
  const own = rows.find(({ table_name }) => folded(database, String(table_name)) === folded(database, table));
  return own && { name: String(own.table_name), pipeline: String(own.pipeline), primaryKey: String(own.primary_key) };
}

async function takeOwnership(database: SqlDatabase, pipeline: string, table: string, key: string): Promise<void> {
  const given = new Parameters();
  await database.run(
    `INSERT INTO ${database.names.table("_sync_tables")} (table_name, pipeline, primary_key, created_at)
     VALUES (${given.text(table)}, ${given.text(pipeline)}, ${given.text(key)}, ${database.dialect.now()})
     ON CONFLICT (table_name) DO UPDATE SET primary_key = excluded.primary_key`,
    given,
  );
}

/** A name as the database compares it. */
function folded(database: Pick<SqlDatabase, "dialect">, name: string): string {
  return database.dialect.foldsCase ? name.toLowerCase() : name;
}

function checkNames(database: SqlDatabase, table: Table): void {
  const { product, maxNameBytes = Number.POSITIVE_INFINITY } = database.dialect;
  const refuse = (reason: string) =>
    new DestinationError("SCHEMA_CONFLICT", `Table ${table.name} in ${database.place}: ${reason}`);
  if (/^_sync_/i.test(table.name)) throw refuse("names that begin with _sync_ are the destination's own.");
  const seen = new Map<string, string>();
  for (const name of [table.name, ...Object.keys(table.columns)]) {
    if (Buffer.byteLength(name) > maxNameBytes) {
      throw refuse(`the name ${name} is longer than ${maxNameBytes} bytes, and ${product} would truncate it.`);
    }
  }
  for (const name of Object.keys(table.columns)) {
    const same = seen.get(folded(database, name));
    if (same !== undefined) {
      throw refuse(`columns ${same} and ${name} differ only in case, which ${product} cannot distinguish.`);
    }
    seen.set(folded(database, name), name);
  }
}

function conflict(database: SqlDatabase, table: Table, reason: string): DestinationError {
  return new DestinationError("SCHEMA_CONFLICT", `Table ${table.name} in ${database.place} cannot be used: ${reason}`);
}
