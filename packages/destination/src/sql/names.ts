/** Quotes a name for SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for SQL, for the few statements that take no parameters. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** How names are written in SQL. */
export interface Names {
  readonly schema: string;
  /** The quoted schema. */
  readonly quotedSchema: string;
  /** A quoted table, with its schema. */
  table(name: string): string;
}

export function namesIn(schema: string): Names {
  return { schema, quotedSchema: quoted(schema), table: (name) => `${quoted(schema)}.${quoted(name)}` };
}
