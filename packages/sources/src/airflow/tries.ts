/** The earlier attempts of task instances, and those that could not be had. */
import type { TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import { isTooLarge, type SourceContext } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import type { OnUnreadable } from "./ask.ts";
import { type RunId, runKey } from "./keys.ts";
import { serverError } from "./server-errors.ts";

export interface Tries {
  /** All attempts of a task instance that the server knows, or undefined where they cannot be had. */
  tries(row: TaskInstance): Promise<readonly TaskInstanceAttempt[] | undefined>;
  /**
   * Runs whose task instances are still to be read, or whose tries could not be read in this sync: a state holds them until
   * they were.
   */
  owedTries(): readonly RunId[];
  /** Has the task instances of runs read, by this sync or a later one. Tries of attempts that are known are not due. */
  readLater(runs: readonly RunId[]): void;
  /** Makes the tries of runs due, and the runs' task instances with them. */
  askTriesAgain(runs: readonly RunId[]): void;
  /** Runs of both kinds that were not read yet. */
  dueTries(): readonly RunId[];
  triesAreDue(row: RunId): boolean;
  /** To be called when runs were read whole. */
  triesWereAsked(runs: readonly RunId[]): void;
}

export function createTries(api: AirflowApi, onUnreadable: OnUnreadable, { emit }: SourceContext): Tries {
  const unread = new Map<string, RunId>();
  const due = new Map<string, RunId>();
  const later = new Map<string, RunId>();
  const add = (to: Map<string, RunId>, runs: readonly RunId[]) => {
    for (const { dag_id, dag_run_id } of runs) to.set(runKey({ dag_id, dag_run_id }), { dag_id, dag_run_id });
  };
  let saidUnreachable = false;
  return {
    owedTries: () => [...new Map([...due, ...later, ...unread]).values()],
    readLater: (runs) => add(later, runs),
    askTriesAgain: (runs) => add(due, runs),
    dueTries: () => [...new Map([...due, ...later]).values()],
    triesAreDue: (row) => due.has(runKey(row)),
    triesWereAsked(runs) {
      for (const run of runs) for (const kind of [due, later]) kind.delete(runKey(run));
    },
    async tries(row) {
      const tries = await api.tries(row).catch(unanswered);
      if (tries instanceof Error) {
        unread.set(runKey(row), { dag_id: row.dag_id, dag_run_id: row.dag_run_id });
        const where = `the tries of ${row.task_id} in run ${row.dag_run_id} of ${row.dag_id}: ${tries.message}`;
        onUnreadable({ where, isTooLarge: isTooLarge(tries) });
        return undefined;
      }
      if (!tries && !saidUnreachable) {
        saidUnreachable = true;
        const message = `The earlier attempts of ${row.task_id} in run ${row.dag_run_id} of ${row.dag_id}, and maybe of others, cannot be requested: an id does not fit into a URL (it may contain a slash), or the run is gone. Attempts seen earlier are kept.`;
        emit({ type: "notice", code: "TRIES_UNREACHABLE", message });
      }
      return tries;
    },
  };
}

/** How a server says that it does not know which task instance is meant. */
const NOT_UNDERSTOOD = [400, 409, 422];

/** Returns an error by which the tries of this task instance only are not to be had, instead of throwing it. */
function unanswered(error: unknown): Error {
  const isRefused = error instanceof Error && "status" in error && NOT_UNDERSTOOD.includes(error.status as number);
  return isRefused ? error : serverError(error);
}
