/** What an agent's SQL may not do where the database would let it. */
import type { SqlReader } from "@org/destination";
import { InsightsError } from "../errors.ts";

/** Texts and comments, which can say anything, and quoted names, in which neither begins. */
const quoted =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$\u0080-\uffff])\$([a-z_]\w*)?\$[\s\S]*?\$\1\$|--[^\n\r]*|\/\*[\s\S]*?\*\//gi;

/** Ways to write texts and names in which a quote, or a letter, looks otherwise; and comments in comments. */
const hiding = /\b(?:e|u&)\s*['"]|\/\*(?:(?!\*\/)[\s\S])*\/\*/i;

/**
 * Functions of PostgreSQL, and of what comes with it, that do more than compute: they change settings, wait, stop others,
 * reach files, large objects and other servers, or run a text as SQL.
 */
const reaching =
  /"?\b(?:set_config|dblink\w*|postgres_fdw\w*|lo_\w+|loread|lowrite|\w*_to_xml\w*|ts_stat|ts_rewrite|xpath_table|crosstab\w*|connectby|pg_(?!(?:typeof|column_size|size_pretty)\b)\w+)"?\s*\(/i;

/**
 * Readers carry out one statement, which changes nothing. Functions of PostgreSQL reach further than tables, as far as
 * the rights of its user do.
 *
 * @throws InsightsError `INVALID_PARAMETER`
 */
export function checkSql(sql: string, dialect: SqlReader["dialect"]): void {
  if (dialect !== "postgres") return;
  if (hiding.test(sql)) {
    throw refused("Write strings in plain quotes, without an E or U& prefix, and do not nest comments.");
  }
  const names = sql.replace(quoted, (found) => (found.startsWith('"') ? found : " "));
  const [found] = reaching.exec(names) ?? [];
  if (found === undefined) return;
  throw refused(`${found.replace(/\W/g, "")} does more than compute from rows, and is not allowed here. Leave it out.`);
}

function refused(message: string): InsightsError {
  return new InsightsError("INVALID_PARAMETER", `query: ${message}`);
}
