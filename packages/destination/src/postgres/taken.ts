/** Checks that a table stores what it is given: a user's triggers, rules and policies may drop rows silently. */
import { DestinationError } from "../errors.ts";
import { literal } from "../sql/names.ts";
import type { Parameters } from "../sql/parameters.ts";
import { rowsLost } from "../sql/rows-lost.ts";
import type { Table } from "../table.ts";
import type { PostgresDatabase } from "./database.ts";

/** Checks what was written to a table. */
export interface Watch {
  /** @throws DestinationError `ROWS_LOST` if a query finds rows that are not as they were written */
  expectNone(from: string, parameters?: Parameters): Promise<void>;
  /** The same if an update, which is rolled back, does not reach as many rows as a query finds. */
  expectReachable(from: string, update: string): Promise<void>;
}

/** What users may have added to a table. */
export interface Made {
  /** Undefined if nothing could drop rows, so that nothing has to be checked. */
  readonly watch: Watch | undefined;
  readonly isPartitioned: boolean;
}

/**
 * Inspects a table. Part of a transaction.
 *
 * @throws DestinationError `ROWS_LOST` for rules, since PostgreSQL does not support MERGE on a table that has some
 */
export async function lookAt(database: PostgresDatabase, table: Table): Promise<Made> {
  const target = `${literal(database.names.table(table.name))}::regclass`;
  const [found] = await database.read(
    `SELECT relhastriggers AS triggers, relrowsecurity AS policies, relkind = 'p' AS partitioned,
       (SELECT string_agg(rulename, ', ' ORDER BY rulename) FROM pg_rewrite
        WHERE relhasrules AND ev_class = pg_class.oid AND ev_type IN ('2', '3', '4') AND ev_enabled <> 'D') AS rules
     FROM pg_class WHERE oid = ${target}`,
  );
  if (found?.rules) {
    throw new DestinationError(
      "ROWS_LOST",
      `Table ${table.name} in ${database.place} has rules that do not store rows as they are: ${found.rules}. Drop ` +
        "them, or move them to a view of the table. Nothing was stored.",
    );
  }
  const isPartitioned = found?.partitioned === true;
  if (!found?.triggers && !found?.policies) return { watch: undefined, isPartitioned };
  const by = found.policies ? "the table's triggers and policies (row security)" : "the table's triggers";
  const count = async (from: string, parameters?: Parameters) => {
    const [counted] = await database.read(`SELECT count(*) AS count FROM ${from}`, parameters);
    return Number(counted?.count);
  };
  const expect = (lost: number) => {
    if (lost > 0) throw rowsLost(database, table, lost, by);
  };
  const watch: Watch = {
    async expectNone(from, parameters) {
      // Errors of deferred constraints could not be attributed to rows.
      await database.run("SET CONSTRAINTS ALL IMMEDIATE");
      expect(await count(from, parameters));
    },
    async expectReachable(from, update) {
      const wanted = await count(from);
      if (wanted === 0) return;
      await database.run("SAVEPOINT before_trying");
      const reached = await database.run(update);
      await database.run("ROLLBACK TO SAVEPOINT before_trying");
      expect(wanted - reached);
    },
  };
  return { watch, isPartitioned };
}
