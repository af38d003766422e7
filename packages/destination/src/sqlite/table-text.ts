/** The text of CREATE TABLE. SQLite keeps it as it was written, and nothing else shows how users defined a column. */
import { quoted } from "../sql/names.ts";
import type { Table } from "../table.ts";

/** A column's part of the text. */
export interface ColumnText {
  readonly name: string;
  readonly description: string;
  /** Name, type, and constraints. */
  readonly definition: string;
}

/** SQLite has no comments on columns, but keeps those in the statement. */
export function createSql(table: Table, name: string, columns: readonly ColumnText[]): string {
  const comment = (text: string) => `  -- ${text.replaceAll(/\s+/g, " ").trim()}`.trimEnd();
  const lines = columns.map(({ description, definition }) => `${comment(description)}\n  ${definition},`);
  const key = table.primaryKey.map(quoted).join(", ");
  return `CREATE TABLE ${quoted(name)} (\n${[comment(table.description), ...lines].join("\n")}\n  PRIMARY KEY (${key})\n)`;
}

/** A column's definition as we write it. */
export function columnDefinition(name: string, type: string, isRequired: boolean): string {
  return `${quoted(name)} ${type}${isRequired ? " NOT NULL" : ""}`;
}

/** Whether the database itself rejects null in a column. */
export function isRequired(table: Table, name: string): boolean {
  return table.primaryKey.includes(name) || name === "_synced_at";
}

/** Matches a comment, a quoted name or text, or any single character. */
const token = /--[^\n]*|\/\*.*?(?:\*\/|$)|"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|./gs;

/** The definitions of a table's columns, without comments, by name in lower case. */
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

/** The name at the beginning of a definition. */
function nameIn(definition: string): string {
  const [first = ""] = /^(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|[^\s]+)/.exec(definition) ?? [];
  const [quote] = /^["'`[]/.exec(first) ?? [];
  return quote ? first.slice(1, -1).replaceAll(quote + quote, quote) : first;
}
