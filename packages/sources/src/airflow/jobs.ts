import type { Job } from "@org/airflow-client";
import type { Key } from "@org/destination";
import { batchOf, defineStream, parsePosition, shapes } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import { type ListState, sampleStream } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import type { AirflowSync } from "./shared.ts";
import { type ComponentHealth, componentsOf, healthRow, healthTable, jobRow, jobsTable } from "./tables/jobs.ts";

const { integer, nullable, text } = shapes;

/** Jobs that have not ended, or not before a given time. All if none is given. */
const jobsSince = (since: number | undefined) =>
  airflowList<Job, "jobs">({
    what: "jobs",
    name: "jobs",
    key: ["id"],
    fields: { id: integer, start_date: nullable(text), end_date: nullable(text), latest_heartbeat: nullable(text) },
    page(client, paging, limits) {
      // Jobs without an end are treated as ending now.
      const bound = since === undefined ? {} : { end_date_gte: timestampOf(since) };
      const query = { ...paging, ...bound, order_by: ["id"] as const };
      return client.GET("/api/v2/jobs", { params: { query }, ...limits });
    },
  });

/** The processes of schedulers, triggerers and DAG processors. */
export const jobs = defineStream<AirflowSync, typeof jobsTable, ListState>({
  name: "jobs",
  table: jobsTable,
  revision: 1,
  isOptIn: true,
  needs: ["end_date"],
  keeps: [{ why: "forgotten", datedBy: "end_date" }],
  async *read({ shared: airflow, state, stored }) {
    const { position } = await airflow.listedDags();
    const last = parsePosition(state?.position, position);
    const found = await airflow.api.wholeList(jobsSince(last && (await airflow.windowFrom(last))));
    if (!found) return;
    const next = { position: { ...position } };
    yield batchOf(jobsTable, { upserts: found.items.map(jobRow), state: next });
    const listed = new Set(found.items.map(({ id }) => id));
    const running: readonly Key<typeof jobsTable>[] = await stored.keys(jobsTable, { end_date: { in: [null] } });
    const gone = running.map(({ job_id }) => Number(job_id)).filter((id) => !listed.has(id));
    if (gone.length > 0)
      yield batchOf(jobsTable, { replace: [{ scope: { job_id: { in: gone } }, rows: [] }], state: next });
  },
});

/** What the server says of its components, as a list. */
const components = airflowList<ComponentHealth, "components">({
  what: "health",
  name: "components",
  key: ["component"],
  fields: { component: text },
  async page(client, _, limits) {
    const result = await client.GET("/api/v2/monitor/health", limits);
    const found = componentsOf(result.data);
    return { ...result, data: { components: found, total_entries: found.length } };
  },
});

export const health = sampleStream({
  name: "health",
  table: healthTable,
  revision: 1,
  list: components,
  row: healthRow,
});
