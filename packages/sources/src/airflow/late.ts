/** What a late commit is told by: a row that the older half of an overlap holds, and that nothing else explains. */
import type { StoredValues } from "@org/destination";
import { type LoggedEvent, runsOfEvent } from "./doubts.ts";
import { type RunId, runKey } from "./keys.ts";

/** The rows that are known to have appeared late. */
export type LateRows<T> = (rows: readonly T[]) => Promise<readonly T[]>;

/**
 * A row may be new to the table, or other than it holds it, for another reason than that it became visible late:
 * somebody changed it, which may leave no stamp, or the server did not list its DAG before. Where nobody may read the
 * event log, a note is told by itself: no commit of the scheduler changes one.
 *
 * @param keyOf tells one row from another
 * @param heldNotes the notes that the table holds of these rows, with their keys
 */
export function lateRows<T extends RunId & { readonly note?: string | null }>(
  events: readonly LoggedEvent[],
  unlisted: readonly string[],
  keyOf: (row: T | StoredValues) => string,
  heldNotes: (rows: readonly T[]) => Promise<readonly StoredValues[]>,
): LateRows<T> {
  const dags = new Set(unlisted);
  const changed = events.filter(({ event }) => /^(patch|bulk)_/.test(event)).flatMap((event) => runsOfEvent(event));
  const runs = new Set(changed.map(runKey));
  return async (rows) => {
    const unexplained = rows.filter((row) => !dags.has(row.dag_id) && !runs.has(runKey(row)));
    if (unexplained.length === 0) return [];
    const notes = new Map((await heldNotes(unexplained)).map((row) => [keyOf(row), row.note]));
    const isNoted = (row: T) => notes.has(keyOf(row)) && notes.get(keyOf(row)) !== (row.note ?? null);
    return unexplained.filter((row) => !isNoted(row));
  };
}
