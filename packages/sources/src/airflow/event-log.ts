/** User actions according to the server's event log, if the user may read it. */
import type { EventLog } from "@org/airflow-client";
import type { SourceContext } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import { deletedRuns, deletesRuns } from "./doubts.ts";
import { type RunId, runKey } from "./keys.ts";
import { isForbidden } from "./server-errors.ts";

export interface Events {
  /** User actions since a given time that may leave no stamp on a row; none if the user may not read the log. */
  silentEvents(since: number): Promise<readonly EventLog[]>;
  /**
   * Whether users deleted a run after it had started, according to the current event log. It records a deletion before
   * the run disappears, so call this after something was found missing. What is missing from such a run was not purged.
   *
   * @param since when the earliest of the runs in question started, in ms since 1970
   */
  deletions(since: number): Promise<(run: RunId, began: number) => boolean>;
}

/** @param earliest when an event may at the earliest have become visible during this sync, in ms since 1970 */
export function createEvents(api: AirflowApi, earliest: () => Promise<number>, { emit }: SourceContext): Events {
  let since = Number.POSITIVE_INFINITY;
  let events: Promise<readonly EventLog[]> | undefined;
  let saidForbidden = false;
  // By run: its latest deletion. A run that was recreated under its id started after that.
  const deletedAt = new Map<string, number>();
  let deletionsSince = Number.POSITIVE_INFINITY;
  async function eventsOf(from: number, names?: readonly string[]): Promise<readonly EventLog[]> {
    return api.silentEvents(from, names).catch((error) => {
      if (!isForbidden(error)) throw error;
      const message =
        "This user may not read the audit log, so edited notes are not found until the row changes for another reason.";
      if (!saidForbidden) emit({ type: "notice", code: "EVENT_LOG_FORBIDDEN", message });
      saidForbidden = true;
      return [];
    });
  }
  return {
    silentEvents(from) {
      if (!events || from < since) {
        since = from;
        events = eventsOf(from);
      }
      return events;
    },
    async deletions(from) {
      // Not only recent deletions: a DAG may have been invisible to the user for months.
      const events = await eventsOf(from < deletionsSince ? from : await earliest(), deletesRuns);
      deletionsSince = Math.min(deletionsSince, from);
      for (const event of events) {
        for (const run of deletedRuns([event])) deletedAt.set(runKey(run), Date.parse(event.when));
      }
      return (run, began) => (deletedAt.get(runKey(run)) ?? Number.NEGATIVE_INFINITY) >= began;
    },
  };
}
