/**
 * Task instances as the table holds them: one row per attempt.
 *
 * The row that the server lists stands for its own number. The attempts before it, with 1 <= number < the listed one,
 * come from the task instance's tries, which are asked for when the listed attempt is new to the table; an earlier
 * attempt never changes while a later one is there. Of several tries with one number, the one that ran counts.
 */
import type { TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import type { Row, StoredRow } from "@org/destination";
import { finalTaskStates } from "./doubts.ts";
import { attemptRow, taskInstanceRow, type taskInstancesTable } from "./tables/task-instances.ts";

type AttemptRow = Row<typeof taskInstancesTable>;

export interface WholeTaskInstances {
  readonly rows: readonly AttemptRow[];
  /** Stored rows that were placeholders: an attempt's number before it began, an index before the task expanded. */
  readonly remove: readonly StoredRow[];
}

/**
 * Completes listed task instances with their earlier attempts.
 *
 * @param stored all that the table holds of them, and of the same tasks with map_index -1
 * @param askTries the tries of one task instance, or undefined where they cannot be had
 * @param triesAreDue whether they are to be asked for although the listed attempt is known
 */
export async function whole(
  listed: readonly TaskInstance[],
  stored: readonly StoredRow[],
  askTries: (row: TaskInstance) => Promise<readonly TaskInstanceAttempt[] | undefined>,
  triesAreDue: (row: TaskInstance) => boolean,
): Promise<WholeTaskInstances> {
  const held = Map.groupBy(stored, (row) => instanceKey(row.dag_id, row.dag_run_id, row.task_id, row.map_index));
  const parts = await Promise.all(
    listed.map(async (row) => {
      const { dag_id, dag_run_id, task_id, map_index } = row;
      const known = held.get(instanceKey(dag_id, dag_run_id, task_id, map_index)) ?? [];
      const rows = [taskInstanceRow(row), ...(await earlierAttempts(row, known, askTries, triesAreDue(row)))];
      const numbers = new Set(rows.map(({ try_number }) => Number(try_number)));
      const unexpanded = map_index >= 0 ? (held.get(instanceKey(dag_id, dag_run_id, task_id, -1)) ?? []) : [];
      return { rows, remove: [...known.filter((each) => !numbers.has(Number(each.try_number))), ...unexpanded] };
    }),
  );
  return { rows: parts.flatMap(({ rows }) => rows), remove: parts.flatMap(({ remove }) => remove) };
}

async function earlierAttempts(
  listed: TaskInstance,
  known: readonly StoredRow[],
  askTries: (row: TaskInstance) => Promise<readonly TaskInstanceAttempt[] | undefined>,
  areDue: boolean,
): Promise<readonly AttemptRow[]> {
  if (listed.try_number <= 1) return [];
  const isEarlier = ({ try_number }: { readonly try_number?: unknown }) =>
    Number(try_number) >= 1 && Number(try_number) < listed.try_number;
  const latest = known.find((row) => row.is_latest === true);
  const earlier = known.filter((row) => row.is_latest === false && isEarlier(row));
  const isKnown = latest?.id === listed.id && Number(latest.try_number) === listed.try_number;
  // Their number says nothing: the server's own tries may have gaps, and would be asked for at every sync.
  if (isKnown && !areDue) return earlier as unknown as AttemptRow[];
  const attempts = new Map<number, AttemptRow>();
  // What was seen to its end stays, even where the server's tries have a gap or cannot be had.
  for (const row of known) {
    if (!isEarlier(row) || !finalTaskStates.includes(row.state as string)) continue;
    attempts.set(Number(row.try_number), { ...row, ...earlierColumns } as unknown as AttemptRow);
  }
  const tries = (await askTries(listed)) ?? [];
  // Where the listed attempt is not among them, they are those of a run that was made again under its id meanwhile.
  const isOfListed = tries.some(({ try_number }) => try_number >= listed.try_number);
  for (const attempt of isOfListed ? tries.filter(isEarlier).sort(ranLast) : []) {
    attempts.set(attempt.try_number, attemptRow(attempt, listed));
  }
  return [...attempts.values()];
}

/** What only the present attempt has. */
const earlierColumns = { is_latest: false, id: null, note: null, rendered_map_index: null };

/** Orders attempts so that of those with one number the one that ran, or ran last, comes last. */
function ranLast(a: TaskInstanceAttempt, b: TaskInstanceAttempt): number {
  return Date.parse(a.start_date ?? "1970-01-01T00:00:00Z") - Date.parse(b.start_date ?? "1970-01-01T00:00:00Z");
}

function instanceKey(...parts: unknown[]): string {
  return JSON.stringify(parts);
}
