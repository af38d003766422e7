import type { Destination } from "../destination.ts";
import { openBookkeeping } from "./bookkeeping.ts";
import { Database } from "./database.ts";
import { openFile } from "./open.ts";
import { DuckdbSession } from "./session.ts";
import { namesIn } from "./sql.ts";
import { readContents } from "./transfer.ts";

export { copyDuckdb, type DuckdbQuery, queryDuckdb, type ReadDuckdbOptions, readDuckdb } from "./read.ts";

export interface DuckdbOptions {
  /** The schema that the tables are in; created when it is missing. @default "main" */
  readonly schema?: string;
  /**
   * How much memory DuckDB may take, in its own notation: `512MB`, `4GB`. Its own default is 80 % of the machine's.
   * @default "1GB"
   */
  readonly memoryLimit?: string;
}

const defaults = { schema: "main", memoryLimit: "1GB" } as const satisfies DuckdbOptions;

/**
 * A DuckDB file as destination. Rows and state of a batch become durable in one transaction, or not at all; one writer
 * at a time, held by the operating system's lock on the file.
 *
 * @param path of the file, created when it is missing; its folder must exist. `:memory:` is a database that is empty
 * when a session opens and gone when it closes: for tests.
 * @example
 * const session = await duckdb("orchestration.duckdb").open({ pipeline: "airflow@example.org" });
 */
export function duckdb(path: string, options: DuckdbOptions = {}): Destination {
  const { schema, memoryLimit } = { ...defaults, ...options };
  const place = `duckdb:${path}`;
  return {
    name: place,
    capabilities: { transactional: true, fencing: "lock", maxIdentifierLength: 255, transfer: true },
    async open({ pipeline, signal }) {
      signal?.throwIfAborted();
      const file = await openFile(path, place, `pipeline ${pipeline}`, { memoryLimit });
      const database = new Database(file, place, namesIn(schema), signal);
      try {
        await database.queue("Opening the file", () => openBookkeeping(database));
      } catch (error) {
        await database.close();
        throw error;
      }
      return new DuckdbSession(database, pipeline);
    },
    contents: ({ signal } = {}) => readContents(path, schema, signal),
  };
}
