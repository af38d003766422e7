/** What a portal asks Dagster, by the path under which the portal answers it. */
import {
  assets,
  codeLocations,
  type DagsterCallOptions,
  type DagsterClient,
  jobs,
  runs,
  schedules,
  sensors,
} from "@org/dagster-client";
import type { Query } from "./airflow-stories.ts";

type Story = (dagster: DagsterClient, query: Query, call: DagsterCallOptions) => Promise<unknown>;

export const dagsterStories: Readonly<Record<string, Story>> = {
  /** A table of failed runs, the newest first, and its next page. */
  async "failed-runs"(dagster, { job, pageToken }, call) {
    const list = runs.list(dagster, { job, statuses: ["FAILURE"], first: 20, pageToken }, call);
    for await (const { items, nextPageToken } of list.pages()) {
      return { runs: items.map((run) => ({ ...run, url: runs.url(dagster, run) })), nextPageToken };
    }
    return { runs: [], nextPageToken: null };
  },

  /** A tile: how many runs failed. */
  "failed-count": (dagster, _query, call) => runs.count(dagster, { statuses: ["FAILURE"] }, call),

  /** The run queue: the next to start comes first. */
  queue: async (dagster, _query, call) =>
    (await runs.list(dagster, { statuses: ["QUEUED"] }, call).toArray()).reverse(),

  run: (dagster, { runId = "" }, call) => runs.get(dagster, runId, call),

  jobs: (dagster, _query, call) => jobs.list(dagster, {}, call).toArray(),

  assets: (dagster, _query, call) => assets.list(dagster, {}, call).toArray(),

  schedules: (dagster, _query, call) => schedules.list(dagster, {}, call).toArray(),

  sensors: (dagster, _query, call) => sensors.list(dagster, {}, call).toArray(),

  /** Code locations, with the error of those that do not load. */
  "code-locations": (dagster, _query, call) => codeLocations.list(dagster, {}, call).toArray(),
};
