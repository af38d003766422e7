/**
 * One row that the server cannot print makes every page that it is on an error 500, however often it is asked for. What
 * surrounds it is read in ever smaller parts, by offset: those rows are stored, but nothing is proven by them.
 */
import { createWalk } from "@org/sync-engine";
import type { Ask, OnUnreadable } from "./leaves.ts";
import { pageKey } from "./listings.ts";
import type { AirflowScope } from "./scope.ts";

/** So many rows may be unreadable in one scope before it counts as the server's trouble, not the rows'. */
const MOST_UNREADABLE = 20;

/** How Airflow says that a DAG, a run or a task instance is not there, on all versions. */
const NOT_THERE = /(?<!route )not found|^Unable to obtain dag/;

/** Whether Airflow says that something is not there. A proxy that does not know the address has other words for it. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error && error.code === "NOT_FOUND")) return false;
  return "detail" in error && NOT_THERE.test(String(error.detail));
}

/** Returns an error 500 instead of throwing it. */
export function serverError(error: unknown): Error {
  if (error instanceof Error && "status" in error && error.status === 500) return error;
  throw error;
}

/**
 * Reads what can be read of a scope.
 *
 * @returns whether there was something that cannot be read: if not, the server was unwell for a moment, and what was read
 * by offsets meanwhile proves nothing
 * @throws the cause, when nothing can be read, or too much cannot be read
 */
export async function* readAround<T extends { readonly dag_id: string }>(
  ask: Ask<T>,
  scope: AirflowScope,
  limit: number,
  {
    cause,
    onUnreadable,
    name = JSON.stringify(scope),
  }: { readonly cause: Error; readonly onUnreadable: OnUnreadable; readonly name?: string },
): AsyncGenerator<{ readonly rows: readonly T[] }, boolean> {
  const { total } = await ask(scope, 0, { probe: { offset: 0 } });
  const unreadable: number[] = [];
  const walk = createWalk(name);
  let readable = 0;
  let isEnd = false;

  async function* read(offset: number, count: number): AsyncGenerator<{ readonly rows: readonly T[] }> {
    const answer = await ask(scope, count, { probe: { offset } }).catch(serverError);
    if (!(answer instanceof Error)) {
      const { rows } = answer;
      readable += rows.length;
      isEnd = rows.length === 0;
      if (isEnd) return;
      walk.page(rows.map(pageKey));
      yield { rows };
      // The server may keep to a smaller page.
      if (rows.length < count) yield* read(offset + rows.length, count - rows.length);
      return;
    }
    if (count > 1) {
      const half = Math.floor(count / 2);
      yield* read(offset, half);
      yield* read(offset + half, count - half);
      return;
    }
    unreadable.push(offset);
    if (unreadable.length > MOST_UNREADABLE) throw cause;
  }

  // What comes after its end is no row, whatever the server counts.
  for (let offset = 0; offset < total && !isEnd; offset += limit) yield* read(offset, Math.min(limit, total - offset));
  if (readable === 0) throw cause;
  for (const offset of unreadable) onUnreadable(`row ${offset + 1} of ${total} in ${name}: ${cause.message}`);
  return unreadable.length > 0;
}
