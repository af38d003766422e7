/** Which rows an export contains. Times are texts in the form of timestamps, so that SQLite can compare them too. */
import { DestinationError } from "../errors.ts";
import { quoted } from "../sql/names.ts";
import type { SqlReader } from "../sql-reader.ts";
import type { Table } from "../table.ts";
import { microsecondsOf } from "../timestamp.ts";

/** A window, start included, end excluded: adjacent windows share no row. */
export interface ExportWindow {
  /** @default from the first row on */
  readonly since?: string | undefined;
  /** @default up to the last row */
  readonly until?: string | undefined;
}

const dayMs = 86_400_000;

/**
 * A window of full days in UTC that ends with yesterday: today is not over, and belongs to tomorrow's window. So daily
 * exports of one day are adjacent, whatever hour they run at.
 */
export function lastDays(days: number, now: number = Date.now()): { readonly since: string; readonly until: string } {
  const midnight = Math.floor(now / dayMs) * dayMs;
  return { since: momentText(midnight - days * dayMs), until: momentText(midnight) };
}

/** Formats a timestamp. @param at in ms since 1970 */
export function momentText(at: number): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}

/** @throws DestinationError `FAILED` for an invalid time, or an empty window */
export function checkWindow({ since, until }: ExportWindow, changedSince?: string): void {
  for (const [name, moment] of Object.entries({ since, until, changedSince })) {
    if (moment === undefined || microsecondsOf(moment) !== undefined) continue;
    throw new DestinationError("FAILED", `${name} is not a valid time: write it as in ${momentText(0)}.`);
  }
  if (since === undefined || until === undefined || since < until) return;
  throw new DestinationError("FAILED", `The window from ${since} to ${until} is empty.`);
}

/** A row's time, as SQL: the first of its columns that is not null. */
export function datedSql({ datedBy }: Pick<Table, "datedBy">): string | undefined {
  return datedBy && `coalesce(${[...datedBy, "_synced_at"].map(quoted).join(", ")})`;
}

/** The SQL condition, after WHERE, that selects a table's rows. */
export function conditionSql(
  dialect: SqlReader["dialect"],
  table: Pick<Table, "datedBy">,
  { since, until }: { readonly since?: string | null | undefined; readonly until?: string | null | undefined },
  changedSince?: string | undefined,
): string {
  const moment = (text: string) => (dialect === "sqlite" ? `'${text}'` : `TIMESTAMPTZ '${text}'`);
  const parts: string[] = [];
  const dated = datedSql(table);
  if (dated !== undefined) {
    const first = quoted(table.datedBy?.[0] ?? "_synced_at");
    const compare = (comparison: string) => {
      parts.push(`${dated} ${comparison}`);
      // Redundant, but with a condition on a single column DuckDB knows which parts of a table to skip.
      if (dialect === "duckdb") parts.push(`(${first} ${comparison} OR ${first} IS NULL)`);
    };
    if (since != null) compare(`>= ${moment(since)}`);
    if (until != null) compare(`< ${moment(until)}`);
  }
  if (changedSince !== undefined) {
    const from = moment(changedSince);
    parts.push(`(_synced_at >= ${from} OR _deleted_at >= ${from})`);
  }
  return parts.length === 0 ? "1 = 1" : parts.join(" AND ");
}
