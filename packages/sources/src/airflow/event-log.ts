/** What people did, by the server's event log, where the user may read it. */
import type { EventLog } from "@org/airflow-client";
import type { SourceContext } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import { deletedRuns, deletesRuns } from "./doubts.ts";
import { type RunId, runKey } from "./keys.ts";
import { isForbidden } from "./server-errors.ts";

export interface Events {
  /** What people did since a moment that may leave no stamp on a row; nothing where the user may not read it. */
  silentEvents(since: number): Promise<readonly EventLog[]>;
  /**
   * Whether people deleted a run after it had begun, by the event log as it is now: it says so before the run goes, so it
   * must be asked after something was found missing. What is missing of such a run did not go with retention.
   *
   * @param since when the earliest of the runs that are asked about began, in ms since 1970
   */
  deletions(since: number): Promise<(run: RunId, began: number) => boolean>;
}

/** @param earliest from when on an event may have become visible during this sync, in ms since 1970 */
export function createEvents(api: AirflowApi, earliest: () => Promise<number>, { emit }: SourceContext): Events {
  let since = Number.POSITIVE_INFINITY;
  let events: Promise<readonly EventLog[]> | undefined;
  let saidForbidden = false;
  // By run: when it was deleted last. A run that was made again under its id began after that.
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
      // Not only what was deleted lately: a DAG may have been out of the user's sight for months.
      const events = await eventsOf(from < deletionsSince ? from : await earliest(), deletesRuns);
      deletionsSince = Math.min(deletionsSince, from);
      for (const event of events) {
        for (const run of deletedRuns([event])) deletedAt.set(runKey(run), Date.parse(event.when));
      }
      return (run, began) => (deletedAt.get(runKey(run)) ?? Number.NEGATIVE_INFINITY) >= began;
    },
  };
}
