/** Which runs of the table have ended. */
import type { RunStatus } from "@org/dagster-client";
import type { Stored } from "@org/sync-engine/source";
import { timestampOf } from "../../timestamp.ts";
import { runsTable } from "../tables/runs.ts";

/** The table of runs. */
export interface Runs {
  readonly stored: Stored;
  /** Final statuses. */
  readonly ended: readonly RunStatus[];
}

/** Slices of the history hold about this many runs. */
const RUNS_PER_SLICE = 1000;
const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How many have ended. */
export function countEnded({ stored, ended }: Runs): Promise<number> {
  return stored.count(runsTable, { status: { in: ended } });
}

/** Those that have not. */
export async function openRuns({ stored, ended }: Runs, statuses: readonly RunStatus[]): Promise<readonly string[]> {
  const open = statuses.filter((status) => !ended.includes(status));
  return (await stored.keys(runsTable, { status: { in: open } })).map(({ run_id }) => run_id);
}

/**
 * Ended runs that were created or changed since a time, or that had not ended before: an end may be written with a time
 * long past.
 */
export async function changedRuns(
  { stored, ended }: Runs,
  { since, open }: { readonly since: string; readonly open: readonly string[] },
): Promise<readonly string[]> {
  const status = { in: ended };
  const found = [
    await stored.keys(runsTable, { status, update_time: { gte: since } }),
    await stored.keys(runsTable, { status, creation_time: { gte: since } }),
    open.length > 0 ? await stored.keys(runsTable, { status, run_id: { in: open } }) : [],
  ];
  return [...new Set(found.flat().map(({ run_id }) => run_id))];
}

/** Some of the ended runs. */
export interface Slice {
  readonly ids: readonly string[];
  /** Those that last changed before this time are left; null after the last slice. */
  readonly before: string | null;
}

/**
 * Ended runs by when they last changed, newest first, in slices of time.
 *
 * @param before only those that changed before this time; `undefined` for all
 * @param now ms since 1970
 */
export async function* olderRuns(
  { stored, ended }: Runs,
  before: string | undefined,
  now: number,
): AsyncGenerator<Slice> {
  const status = { in: ended };
  let end = before;
  for (let sizeMs = DAY_MS; ; ) {
    const until = end === undefined ? {} : { lt: end };
    if ((await stored.count(runsTable, { status, update_time: { gte: timestampOf(0), ...until } })) === 0) break;
    const start = timestampOf(Math.max(0, (end === undefined ? now : Date.parse(end)) - sizeMs));
    const scope = { status, update_time: { gte: start, ...until } };
    const count = await stored.count(runsTable, scope);
    if (count > 2 * RUNS_PER_SLICE && sizeMs > MINUTE_MS) {
      sizeMs = Math.max(MINUTE_MS, Math.floor((sizeMs * RUNS_PER_SLICE) / count));
      continue;
    }
    if (count > 0) yield { ids: (await stored.keys(runsTable, scope)).map(({ run_id }) => run_id), before: start };
    if (count < RUNS_PER_SLICE / 2) sizeMs *= 2;
    end = start;
  }
  const undated = await stored.keys(runsTable, { status, update_time: { in: [null] } });
  yield { ids: undated.map(({ run_id }) => run_id), before: null };
}
