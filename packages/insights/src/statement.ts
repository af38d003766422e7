/** A question's statement with all that it names in front of it. */
import type { SqlReader } from "@org/destination";
import { conventions } from "./conventions.ts";
import type { Dialect } from "./dialect.ts";
import { type FoundTables, type TableName, tableNames, tableSql } from "./tables.ts";

/**
 * Puts the queries that a statement uses, of the tables and of the conventions, in front of it, each once.
 *
 * @param statement a SELECT, or a WITH that goes on
 */
export function withQueries(
  statement: string,
  found: FoundTables,
  dialect: Dialect,
  reader: Pick<SqlReader, "table">,
): string {
  const texts = new Map<string, string>();
  const add = (sql: string) => {
    const words = new Set(sql.match(/[a-z_]+/g));
    for (const name of [...tableNames, ...Object.keys(conventions)]) {
      if (!words.has(name) || texts.has(name)) continue;
      const text = conventions[name]?.(dialect) ?? tableSql(name as TableName, found, dialect, reader);
      // Before it is looked at: a query never names itself.
      texts.set(name, text);
      add(text);
    }
  };
  add(statement);
  const order = [...tableNames, ...Object.keys(conventions)].filter((name) => texts.has(name));
  const queries = order.map((name) => `${name} AS (${texts.get(name)})`);
  if (queries.length === 0) return statement;
  const rest = /^\s*WITH\s/i.test(statement) ? statement.replace(/^\s*WITH\s+/i, ", ") : `\n${statement}`;
  return `WITH ${queries.join(",\n")}${rest}`;
}
