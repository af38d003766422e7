/**
 * How a table is split into files: by full hours of its rows' times. An interrupted export continues with the missing
 * files; one query for all hours shows whether a file still matches the table.
 */
import type { ExportRange, Seen } from "./manifest.ts";
import { momentText } from "./window.ts";

/** The rows of a table in one hour. */
export interface Hour {
  /** In hours since 1970; 0 for all rows of a table without a history. */
  readonly hour: number;
  readonly rows: number;
  /** The sum of their `_synced_at`, in microseconds since 1970. */
  readonly synced: bigint;
  /** The sum of their `_deleted_at`. */
  readonly deleted: bigint;
}

const hourMs = 3_600_000;

const startOf = ({ hour }: Hour) => momentText(hour * hourMs);

/** All rows, whatever their time. */
export const whole: ExportRange = { since: null, until: null };

const isIn = (moment: string, { since, until }: ExportRange): boolean =>
  (since === null || moment >= since) && (until === null || moment < until);

/** A range's fingerprint. @param range one that {@link cut} made */
export function seenIn(hours: readonly Hour[], range: ExportRange): Seen {
  const sum = { rows: 0, synced: 0n, deleted: 0n };
  for (const hour of hours) {
    if (!isIn(startOf(hour), range)) continue;
    sum.rows += hour.rows;
    sum.synced += hour.synced;
    sum.deleted += hour.deleted;
  }
  return { rows: sum.rows, synced: String(sum.synced), deleted: String(sum.deleted) };
}

/**
 * Adjacent ranges, from the first row to the last, with about the given number of rows each.
 *
 * @param kept ranges whose files already exist; they share no row
 */
export function cut(hours: readonly Hour[], rowsPerFile: number, kept: readonly ExportRange[]): readonly ExportRange[] {
  const ranges: ExportRange[] = [];
  let since: string | null = null;
  for (const range of kept.toSorted((a, b) => ((a.since ?? "") < (b.since ?? "") ? -1 : 1))) {
    if (range.since !== since) ranges.push(...cutGap(hours, rowsPerFile, { since, until: range.since }));
    ranges.push(range);
    since = range.until;
    if (since === null) return ranges;
  }
  return [...ranges, ...cutGap(hours, rowsPerFile, { since, until: null })];
}

function cutGap(hours: readonly Hour[], rowsPerFile: number, gap: ExportRange): readonly ExportRange[] {
  const ranges: ExportRange[] = [];
  let { since } = gap;
  let rows = 0;
  for (const hour of hours) {
    const start = startOf(hour);
    if (!isIn(start, gap)) continue;
    if (rows > 0 && rows + hour.rows > rowsPerFile) {
      ranges.push({ since, until: start });
      since = start;
      rows = 0;
    }
    rows += hour.rows;
  }
  return [...ranges, { since, until: gap.until }];
}
