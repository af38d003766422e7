/** Rejects agents' SQL that the database would allow. */
import type { SqlReader } from "@org/destination";
import { InsightsError } from "../errors.ts";

/** Matches strings, comments and quoted names, whose content is arbitrary. */
const quoted =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$\u0080-\uffff])\$([a-z_]\w*)?\$[\s\S]*?\$\1\$|--[^\n\r]*|\/\*[\s\S]*?\*\//gi;

/** Ways to write strings and names in which a quote or a letter looks different, and nested comments. */
const hiding = /\b(?:e|u&)\s*['"]|\/\*(?:(?!\*\/)[\s\S])*\/\*/i;

/**
 * Functions of PostgreSQL and its extensions that do more than compute: change settings, wait, stop other sessions,
 * access files, large objects and other servers, or run text as SQL.
 */
const reaching =
  /"?\b(?:set_config|dblink\w*|postgres_fdw\w*|lo_\w+|loread|lowrite|\w*_to_xml\w*|ts_stat|ts_rewrite|xpath_table|crosstab\w*|connectby|pg_(?!(?:typeof|column_size|size_pretty)\b)\w+)"?\s*\(/i;

/**
 * Readers run a single statement, which changes nothing. PostgreSQL's functions can do more than read tables, as far as
 * their user's privileges go.
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
