/** What people did, by the server's event log, where the user may read it. */
import type { EventLog } from "@org/airflow-client";
import type { SourceContext } from "@org/sync-engine";
import { type AirflowApi, isForbidden } from "./api.ts";
import { deletedRuns } from "./doubts.ts";
import { type RunId, runKey } from "./keys.ts";

export interface Events {
  /** What people did since a moment that may leave no stamp on a row; nothing where the user may not read it. */
  silentEvents(since: number): Promise<readonly EventLog[]>;
  /**
   * Whether people deleted a run, by the event log as it is now: it says so before the run goes, so it must be asked
   * after something was found missing. What is missing of such a run did not go with retention.
   */
  deletions(): Promise<(row: RunId) => boolean>;
}

/** @param earliest from when on deletions are looked for, where nothing else was, in ms since 1970 */
export function createEvents(api: AirflowApi, earliest: () => Promise<number>, { emit }: SourceContext): Events {
  let since = Number.POSITIVE_INFINITY;
  let events: Promise<readonly EventLog[]> | undefined;
  let saidForbidden = false;
  async function eventsOf(from: number): Promise<readonly EventLog[]> {
    return api.silentEvents(from).catch((error) => {
      if (!isForbidden(error)) throw error;
      const message =
        "This user may not read the event log, so notes changed by hand are not found until the row changes otherwise.";
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
    async deletions() {
      const runs = new Set(deletedRuns(await eventsOf(Math.min(since, await earliest()))).map(runKey));
      return (row) => runs.has(runKey(row));
    },
  };
}
