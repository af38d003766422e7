/** The adapters' own tables: who owns which table, and the states. */
import type { State } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { stateText } from "../state-text.ts";
import type { SqlDatabase } from "./database.ts";
import { Parameters } from "./parameters.ts";

/** The format of the tables below. A release that changes them increments it and migrates older ones. */
const FORMAT = 1;

/** Creates the bookkeeping if it is missing, and rejects a newer release's. Part of a transaction. */
export async function openBookkeeping(database: SqlDatabase): Promise<void> {
  const { names, place } = database;
  const { types, nameList } = database.dialect;
  const format = names.table("_sync_format");
  await database.catalog.createSchema();
  if (!(await database.catalog.tables()).has("_sync_format")) {
    await database.run(`CREATE TABLE ${format} (version ${types.int64} NOT NULL)`);
    await database.run(`CREATE TABLE ${names.table("_sync_tables")} (
      table_name ${types.string} PRIMARY KEY, pipeline ${types.string} NOT NULL, primary_key ${types.string} NOT NULL,
      created_at ${types.timestamp} NOT NULL)`);
    await database.run(`CREATE TABLE ${names.table("_sync_state")} (
      pipeline ${types.string}, stream ${types.string}, version ${types.int64} NOT NULL, value ${types.string} NOT NULL,
      tables ${nameList.type} NOT NULL, committed_at ${types.timestamp} NOT NULL, PRIMARY KEY (pipeline, stream))`);
    await database.run(`INSERT INTO ${format} VALUES (${FORMAT})`);
  }
  const [found] = await database.read(`SELECT max(version) AS version FROM ${format}`);
  if (Number(found?.version ?? FORMAT) > FORMAT) {
    throw new DestinationError(
      "NEWER_VERSION",
      `${place} was written by a newer release (format ${found?.version}, this one knows ${FORMAT}). Update this program.`,
    );
  }
}

/**
 * The states of a pipeline. If someone dropped a stream's table, its state is left out: it would claim rows that are
 * not there. Without it, the stream simply reads its history again.
 */
export async function readStates(database: SqlDatabase, pipeline: string): Promise<ReadonlyMap<string, State>> {
  const { names, place } = database;
  const existing = await database.catalog.tables();
  const parameters = new Parameters();
  const rows = await database.read(
    `SELECT stream, version, value, ${database.dialect.nameList.json("tables")} AS tables FROM ${names.table("_sync_state")}
     WHERE pipeline = ${parameters.text(pipeline)} ORDER BY stream`,
    parameters,
    { tables: { type: "json", description: "" } },
  );
  const whole = rows.filter(({ tables }) => (tables as string[]).every((table) => existing.has(table)));
  return new Map(
    whole.map(({ stream, version, value }) => {
      try {
        return [String(stream), { version: Number(version), value: JSON.parse(String(value)) }];
      } catch (cause) {
        throw new DestinationError(
          "INVALID_STATE",
          `The state of stream ${stream} of pipeline ${pipeline} in ${place} is not JSON. Sync the stream with a full ` +
            `refresh, or delete its row from ${names.table("_sync_state")}.`,
          { cause },
        );
      }
    }),
  );
}

/** Saves the state of a stream that has just written to a table. Part of the commit's transaction. */
export async function saveState(
  database: SqlDatabase,
  pipeline: string,
  stream: string,
  table: string,
  state: State,
): Promise<void> {
  const { nameList, now } = database.dialect;
  const value = stateText(pipeline, stream, state);
  const given = new Parameters();
  await database.run(
    `INSERT INTO ${database.names.table("_sync_state")} (pipeline, stream, version, value, tables, committed_at)
     VALUES (${given.text(pipeline)}, ${given.text(stream)}, ${given.integer(state.version)}, ${given.text(value)},
       ${nameList.of(given.text(table))}, ${now()})
     ON CONFLICT (pipeline, stream) DO UPDATE SET version = excluded.version, value = excluded.value,
       committed_at = excluded.committed_at, tables = ${nameList.union("_sync_state.tables", "excluded.tables")}`,
    given,
  );
}
