/**
 * Counts overlapping intervals over time by sweeping over their starts and ends. An interval includes its start and
 * excludes its end: one that ends when another starts never overlaps it.
 */
import type { Micros, Window } from "./moments.ts";

/** An interval to count, in SQL: the time from `from` to `to` of a table's rows. */
export interface Counted {
  /** Columns that group the rows, in the order of the sweep's keys. */
  readonly keys: readonly string[];
  readonly from: string;
  readonly to: string;
  /** How much each level rises during it, in the order of the sweep's levels. */
  readonly by: readonly string[];
  /** `FROM … WHERE …`. */
  readonly of: string;
}

export interface Sweep {
  /** Names of the keys. */
  readonly keys: readonly string[];
  /** Names of the levels. */
  readonly levels: readonly string[];
  readonly intervals: readonly Counted[];
  /**
   * Where times are split: each part of a level lies between two of them. In order, starting with the window's start.
   */
  readonly marks: readonly Micros[];
  readonly window: Window;
}

/**
 * Queries for WITH, the last of which is `levels`: the parts of the window in which nothing changes, with the keys,
 * `instant` and `length` in microseconds, the number of the last `mark`, and each level.
 */
export function levelsSql({ keys, levels, intervals, marks, window }: Sweep, values: (marks: number[][]) => string) {
  const list = (names: readonly string[]) => names.map((name) => `${name}, `).join("");
  const named = (columns: readonly string[], names: readonly string[]) =>
    columns.map((column, at) => `${column} AS ${names[at]}`);
  const cut = ({ keys: own, from, to, by, of }: Counted) =>
    `SELECT ${[...named(own, keys), `${from} AS began`, `${to} AS gone`, ...named(by, levels)].join(", ")} ${of}`;
  const clipped = `began < ${window.to} AND gone > ${window.from} AND gone > began`;
  const order = `OVER (${keys.length > 0 ? `PARTITION BY ${keys.join(", ")} ` : ""}ORDER BY instant)`;
  const zeros = levels.map(() => "0").join(", ");
  return `
    marks (number, mark_at) AS (${values([...marks, window.to].map((at, number) => [number, at]))}),
    intervals AS (SELECT * FROM (${intervals.map(cut).join(" UNION ALL ")}) AS counted WHERE ${clipped}),
    changes AS (
      SELECT ${list(keys)}CASE WHEN began > ${window.from} THEN began ELSE ${window.from} END AS instant, -1 AS mark, ${levels.join(", ")} FROM intervals
      UNION ALL
      SELECT ${list(keys)}gone, -1, ${levels.map((level) => `-(${level})`).join(", ")} FROM intervals WHERE gone < ${window.to}
      UNION ALL
      SELECT ${list(keys)}mark_at, number, ${zeros} FROM ${keys.length > 0 ? `(SELECT DISTINCT ${keys.join(", ")} FROM intervals) AS every_one CROSS JOIN marks` : "marks"}),
    instants AS (
      SELECT ${list(keys)}instant, max(mark) AS mark, ${levels.map((level) => `sum(${level}) AS ${level}`).join(", ")}
      FROM changes GROUP BY ${list(keys)}instant),
    levels AS (
      SELECT * FROM (
        SELECT ${list(keys)}instant, lead(instant) ${order} - instant AS length, max(mark) ${order} AS mark,
          ${levels.map((level) => `sum(${level}) ${order} AS ${level}`).join(", ")}
        FROM instants) AS parts WHERE length > 0)`;
}

/** Attempts that occupy a worker, from their start on. Unfinished ones count up to `asOf`. With the alias `e`. */
export function activeExecutions(asOf: Micros): { readonly to: string; readonly where: string } {
  return {
    to: `coalesce(e.ended, ${asOf})`,
    where: `(e.ended IS NOT NULL OR (e.is_latest = 1 AND e.purged_at IS NULL
      AND e.state IN ('running', 'restarting', 'deferred', 'up_for_reschedule')))`,
  };
}
