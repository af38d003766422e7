import { existsSync } from "node:fs";
import type { Destination } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { openBookkeeping } from "../sql/bookkeeping.ts";
import { takeLease } from "../sql/lease.ts";
import { quoted } from "../sql/names.ts";
import { SqlSession } from "../sql/session.ts";
import { lookAt } from "../sql/transfer.ts";
import { checkViewName, unionSql } from "../sql/views.ts";
import { valueWithoutNul } from "../text.ts";
import { restoreRows, writeRows } from "./commit.ts";
import { SqliteDatabase } from "./database.ts";
import { leaseSql, names } from "./dialect.ts";
import { toDestinationError } from "./errors.ts";
import { openFile } from "./open.ts";
import { openReader } from "./reader.ts";

export interface SqliteOptions {
  /** How long to wait for other programs that use the file, in ms. @default 10_000 */
  readonly waitMs?: number | undefined;
  /** How long another session stays excluded after this one's last sign of life, in ms. @default 60_000 */
  readonly leaseMs?: number | undefined;
}

/**
 * A SQLite file as a destination, using the SQLite that is part of Node. Rows and state of a batch become durable in
 * one transaction, or not at all. Others may read the file at any time, without permission to write it. A lease in the
 * file admits one session per pipeline. NUL characters are stored as U+FFFD.
 *
 * @param path of the file, created if it is missing; its folder must exist, and not be on a network. `:memory:` is a
 * database that is empty when a session opens and discarded when it closes, for tests.
 * @example const session = await sqlite("orchestration.sqlite").open({ pipeline: "airflow@example.org" });
 */
export function sqlite(path: string, options: SqliteOptions = {}): Destination {
  const { waitMs = 10_000, leaseMs = 60_000 } = options;
  const place = `sqlite:${path}`;
  const connect = async ({ signal, writes = true }: { signal?: AbortSignal | undefined; writes?: boolean } = {}) => {
    signal?.throwIfAborted();
    try {
      const file = await openFile(path, place, { readOnly: !writes });
      const database = new SqliteDatabase(file, place, { waitMs, signal });
      try {
        // This is written to the file, so inspecting someone's file must not do it.
        if (writes) await database.useLog();
        return database;
      } catch (error) {
        await database.close();
        throw error;
      }
    } catch (error) {
      throw toDestinationError(error, place, "Opening the file");
    }
  };
  return {
    name: place,
    capabilities: { fencing: "lease", leaseMs, maxIdentifierLength: 1000, transfer: true },
    // JSON keeps it: its text contains an escape.
    heldAs: ({ type }, value) => (type === "string" ? valueWithoutNul(value) : value),
    async open({ pipeline, signal }) {
      const database = await connect({ signal });
      await takeLease(database, leaseSql, pipeline, leaseMs);
      return new SqlSession(database, pipeline, {
        write: (batch) => writeRows(database, batch),
        restore: (table, rows) => restoreRows(database, table, rows),
      });
    },
    async read({ signal } = {}) {
      signal?.throwIfAborted();
      return openReader(path, place, { waitMs, signal });
    },
    async contents({ signal } = {}) {
      if (!existsSync(path))
        throw new DestinationError("NOT_FOUND", `${place} does not exist: there is no file ${path}.`);
      return lookAt(await connect({ signal, writes: false }));
    },
    async uniteTables(view) {
      const database = await connect();
      try {
        await database.queue(`Creating the view ${view.view}`, () =>
          database.transaction(async () => {
            await openBookkeeping(database);
            await checkViewName(database, view.view);
            const query = unionSql(database, view, (schema) => {
              if (schema === undefined || schema === "main") return names;
              throw new DestinationError(
                "SCHEMA_CONFLICT",
                `${place} has no schema ${schema}: a SQLite file has none.`,
              );
            });
            await database.run(`DROP VIEW IF EXISTS ${quoted(view.view)}`);
            await database.run(`CREATE VIEW ${quoted(view.view)} AS ${query}`);
          }),
        );
      } finally {
        await database.close();
      }
    },
  };
}
