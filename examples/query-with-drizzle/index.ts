// Asks a SQLite file with Drizzle which Dagster jobs failed most often. The compiler holds Drizzle's columns to the table's.
import { DatabaseSync } from "node:sqlite";
import type { DagsterRun } from "@org/sources/dagster";
import { and, count, desc, eq, isNull, max } from "drizzle-orm";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/sqlite-proxy";

/** The columns that are asked for, of those that `dagsync sync --to sqlite:…` wrote. */
const runs = sqliteTable("dagster_runs", {
  run_id: text().notNull(),
  pipeline_name: text().notNull(),
  status: text().notNull(),
  end_time: text(),
  _deleted_at: text(),
});
type Asked = typeof runs.$inferSelect;
// Does not compile where a column has another name, another type, or may be null.
({}) as Pick<DagsterRun<"sqlite">, keyof Asked> satisfies Asked;

const { SQLITE_FILE = "orchestration.sqlite" } = process.env;
const file = new DatabaseSync(SQLITE_FILE, { readOnly: true });
const database = drizzle(async (sql, parameters) => {
  const statement = file.prepare(sql);
  statement.setReturnArrays(true);
  return { rows: statement.all(...parameters) };
});

const failures = await database
  .select({ job: runs.pipeline_name, failed: count(), last: max(runs.end_time) })
  .from(runs)
  .where(and(eq(runs.status, "FAILURE"), isNull(runs._deleted_at)))
  .groupBy(runs.pipeline_name)
  .orderBy(desc(count()), runs.pipeline_name);

// Moments are text: `2026-11-21T09:30:00.123456Z`.
for (const { job, failed, last } of failures) {
  console.log(`${job}: ${failed} failed, last on ${last?.slice(0, 10)}`);
}
file.close();
