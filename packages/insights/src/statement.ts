/** Completes a question's statement with everything that it refers to. */
import type { SqlReader } from "@org/destination";
import { conventions } from "./conventions.ts";
import type { Dialect } from "./dialect.ts";
import { type FoundTables, type TableName, tableNames, tableSql } from "./tables.ts";

/**
 * Prepends the queries that a statement uses, for tables and conventions, each once.
 *
 * @param statement a SELECT, or the continuation of a WITH
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
      // Set before it is searched: a query never refers to itself.
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
