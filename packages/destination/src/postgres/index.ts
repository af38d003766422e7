import type { Destination } from "../destination.ts";
import { takeLease } from "../sql/lease.ts";
import { namesIn } from "../sql/names.ts";
import { readerOf } from "../sql/reader.ts";
import { checkSchemaName } from "../sql/schema-name.ts";
import { SqlSession } from "../sql/session.ts";
import { lookAt } from "../sql/transfer.ts";
import { checkViewName, unionSql } from "../sql/views.ts";
import type { Column, Value } from "../table.ts";
import { valueWithoutNul } from "../text.ts";
import { parseAddress } from "./address.ts";
import { restoreRows, writeRows } from "./commit.ts";
import { PostgresDatabase } from "./database.ts";
import { leaseSql, schemaNames } from "./dialect.ts";
import { loadDriver } from "./driver.ts";
import { jsonbValue } from "./values.ts";
import { makeView } from "./view.ts";

export interface PostgresOptions {
  /** The schema of the tables, created if it is missing. @default "public" */
  readonly schema?: string | undefined;
  /** How long another session stays excluded after this one's last sign of life, in ms. @default 60_000 */
  readonly leaseMs?: number | undefined;
}

/**
 * A PostgreSQL database (13 or newer) as a destination, also through PgBouncer in transaction mode. Rows and state of a
 * batch become durable in one transaction, or not at all. A lease in the database admits one session per pipeline. NUL
 * characters, which PostgreSQL cannot hold, are stored as U+FFFD, in texts and in JSON.
 *
 * @param url `postgresql://user:password@host:5432/database`, with the same meaning as in psql: `sslmode`, several
 * hosts, socket folders, environment variables. Neither user nor password is ever shown.
 * @throws DestinationError `NOT_A_DESTINATION` if it is not such a URL, if it needs something unsupported, or if the
 * schema's name is not allowed
 * @example const session = await postgres(url, { schema: "orchestration" }).open({ pipeline: "airflow@example.org" });
 */
export function postgres(url: string, options: PostgresOptions = {}): Destination {
  const { schema = "public", leaseMs = 60_000 } = options;
  const address = parseAddress(url);
  const { place } = address;
  checkSchemaName(place, schema, schemaNames);
  const connect = async (signal?: AbortSignal) => {
    signal?.throwIfAborted();
    return new PostgresDatabase(await loadDriver(), place, { address, schema, leaseMs, signal });
  };
  return {
    name: place,
    capabilities: { fencing: "lease", leaseMs, maxIdentifierLength: 63, transfer: true },
    heldAs,
    async open({ pipeline, signal }) {
      const database = await connect(signal);
      await takeLease(database, leaseSql, pipeline, leaseMs);
      return new SqlSession(database, pipeline, {
        write: (batch, mode) => writeRows(database, batch, mode),
        restore: (table, rows) => restoreRows(database, table, rows),
      });
    },
    async read({ signal } = {}) {
      return readerOf("postgres", await connect(signal));
    },
    async contents({ signal } = {}) {
      return lookAt(await connect(signal));
    },
    async uniteTables(view) {
      const database = await connect();
      try {
        await database.queue(`Creating the view ${view.view}`, () =>
          database.transaction(async () => {
            await checkViewName(database, view.view);
            const query = unionSql(database, view, (inSchema) => namesIn(inSchema ?? schema));
            await makeView(database, view.view, query);
          }),
        );
      } finally {
        await database.close();
      }
    },
  };
}

function heldAs({ type }: Pick<Column, "type">, value: Value): Value {
  if (type === "string") return valueWithoutNul(value);
  if (type !== "json") return value;
  try {
    // jsonb rejects the escape of NUL too.
    return jsonbValue(valueWithoutNul(value));
  } catch {
    // JSON cannot carry it, or it is nested too deeply: it is held in no form.
    return value;
  }
}
