/**
 * How a table is cut into files: by whole hours of the times that its rows belong to. An export that ends early goes on with
 * the files that are missing, and what tells whether a file still is what the table holds is asked of all hours at once.
 */
import type { ExportRange, Seen } from "./manifest.ts";
import { momentText } from "./window.ts";

/** The rows of a table that belong to one hour. */
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

/** All rows, whenever they belong. */
export const whole: ExportRange = { since: null, until: null };

const isIn = (moment: string, { since, until }: ExportRange): boolean =>
  (since === null || moment >= since) && (until === null || moment < until);

/** What a range shows of its rows. @param range one that {@link cut} made */
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
 * Ranges that touch, from the first row to the last, with about so many rows each.
 *
 * @param kept ranges of which files exist already; they share no row
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
