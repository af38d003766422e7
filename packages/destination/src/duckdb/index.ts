import { existsSync } from "node:fs";
import type { Destination } from "../destination.ts";
import { openBookkeeping } from "../sql/bookkeeping.ts";
import { takeLease } from "../sql/lease.ts";
import { namesIn } from "../sql/names.ts";
import { checkSchemaName } from "../sql/schema-name.ts";
import { SqlSession } from "../sql/session.ts";
import { lookAt } from "../sql/transfer.ts";
import { checkViewName, unionSql } from "../sql/views.ts";
import { checkCopy, leavingCopy } from "./copy.ts";
import { Database } from "./database.ts";
import { leaseSql, schemaNames } from "./dialect.ts";
import { isMotherDuck, openFile } from "./open.ts";
import { readersOf } from "./reader.ts";
import { rowWriter } from "./row-writer.ts";

export { copyDuckdb, type DuckdbQuery, queryDuckdb, type ReadDuckdbOptions, readDuckdb } from "./read.ts";

export interface DuckdbOptions {
  /** The schema of the tables, created if it is missing. @default "main" */
  readonly schema?: string | undefined;
  /**
   * DuckDB's memory limit, in its own notation: `512MB`, `4GB`. Its own default is 80 % of the machine's memory.
   * @default "1GB", and more if the rows that it reads at once are larger
   */
  readonly memoryLimit?: string | undefined;
  /**
   * Where each session leaves a copy of the file for readers when it closes. `read` and `contents` then read
   * the copy, so they do not wait for a sync. It is replaced as a whole, never changed.
   * @default none: readers wait until no session is open
   */
  readonly copy?: string | undefined;
  /**
   * For MotherDuck: how long another session stays excluded after this one's last sign of life, in ms. @default 60_000
   */
  readonly leaseMs?: number | undefined;
}

/**
 * A DuckDB file as a destination. Rows and state of a batch become durable in one transaction, or not at all. The
 * operating system's lock on the file admits one writer at a time.
 *
 * `md:database` is a MotherDuck database, with the token in the environment (`motherduck_token`). A lease admits one
 * session per pipeline. Not tested against MotherDuck itself.
 *
 * @param path of the file, created if it is missing; its folder must exist. `:memory:` is a database that is empty when
 * a session opens and discarded when it closes, for tests.
 * @throws DestinationError `NOT_A_DESTINATION` if the schema's name is not allowed
 * @example const session = await duckdb("orchestration.duckdb").open({ pipeline: "airflow@example.org" });
 */
export function duckdb(path: string, options: DuckdbOptions = {}): Destination {
  const { schema = "main", memoryLimit, leaseMs = 60_000, copy } = options;
  const isShared = isMotherDuck(path);
  const place = `duckdb:${path}`;
  checkSchemaName(place, schema, schemaNames);
  const openDatabase = async (holder: string, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    // A batch is too small to be divided: more threads would look for work as long as it is written.
    const threads = isShared ? undefined : 1;
    const file = await openFile(path, place, holder, { memoryLimit, threads });
    const database = new Database(file, place, namesIn(schema), signal);
    try {
      await database.queue("Opening the file", () => database.transaction(() => openBookkeeping(database)));
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  };
  const readable = copy ?? path;
  const read = readersOf({
    place: `duckdb:${readable}`,
    names: namesIn(schema),
    open: () => openFile(readable, `duckdb:${readable}`, "a reader", { memoryLimit, readOnly: true }),
  });
  const isPlainFile = !isShared && path !== ":memory:" && schema === "main";
  return {
    name: place,
    ...(isPlainFile && { duckdbFile: path }),
    capabilities: {
      ...(isShared ? { fencing: "lease", leaseMs } : { fencing: "lock" }),
      maxIdentifierLength: 255,
      transfer: true,
    },
    async open({ pipeline, signal }) {
      if (copy !== undefined) await checkCopy(copy);
      const database = await openDatabase(`pipeline ${pipeline}`, signal);
      if (isShared) await takeLease(database, leaseSql, pipeline, leaseMs);
      const session = new SqlSession(database, pipeline, rowWriter(database));
      return copy === undefined ? session : leavingCopy(session, path, copy);
    },
    read,
    async uniteTables(view) {
      const database = await openDatabase(`the view ${view.view}`);
      try {
        await database.queue(`Creating the view ${view.view}`, () =>
          database.transaction(async () => {
            await checkViewName(database, view.view);
            const query = unionSql(database, view, (inSchema) => namesIn(inSchema ?? schema));
            await database.run(`CREATE OR REPLACE VIEW ${database.names.table(view.view)} AS ${query}`);
          }),
        );
      } finally {
        await database.close();
      }
    },
    async contents({ signal } = {}) {
      // What readers read. A first session may not have left its copy yet.
      const from = copy !== undefined && existsSync(copy) ? copy : path;
      const file = await openFile(from, `duckdb:${from}`, "a reader", { memoryLimit, readOnly: true });
      return lookAt(new Database(file, `duckdb:${from}`, namesIn(schema), signal));
    },
  };
}
