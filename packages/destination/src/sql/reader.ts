/** Shared by the SQL adapters' readers. */
import { DestinationError } from "../errors.ts";
import type { Dumped, DumpOptions, QueryOptions, SqlParameter, SqlReader } from "../sql-reader.ts";
import { storedForm } from "../stored-form.ts";
import type { Columns, ColumnType, StoredValues, Value } from "../table.ts";
import type { Names } from "./names.ts";
import { Parameters } from "./parameters.ts";

/** The number of rows in a page, if the adapter decides. */
export const readerPageRows = 2000;

/** A connection that only reads. */
export interface ReadableDatabase {
  readonly names: Names;
  queue<T>(doing: string, work: () => Promise<T>): Promise<T>;
  /** Reads a result page by page, to the end or until the iteration is left. */
  pages(sql: string, parameters: Parameters, columns?: Columns): AsyncIterable<readonly StoredValues[]>;
  dump?(sql: string, options: DumpOptions): Promise<Dumped>;
  /** A connection has one result at a time, so its turn lasts until the last page was taken. */
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  close(): Promise<void>;
}

export function readerOf(dialect: SqlReader["dialect"], database: ReadableDatabase): SqlReader {
  async function* pages(sql: string, given: readonly SqlParameter[] = [], { columns }: QueryOptions = {}) {
    const parameters = parametersOf(given);
    // Rejects with the converted error.
    const [begun, turn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const work = database.queue("The query", () => {
      begun.resolve();
      return turn.promise;
    });
    await Promise.race([begun.promise, work]);
    try {
      yield* database.pages(sql, parameters, columns);
    } catch (error) {
      turn.reject(error);
      // A reader of a database that would also carry out statements that write.
      await work;
    } finally {
      turn.resolve();
      await work.catch(() => undefined);
    }
  }
  return {
    dialect,
    table: ({ name }) => database.names.table(name),
    pages,
    query: async (...statement) => (await Array.fromAsync(pages(...statement))).flat(),
    ...(database.dump && {
      dump: (sql, options) => database.queue("Writing rows", () => dumped(database, sql, options)),
    }),
    ...(database.freeze && { snapshot: (work) => inSnapshot(database, work) }),
    close: () => database.close(),
  };
}

const dumped = (database: ReadableDatabase, sql: string, options: DumpOptions) =>
  (database.dump as NonNullable<ReadableDatabase["dump"]>)(sql, options);

async function inSnapshot<T>(database: ReadableDatabase, work: () => Promise<T>): Promise<T> {
  await database.queue("Reading", async () => database.freeze?.());
  try {
    return await work();
  } finally {
    // Where it cannot be ended, it ends with the connection.
    await database.queue("Reading", async () => database.thaw?.()).catch(() => undefined);
  }
}

const reads =
  /^(?:\s|--.*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:select|with|values|from|explain|describe|show|summarize|pivot|table)\b/i;

/** A reader of a database that does not restrict itself to queries. */
export function onlyReading(reader: SqlReader, place: string): SqlReader {
  const check = (sql: string) => {
    if (reads.test(sql)) return;
    throw new DestinationError("FAILED", `A query of ${place} only reads: begin it with SELECT, WITH or VALUES.`);
  };
  return {
    ...reader,
    async query(sql, ...rest) {
      check(sql);
      return reader.query(sql, ...rest);
    },
    async *pages(sql, ...rest) {
      check(sql);
      yield* reader.pages(sql, ...rest);
    },
  };
}

function parametersOf(given: readonly SqlParameter[]): Parameters {
  const parameters = new Parameters();
  for (const [index, parameter] of given.entries()) {
    const { type, value } = typed(parameter);
    try {
      parameters.add({ type }, storedForm({ type, nullable: true, description: "" }, value));
    } catch (error) {
      throw new DestinationError("FAILED", `Parameter $${index + 1} of the query: ${(error as Error).message}.`);
    }
  }
  return parameters;
}

function typed(parameter: SqlParameter): { readonly type: ColumnType; readonly value: unknown } {
  if (typeof parameter === "object" && parameter !== null && isTyped(parameter)) return parameter;
  switch (typeof parameter) {
    case "bigint":
      return { type: "int64", value: parameter };
    case "number":
      return { type: Number.isSafeInteger(parameter) ? "int64" : "float64", value: parameter };
    case "boolean":
      return { type: "boolean", value: parameter };
    case "object":
      return { type: parameter === null ? "string" : "json", value: parameter };
    default:
      return { type: "string", value: parameter };
  }
}

function isTyped(parameter: object): parameter is { readonly type: ColumnType; readonly value: Value } {
  return "type" in parameter && "value" in parameter;
}
