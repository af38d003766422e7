/** A name as SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL, for the few statements that take no parameters. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Where things are inside the database. */
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
