/** The adapter's own tables: what belongs to whom, and the states. */
import type { State } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { canonicalJson } from "../json.ts";
import type { Database } from "./database.ts";
import { literal } from "./sql.ts";

/** The format of the tables below. A release that changes them counts it up and migrates the older ones. */
const FORMAT = 1;

/** Creates the bookkeeping where it is missing, and refuses that of a newer release. */
export async function openBookkeeping(database: Database): Promise<void> {
  const { names, place } = database;
  const format = names.table("_sync_format");
  const existing = await database.read(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ${literal(names.schema)}
     AND table_name = '_sync_format'`,
  );
  if (existing.length === 0) {
    await database.transaction(async () => {
      await database.run(`CREATE SCHEMA IF NOT EXISTS ${names.quotedSchema}`);
      await database.run(`CREATE TABLE ${format} (version INTEGER NOT NULL)`);
      await database.run(`CREATE TABLE ${names.table("_sync_tables")} (
        table_name VARCHAR PRIMARY KEY, pipeline VARCHAR NOT NULL, primary_key VARCHAR NOT NULL,
        created_at TIMESTAMPTZ NOT NULL)`);
      await database.run(`CREATE TABLE ${names.table("_sync_state")} (
        pipeline VARCHAR, stream VARCHAR, version BIGINT NOT NULL, value VARCHAR NOT NULL, tables VARCHAR[] NOT NULL,
        committed_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (pipeline, stream))`);
      await database.run(`INSERT INTO ${format} VALUES (${FORMAT})`);
    });
  }
  const [found] = await database.read(`SELECT max(version)::BIGINT AS version FROM ${format}`);
  if (Number(found?.version ?? FORMAT) > FORMAT) {
    throw new DestinationError(
      "NEWER_VERSION",
      `${place} was written by a newer release (format ${found?.version}, this one knows ${FORMAT}). Update this program.`,
    );
  }
}

/**
 * The states of a pipeline. The state of a stream whose table somebody dropped is left out: it would say that rows are
 * stored which are not, and without it the stream simply reads its history again.
 */
export async function readStates(database: Database, pipeline: string): Promise<ReadonlyMap<string, State>> {
  const { names, place } = database;
  const rows = await database.read(
    `SELECT stream, version, value FROM ${names.table("_sync_state")} AS state
     WHERE pipeline = ${literal(pipeline)} AND NOT EXISTS (
       SELECT unnest(state.tables) EXCEPT
       SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ${literal(names.schema)})
     ORDER BY stream`,
  );
  return new Map(
    rows.map(({ stream, version, value }) => {
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
  database: Database,
  pipeline: string,
  stream: string,
  table: string,
  state: State,
): Promise<void> {
  const { VARCHAR, BIGINT } = database.driver;
  let value: string;
  try {
    value = canonicalJson(state.value);
    if (!Number.isSafeInteger(state.version)) throw new TypeError(`the version ${state.version}`);
  } catch (cause) {
    const reason = cause instanceof TypeError ? cause.message : "so deep a value";
    throw new DestinationError(
      "INVALID_STATE",
      `The state of stream ${stream} of pipeline ${pipeline} cannot be saved: JSON cannot carry ${reason}.`,
      { cause },
    );
  }
  const target = database.names.table("_sync_state");
  await database.run(
    `INSERT INTO ${target} VALUES ($1, $2, $3, $4, [$5], now())
     ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value, committed_at = excluded.committed_at,
       tables = list_sort(list_distinct(list_concat(tables, excluded.tables)))`,
    [pipeline, stream, BigInt(state.version), value, table],
    [VARCHAR, VARCHAR, BIGINT, VARCHAR, VARCHAR],
  );
}
