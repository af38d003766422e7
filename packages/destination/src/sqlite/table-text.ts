/** The text of CREATE TABLE: SQLite keeps it as it was written, and nothing else says how people made a column. */
import { quoted } from "../sql/names.ts";
import type { Table } from "../table.ts";

/** A column as it stands in the text. */
export interface ColumnText {
  readonly name: string;
  readonly description: string;
  /** Name, type, and what else belongs to it. */
  readonly definition: string;
}

/** SQLite has no comments on columns, but keeps those in the statement. */
export function createSql(table: Table, name: string, columns: readonly ColumnText[]): string {
  const comment = (text: string) => `  -- ${text.replaceAll(/\s+/g, " ").trim()}`.trimEnd();
  const lines = columns.map(({ description, definition }) => `${comment(description)}\n  ${definition},`);
  const key = table.primaryKey.map(quoted).join(", ");
  return `CREATE TABLE ${quoted(name)} (\n${[comment(table.description), ...lines].join("\n")}\n  PRIMARY KEY (${key})\n)`;
}

/** A column as we make it. */
export function columnDefinition(name: string, type: string, isRequired: boolean): string {
  return `${quoted(name)} ${type}${isRequired ? " NOT NULL" : ""}`;
}

/** Whether a column is never null in the database itself. */
export function isRequired(table: Table, name: string): boolean {
  return table.primaryKey.includes(name) || name === "_synced_at";
}

/** A comment, a name or text in quotes, or one more character. */
const token = /--[^\n]*|\/\*.*?(?:\*\/|$)|"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|./gs;

/** The definitions of a table's columns, without comments, by their names in lower case. */
export function definitionsIn(sql: string): ReadonlyMap<string, string> {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const [text] of sql.matchAll(token)) {
    if (text === ")") depth -= 1;
    if (depth > 0 && !text.startsWith("--") && !text.startsWith("/*")) {
      if (depth === 1 && text === ",") {
        parts.push(part);
        part = "";
      } else part += text;
    }
    if (text === "(") depth += 1;
  }
  const definitions = [...parts, part].map((each) => each.trim());
  return new Map(definitions.map((each) => [nameIn(each).toLowerCase(), each]));
}

/** The name that a definition begins with. */
function nameIn(definition: string): string {
  const [first = ""] = /^(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|[^\s]+)/.exec(definition) ?? [];
  const [quote] = /^["'`[]/.exec(first) ?? [];
  return quote ? first.slice(1, -1).replaceAll(quote + quote, quote) : first;
}
