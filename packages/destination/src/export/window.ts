/** Which rows an export is of. Moments are texts in the form of timestamps, so that SQLite compares them too. */
import { DestinationError } from "../errors.ts";
import { quoted } from "../sql/names.ts";
import type { SqlReader } from "../sql-reader.ts";
import type { Table } from "../table.ts";
import { microsecondsOf } from "../timestamp.ts";

/** From the first moment to the one before the last: windows that touch share no row. */
export interface ExportWindow {
  /** @default from the first row on */
  readonly since?: string | undefined;
  /** @default up to the last row */
  readonly until?: string | undefined;
}

const dayMs = 86_400_000;

/**
 * A window of whole days in UTC that ends with yesterday: today is not over, and belongs to tomorrow's. So windows of one
 * day that are exported day by day touch, at whatever hour that is.
 */
export function lastDays(days: number, now: number = Date.now()): { readonly since: string; readonly until: string } {
  const midnight = Math.floor(now / dayMs) * dayMs;
  return { since: momentText(midnight - days * dayMs), until: momentText(midnight) };
}

/** The form of timestamps. @param at in ms since 1970 */
export function momentText(at: number): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}

/** @throws DestinationError `FAILED` for what is no moment, or a window that holds none */
export function checkWindow({ since, until }: ExportWindow, changedSince?: string): void {
  for (const [name, moment] of Object.entries({ since, until, changedSince })) {
    if (moment === undefined || microsecondsOf(moment) !== undefined) continue;
    throw new DestinationError("FAILED", `${name} is not a valid time: write it as in ${momentText(0)}.`);
  }
  if (since === undefined || until === undefined || since < until) return;
  throw new DestinationError("FAILED", `The window from ${since} to ${until} is empty.`);
}

/** What picks the rows of a table, as SQL that stands after WHERE. */
export function conditionSql(
  dialect: SqlReader["dialect"],
  { datedBy }: Pick<Table, "datedBy">,
  { since, until }: ExportWindow,
  changedSince?: string,
): string {
  const moment = (text: string) => (dialect === "sqlite" ? `'${text}'` : `TIMESTAMPTZ '${text}'`);
  const parts: string[] = [];
  if (datedBy) {
    const dated = `coalesce(${[...datedBy, "_synced_at"].map(quoted).join(", ")})`;
    if (since !== undefined) parts.push(`${dated} >= ${moment(since)}`);
    if (until !== undefined) parts.push(`${dated} < ${moment(until)}`);
  }
  if (changedSince !== undefined) {
    const from = moment(changedSince);
    parts.push(`(_synced_at >= ${from} OR _deleted_at >= ${from})`);
  }
  return parts.length === 0 ? "1 = 1" : parts.join(" AND ");
}
