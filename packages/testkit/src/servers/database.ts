import pg from "pg";

/** A row, by column. */
export type QueryRow = Record<string, unknown>;

export interface Database {
  /**
   * Runs one statement. Returns timestamps as `YYYY-MM-DDTHH:MM:SS.ffffffZ` (a `Date` would lose microseconds), `bigint` as
   * number, JSON parsed.
   */
  query<R = QueryRow>(sql: string, parameters?: unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

const { builtins } = pg.types;

/** Opens a PostgreSQL database for tests: a few connections, opened as needed. */
export function openDatabase(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    options: "-c timezone=UTC -c datestyle=ISO",
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  });
  // Ignore idle connections that break because the server stopped.
  pool.on("error", () => {});
  return {
    query: async <R>(sql: string, parameters: unknown[] = []) =>
      (await pool.query<QueryRow>(sql, parameters)).rows as R[],
    close: () => pool.end(),
  };
}

function typeParser(type: number, format?: "text" | "binary") {
  if (type === builtins.TIMESTAMPTZ || type === builtins.TIMESTAMP) return microseconds;
  if (type === builtins.INT8) return Number;
  return pg.types.getTypeParser(type, format ?? "text");
}

/** `2026-11-21 09:30:00.12+00` → `2026-11-21T09:30:00.120000Z` */
function microseconds(text: string): string {
  const [date, time = ""] = text.replace(/\+00$/, "").split(" ");
  const [seconds, fraction = ""] = time.split(".");
  return `${date}T${seconds}.${fraction.padEnd(6, "0")}Z`;
}
