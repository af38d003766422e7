/** The earlier attempts of task instances. */
import type { TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import { isTooLarge, type SourceContext } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import type { OnUnreadable } from "./ask.ts";
import { caught500 } from "./server-errors.ts";

/** All attempts of a task instance that the server knows. */
export interface Tries {
  /** Undefined if they cannot be requested, or could not be read. */
  readonly attempts: readonly TaskInstanceAttempt[] | undefined;
  /** They have to be requested again. */
  readonly isUnread?: true;
}

/** Requests the attempts of one task instance. Failures are reported. */
export type AskTries = (row: TaskInstance) => Promise<Tries>;

export function createTries(api: AirflowApi, onUnreadable: OnUnreadable, { emit }: SourceContext): AskTries {
  let saidUnreachable = false;
  return async (row) => {
    const tries = await api.tries(row).catch(unanswered);
    if (tries instanceof Error) {
      const where = `the tries of ${row.task_id} in run ${row.dag_run_id} of ${row.dag_id}: ${tries.message}`;
      onUnreadable({ where, isTooLarge: isTooLarge(tries) });
      return { attempts: undefined, isUnread: true };
    }
    if (!tries && !saidUnreachable) {
      saidUnreachable = true;
      const message = `The earlier attempts of ${row.task_id} in run ${row.dag_run_id} of ${row.dag_id}, and maybe of others, cannot be requested: an id does not fit into a URL (it may contain a slash), or the run is gone. Attempts seen earlier are kept.`;
      emit({ type: "notice", code: "TRIES_UNREACHABLE", message });
    }
    return { attempts: tries };
  };
}

/** Statuses of a server that cannot tell which task instance is meant. */
const NOT_UNDERSTOOD = [400, 409, 422];

/** Returns an error that concerns only this task instance's tries, instead of throwing it. */
function unanswered(error: unknown): Error {
  const isRefused = error instanceof Error && "status" in error && NOT_UNDERSTOOD.includes(error.status as number);
  return isRefused ? error : caught500(error);
}
