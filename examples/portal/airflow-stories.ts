/** What a portal asks Airflow, by the path under which the portal answers it. */
import { type AirflowCallOptions, type AirflowClient, dagRuns, dags, eventLogs, monitor } from "@org/airflow-client";

/** The query of a request to the portal. */
export type Query = Readonly<Partial<Record<string, string>>>;

type Story = (airflow: AirflowClient, query: Query, call: AirflowCallOptions) => Promise<unknown>;

export const airflowStories: Readonly<Record<string, Story>> = {
  /** A table of failed runs, the newest first, and its next page. */
  async "failed-runs"(airflow, { pageToken }, call) {
    const list = dagRuns.list(airflow, { state: ["failed"], orderBy: "-run_after", first: 20, pageToken }, call);
    for await (const { items, nextPageToken } of list.pages()) {
      return { runs: items.map((run) => ({ ...run, url: dagRuns.url(airflow, run) })), nextPageToken };
    }
    return { runs: [], nextPageToken: null };
  },

  /** A tile: how many runs failed since a time. */
  "failed-count": (airflow, { since }, call) =>
    dagRuns.count(airflow, { state: ["failed"], ...(since && { run_after_gte: since }) }, call),

  /** My team's failed runs: those of all DAGs with a tag. */
  "team-runs": (airflow, { tag = "" }, call) =>
    dagRuns
      .list(airflow, { dags: { tags: [tag] }, state: ["failed"], orderBy: "-run_after", first: 20 }, call)
      .toArray(),

  /** A run with its tasks and their attempts, for a Gantt chart. */
  async run(airflow, { dagId = "", dagRunId = "" }, call) {
    const run = { dagId, dagRunId };
    const [details, rows] = await Promise.all([dagRuns.get(airflow, run, call), dagRuns.gantt(airflow, run, call)]);
    return { run: details, rows, url: dagRuns.url(airflow, run) };
  },

  /** A heat map: runs per day and state. */
  calendar: (airflow, { dagId = "", from = "" }, call) => dagRuns.countByDay(airflow, { dags: [dagId], from }, call),

  /** How many runs each DAG has in each state. */
  dashboard: (airflow, _query, call) => dags.stats(airflow, {}, call).toArray(),

  /** What runs next. */
  upcoming: (airflow, _query, call) =>
    dags.list(airflow, { paused: false, orderBy: "next_dagrun", first: 10 }, call).toArray(),

  /** Who triggered what. */
  triggered: (airflow, _query, call) =>
    eventLogs.list(airflow, { event: "trigger_dag_run", orderBy: "-when", first: 20 }, call).toArray(),

  health: (airflow, _query, call) => monitor.health(airflow, call),
};
