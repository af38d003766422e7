import type { AirflowClient } from "@org/airflow-client";
import type { SourceContext } from "@org/sync-engine/source";
import { isForbidden, isUnknownAddress } from "./server-errors.ts";

const versions = "/api/v2/dags/{dag_id}/dagVersions";

/** What an opt-in stream asks first, by its name. */
const lists: { readonly [stream: string]: string } = {
  ...{ pools: "/api/v2/pools", pool_samples: "/api/v2/pools", import_errors: "/api/v2/importErrors" },
  ...{ event_logs: "/api/v2/eventLogs", dag_versions: versions, tasks: versions, task_edges: versions },
  ...{ asset_events: "/api/v2/assets/events", asset_event_runs: "/api/v2/assets/events" },
  ...{ assets: "/api/v2/assets", asset_edges: "/api/v2/assets", jobs: "/api/v2/jobs" },
  ...{ health: "/api/v2/monitor/health", backfills: "/api/v2/dagStats" },
  hitl: "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails",
  ...{ connections: "/api/v2/connections", variables: "/api/v2/variables" },
};

/** @returns a sentence for each list that the user may not read, or that is not there although this version has it */
export async function unreadableLists(
  client: AirflowClient,
  { request, signal }: Pick<SourceContext, "request" | "signal">,
  streams: readonly string[],
): Promise<string[]> {
  const asked = new Map<string, string[]>();
  for (const stream of streams) {
    const path = lists[stream];
    if (path) asked.set(path, [...(asked.get(path) ?? []), stream]);
  }
  const notes = [...asked].map(async ([path, names]) => {
    const query = path.endsWith("dagStats") || path.endsWith("health") ? {} : { limit: 1 };
    const params = { path: { dag_id: "~", dag_run_id: "~" }, query };
    try {
      await request(names.join(" and "), () => client.GET(path as never, { params, signal } as never));
      return [];
    } catch (error) {
      signal.throwIfAborted();
      // What a version lacks is said elsewhere, and what fails now may not when it is synced.
      const isOld = (error as { readonly code?: unknown }).code === "SERVER_TOO_OLD";
      if (isOld || !(isForbidden(error) || isUnknownAddress(error))) return [];
      return [`A sync skips ${names.join(" and ")}: ${(error as Error).message.replace(/\.$/, "")}.`];
    }
  });
  return (await Promise.all(notes)).flat();
}
