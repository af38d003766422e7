/** A database for programs that keep tables of their own, beside those of a destination or in a place of their own. */
import type { SqlDatabase } from "../sql/database.ts";
import { Parameters } from "../sql/parameters.ts";
import type { StoredValues } from "../table.ts";

/** What a statement takes. */
export type ConnectionValue = string | number | null;

/** Statements within a transaction. Values stand where `$1`, `$2` … do. */
export interface Statements {
  /** @returns the number of rows that it changed */
  run(sql: string, ...values: readonly ConnectionValue[]): Promise<number>;
  /** Integers come as numbers. */
  all(sql: string, ...values: readonly ConnectionValue[]): Promise<StoredValues[]>;
}

/** One connection. What is asked of it is done in order. */
export interface Connection {
  /** For messages, without credentials: `sqlite:runner.sqlite`. */
  readonly place: string;
  /** The suffix for a SELECT whose rows no other transaction may change, or read in the same way. */
  readonly forUpdate: string;
  /** A table's name as SQL. */
  table(name: string): string;
  /** The tables that are there. Creates the schema where it is missing. */
  tables(): Promise<ReadonlySet<string>>;
  /**
   * All of the work, or nothing of it.
   *
   * @param doing the beginning of a sentence, for errors: `Starting a run`
   * @throws DestinationError
   */
  transaction<T>(doing: string, work: (statements: Statements) => Promise<T>): Promise<T>;
  /** One query, without a transaction around it. @throws DestinationError */
  read(doing: string, sql: string, ...values: readonly ConnectionValue[]): Promise<StoredValues[]>;
  /** Waits for what was asked before. */
  close(): Promise<void>;
}

/**
 * Opens a SQLite file, which is created where it is missing, or connects to a PostgreSQL server, when something is asked.
 *
 * @param address `sqlite:file`, or `postgres://user@host/database` with all that psql knows, and `?schema=`
 * @throws DestinationError `NOT_A_DESTINATION` for any other address, and what opening may come to
 * @example
 * const connection = await connect("sqlite:runner.sqlite");
 */
export async function connect(address: string): Promise<Connection> {
  const isSqlite = address.startsWith("sqlite:");
  const { open } = isSqlite ? await import("./sqlite.ts") : await import("./postgres.ts");
  const { database, forUpdate } = await open(isSqlite ? address.slice("sqlite:".length) : address);
  return connectionOf(database, forUpdate);
}

function connectionOf(database: SqlDatabase, forUpdate: string): Connection {
  const statements: Statements = {
    run: (sql, ...values) => database.run(sql, parametersOf(values)),
    all: (sql, ...values) => database.read(sql, parametersOf(values)),
  };
  return {
    place: database.place,
    forUpdate,
    table: (name) => database.names.table(name),
    tables: () =>
      database.queue("Looking for tables", () =>
        database.transaction(async () => {
          await database.catalog.createSchema();
          return database.catalog.tables();
        }),
      ),
    transaction: (doing, work) => database.queue(doing, () => database.transaction(() => work(statements))),
    read: (doing, sql, ...values) => database.queue(doing, () => statements.all(sql, ...values)),
    close: () => database.close(),
  };
}

function parametersOf(values: readonly ConnectionValue[]): Parameters {
  const parameters = new Parameters();
  for (const value of values) {
    if (typeof value === "number") parameters.integer(value);
    else parameters.add({ type: "string" }, value);
  }
  return parameters;
}
