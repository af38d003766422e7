import { DestinationError } from "../errors.ts";
import type { SqlDatabase } from "../sql/database.ts";
import { literal } from "../sql/names.ts";
import { viewComment } from "./dependents.ts";

/**
 * Creates or replaces a view. A view that only gains columns is replaced, which keeps its privileges; otherwise it is
 * dropped first. Part of a transaction.
 */
export async function makeView(database: SqlDatabase, name: string, query: string): Promise<void> {
  const view = database.names.table(name);
  await database.run("SAVEPOINT before_view");
  try {
    await database.run(`CREATE OR REPLACE VIEW ${view} AS ${query}`);
  } catch (error) {
    // invalid_table_definition: its columns differ from the existing view's.
    if ((error as { code?: unknown }).code !== "42P16") throw error;
    await database.run("ROLLBACK TO SAVEPOINT before_view");
    await dropView(database, name);
    await database.run(`CREATE VIEW ${view} AS ${query}`);
  }
  await database.run(`COMMENT ON VIEW ${view} IS ${literal(viewComment)}`);
}

async function dropView(database: SqlDatabase, name: string): Promise<void> {
  try {
    await database.run(`DROP VIEW ${database.names.table(name)}`);
  } catch (cause) {
    const { code, detail } = cause as { code?: unknown; detail?: unknown };
    // dependent_objects_still_exist
    if (code !== "2BP01") throw cause;
    throw new DestinationError(
      "SCHEMA_CONFLICT",
      `View ${name} in ${database.place} needs other columns, but cannot be recreated because something depends on it: ` +
        `${detail}. The old view stays. Drop the dependents, sync, and create them again.`,
      { cause },
    );
  }
}
