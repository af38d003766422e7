/**
 * Task instances in the table's form: one row per attempt.
 *
 * The row that the server lists stands for its own number. The attempts before it, with 1 <= number < the listed one,
 * come from the task instance's tries, which are asked for when the listed attempt is new to the table; an earlier
 * attempt never changes while a later one is there. Of several tries with one number, the one that ran counts.
 */
import type { TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import type { Row, Scope } from "@org/destination";
import type { Stored } from "@org/sync-engine/source";
import { finalTaskStates } from "./doubts.ts";
import { identityOf, key, knowsRegions, NO_INDEX, NO_REGION, type TaskInstanceId, taskInstanceKey } from "./keys.ts";
import type { Reading } from "./kind.ts";
import { runScope } from "./pending.ts";
import { columnsOf } from "./purged.ts";
import { attemptRow, taskInstanceRow, taskInstancesTable } from "./tables/task-instances.ts";

/** An attempt in the table's form. */
export type AttemptRow = Row<typeof taskInstancesTable>;

/** Requests the tries of a task instance. Returns undefined if they are not available. */
export type AskAttempts = (row: TaskInstance) => Promise<readonly TaskInstanceAttempt[] | undefined>;

export interface WholeTaskInstances {
  readonly rows: readonly AttemptRow[];
  /** Stored rows that were placeholders, such as an attempt before it started, or whose key has changed. */
  readonly remove: readonly AttemptRow[];
}

/** Requests the tries of task instances. If some could not be read, their run becomes pending. */
export function askingFor({
  airflow,
  pending,
  asked,
  kept,
}: Pick<Reading<never, never>, "airflow" | "pending" | "asked" | "kept">): AskAttempts {
  return async (row) => {
    if (kept.outstanding) asked.add(attemptKey(row));
    const { attempts, isUnread } = await airflow.tries(row);
    if (isUnread) pending.keep("tries", runScope(row));
    return attempts;
  };
}

/** All stored rows of listed task instances, including those from before they had an index or a region. */
export async function heldOf(listed: readonly TaskInstance[], stored: Stored): Promise<readonly AttemptRow[]> {
  const ids = listed.map(identityOf);
  const column = (name: keyof TaskInstanceId, ...more: number[]) => ({
    in: [...new Set([...more, ...ids.map((id) => id[name])])],
  });
  const scope = {
    dag_id: column("dag_id"),
    dag_run_id: column("dag_run_id"),
    task_id: column("task_id"),
    map_index: column("map_index", NO_INDEX),
    // Not by region: a position in a loop may be stored under the region that a clear replaced.
    region_index: column("region_index", NO_INDEX),
  };
  return stored.keys(taskInstancesTable, scope as Scope<typeof taskInstancesTable>, columnsOf(taskInstancesTable));
}

/**
 * Completes listed task instances with their earlier attempts.
 *
 * @param stored all stored rows of them, including those from before they had an index or a region
 * @param askTries requests the tries of one task instance; undefined if not available
 * @param triesAreDue whether to request them even if the listed attempt is known
 */
export async function withEarlierAttempts(
  listed: readonly TaskInstance[],
  stored: readonly AttemptRow[],
  askTries: AskAttempts,
  triesAreDue: boolean,
): Promise<WholeTaskInstances> {
  const held = Map.groupBy(stored, taskInstanceKey);
  const keysById = new Map(
    stored.filter(({ is_latest }) => is_latest === true).map((row) => [row.id, taskInstanceKey(row)]),
  );
  const parts = await Promise.all(
    listed.map(async (row) => {
      const known = held.get(taskInstanceKey(row)) ?? [];
      const former = formerKeys(row, keysById.get(row.id)).flatMap((each) => held.get(each) ?? []);
      const moved = former.filter((each) => isSamePlace(each, row)).map((each) => ({ ...each, ...identityOf(row) }));
      const earlier = await earlierAttempts(row, { known, moved, askTries, triesAreDue });
      const rows = [taskInstanceRow(row), ...earlier];
      return { rows, remove: [...known, ...former] };
    }),
  );
  const rows = parts.flatMap((part) => part.rows);
  const keep = new Set(rows.map(attemptKey));
  return { rows, remove: parts.flatMap(({ remove }) => remove).filter((row) => !keep.has(attemptKey(row))) };
}

/** Identifies an attempt. */
export function attemptKey(row: AttemptRow | TaskInstance): string {
  return key(taskInstanceKey(row), Number(row.try_number));
}

/**
 * Older keys under which the table may hold a listed task instance: the one with its id; its placeholder's, if it expanded;
 * and its own without a region, if it was mapped before the server had regions. The last only applies outside loops.
 */
function formerKeys(listed: TaskInstance, keyOfId: string | undefined): readonly string[] {
  const now = identityOf(listed);
  const placeholder = { map_index: NO_INDEX, region_index: NO_INDEX };
  const unregioned = { region_id: NO_REGION, region_index: NO_INDEX };
  const isMapped = now.map_index >= 0;
  const keys = [
    ...(keyOfId ? [keyOfId] : []),
    ...(isMapped ? [taskInstanceKey({ ...now, ...placeholder })] : []),
    ...(isMapped && !listed.in_loop
      ? [taskInstanceKey({ ...now, ...unregioned }), taskInstanceKey({ ...now, ...placeholder, ...unregioned })]
      : []),
  ];
  return [...new Set(keys)].filter((each) => each !== taskInstanceKey(now));
}

/** Whether stored rows are attempts of the listed task instance, rather than of a placeholder or another iteration. */
function isSamePlace(stored: AttemptRow, listed: TaskInstance): boolean {
  return !listed.in_loop && Number(stored.map_index) === listed.map_index;
}

interface Sources {
  /** Its stored rows. */
  readonly known: readonly AttemptRow[];
  /** Its stored rows under an older key. */
  readonly moved: readonly AttemptRow[];
  readonly triesAreDue: boolean;
  readonly askTries: AskAttempts;
}

/** The attempts before a listed one: from the table if the listed one is known, otherwise from its tries. */
export async function earlierAttempts(
  listed: TaskInstance,
  { known, moved, askTries, triesAreDue }: Sources,
): Promise<readonly AttemptRow[]> {
  if (listed.try_number <= 1) return [];
  const isEarlier = ({ try_number }: { readonly try_number?: unknown }) =>
    Number(try_number) >= 1 && Number(try_number) < listed.try_number;
  const latest = known.find((row) => row.is_latest === true);
  const earlier = known.filter((row) => row.is_latest === false && isEarlier(row));
  const isKnown = latest?.id === listed.id && Number(latest.try_number) === listed.try_number && moved.length === 0;
  // Do not compare their number: the server's own tries may have gaps, and would be requested at every sync.
  if (isKnown && !triesAreDue) return earlier;
  const attempts = new Map<number, AttemptRow>();
  // Attempts that were seen to their end stay, even if the server's tries lack them or are not available.
  for (const row of [...moved, ...known]) {
    if (!isEarlier(row) || !hasEnded(row)) continue;
    attempts.set(Number(row.try_number), { ...row, ...earlierColumns(listed) });
  }
  const tries = (await askTries(listed)) ?? [];
  // If the listed attempt is not among them, they belong to a run that has been created again under its id since.
  const isOfListed = tries.some(({ try_number }) => try_number >= listed.try_number);
  for (const attempt of isOfListed ? tries.filter(isEarlier).sort(ranLast) : []) {
    attempts.set(attempt.try_number, attemptRow(attempt, listed));
  }
  return [...attempts.values()];
}

/** An earlier attempt has ended, whatever its state: since Airflow 3.4, a retried one may keep `up_for_retry`. */
function hasEnded({ is_latest, state }: AttemptRow): boolean {
  return is_latest === false || finalTaskStates.includes(state as string);
}

/** Columns that an attempt's row loses once a later attempt is listed, since the server does not return them then. */
function earlierColumns(listed: TaskInstance) {
  return { is_latest: false, rendered_map_index: null, ...(!knowsRegions(listed) && { id: null, note: null }) };
}

/** Sorts attempts so that, among those with the same number, the one that ran last comes last. */
function ranLast(a: TaskInstanceAttempt, b: TaskInstanceAttempt): number {
  return Date.parse(a.start_date ?? "1970-01-01T00:00:00Z") - Date.parse(b.start_date ?? "1970-01-01T00:00:00Z");
}
