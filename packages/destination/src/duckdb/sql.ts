import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";

/** A name as SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL, for the few statements that take no parameters. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Collects the parameters of one statement. */
export class Parameters {
  readonly values: DuckDBValue[] = [];
  readonly types: DuckDBType[] = [];

  /** Takes a value and returns the placeholder that stands for it. */
  add(value: DuckDBValue, type: DuckDBType): string {
    this.values.push(value);
    this.types.push(type);
    return `$${this.values.length}`;
  }
}

/** Where things are inside the file. */
export interface Names {
  readonly schema: string;
  /** The schema as SQL. */
  readonly quotedSchema: string;
  /** A table of the schema as SQL. */
  table(name: string): string;
}

export function namesIn(schema: string): Names {
  return { schema, quotedSchema: quoted(schema), table: (name) => `${quoted(schema)}.${quoted(name)}` };
}
