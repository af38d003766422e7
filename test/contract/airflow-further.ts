import { expect } from "vitest";
import { type AirflowTarget, get, pathOf, someRun } from "./airflow-target.ts";
import type { ContractCase } from "./request.ts";

type Row = { readonly [field: string]: unknown };

interface List {
  readonly path: string;
  /** The name of the rows in a response. */
  readonly rows: string;
  /** What it is ordered by, besides other things, and the field that shows that. */
  readonly order: string;
  readonly id: (row: Row) => unknown;
  /** Whether it is always a whole answer: without pages. */
  readonly isWhole?: boolean;
}

const byId = (row: Row) => row.id;
const hitl = "/api/v2/dags/~/dagRuns/~/hitlDetails";

/** The lists that only opt-in streams read. All have rows. */
const lists: readonly List[] = [
  { path: "/api/v2/pools", rows: "pools", order: "id", id: ({ name }) => name },
  { path: "/api/v2/importErrors", rows: "import_errors", order: "id", id: ({ import_error_id }) => import_error_id },
  { path: "/api/v2/eventLogs", rows: "event_logs", order: "id", id: ({ event_log_id }) => event_log_id },
  { path: "/api/v2/dags/~/dagVersions", rows: "dag_versions", order: "id", id: byId },
  { path: "/api/v2/assets", rows: "assets", order: "id", id: byId },
  { path: "/api/v2/assets/events", rows: "asset_events", order: "timestamp", id: byId },
  { path: "/api/v2/jobs", rows: "jobs", order: "id", id: byId },
  { path: hitl, rows: "hitl_details", order: "ti_id", id: (row) => (row.task_instance as Row).id },
  { path: "/api/v2/connections", rows: "connections", order: "id", id: ({ connection_id }) => connection_id },
  { path: "/api/v2/variables", rows: "variables", order: "id", id: ({ key }) => key },
];

async function page(target: AirflowTarget, { path, rows, id }: List, query: string) {
  const { status, json } = await get(target, `${path}?${query}`);
  expect(status, `${path}?${query}`).toBe(200);
  return { ids: (json[rows] as Row[]).map(id), total: json.total_entries as number, rows: json[rows] as Row[] };
}

/** How the lists of opt-in streams are ordered, filtered and paged. */
export const airflowFurtherCases: readonly ContractCase<AirflowTarget>[] = [
  ...lists.map((list) => ({
    name: `${list.path}: pages by offset make up the list in its order, and each says how many rows it has`,
    run: async (target: AirflowTarget) => {
      const order = `order_by=${list.order}`;
      const all = await page(target, list, `${order}&limit=100`);
      expect(all.total).toBeGreaterThan(0);
      expect(all.ids).toHaveLength(Math.min(100, all.total));
      expect(new Set(all.ids).size).toBe(all.ids.length);
      const size = Math.max(1, Math.ceil(all.ids.length / 3));
      const parts = [];
      for (let offset = 0; offset < all.ids.length; offset += size) {
        const part = await page(target, list, `${order}&limit=${size}&offset=${offset}`);
        expect(part.total).toBe(all.total);
        parts.push(...part.ids);
      }
      expect(parts.slice(0, all.ids.length)).toEqual(all.ids);
      expect(await page(target, list, `${order}&offset=${all.total}`)).toEqual({ ids: [], total: all.total, rows: [] });
      expect(await page(target, list, "limit=0")).toEqual({ ids: [], total: all.total, rows: [] });
      const last = await page(target, list, `order_by=-${list.order}&limit=1`);
      if (all.total <= 100) expect(last.ids).toEqual([all.ids.at(-1)]);
      const unordered = await get(target, `${list.path}?order_by=no_such_field`);
      expect([unordered.status, unordered.json.detail]).toEqual([
        400,
        expect.stringMatching(/^Ordering with .*no_such/),
      ]);
      expect((await get(target, `${list.path}?limit=-1`)).status).toBe(422);
      expect((await get(target, `${list.path}?offset=-1`)).status).toBe(422);
    },
  })),
  {
    name: "bounds of asset events, jobs and requests for people include their own time",
    run: async (target) => {
      const bounded = [
        { list: "asset_events", field: "timestamp" },
        { list: "jobs", field: "end_date" },
        { list: "hitl_details", field: "created_at" },
      ].map(({ list, field }) => ({ list: lists.find(({ rows }) => rows === list)!, field }));
      for (const { list, field } of bounded) {
        const { rows } = await page(target, list, `order_by=-${field}&limit=100`);
        const times = rows.map((row) => row[field] as string | null);
        const at = times.find((time) => time !== null)!;
        const [from, to] = [`${field}_gte=${encodeURIComponent(at)}`, `${field}_lte=${encodeURIComponent(at)}`];
        const same = times.filter((time) => time !== null && Date.parse(time) === Date.parse(at)).length;
        const between = await page(target, list, `${from}&${to}&limit=100`);
        expect(between.total, field).toBeGreaterThan(0);
        expect(between.total, field).toBeLessThanOrEqual(same);
        const later = times.filter((time) => time === null || Date.parse(time) > Date.parse(at)).length;
        // What has not ended counts as ending now.
        expect((await page(target, list, from)).total, field).toBe(later + between.total);
      }
    },
  },
  {
    name: "requests for people are filtered by whether they were answered",
    run: async (target) => {
      const list = lists.find(({ rows }) => rows === "hitl_details")!;
      const all = await page(target, list, "limit=100");
      const totals = [];
      for (const answered of [true, false]) {
        const part = await page(target, list, `response_received=${answered}&limit=100`);
        expect(part.rows.every(({ response_received }) => response_received === answered)).toBe(true);
        totals.push(part.total);
      }
      expect(totals[0]! + totals[1]!).toBe(all.total);
    },
  },
  {
    name: "the audit log ends before a time that excludes itself, and leaves out events by name",
    run: async (target) => {
      const list = lists.find(({ rows }) => rows === "event_logs")!;
      const all = await page(target, list, "order_by=-when&limit=100");
      const times = all.rows.map(({ when }) => Date.parse(String(when)));
      expect(times).toEqual([...times].sort((one, other) => other - one));
      const before = await page(target, list, `before=${encodeURIComponent(String(all.rows.at(-1)!.when))}&limit=1`);
      expect(before.ids).not.toContain(all.ids.at(-1));
      const event = String(all.rows[0]!.event);
      const others = await page(target, list, `excluded_events=${encodeURIComponent(event)}&limit=100`);
      expect(others.rows.every((row) => row.event !== event)).toBe(true);
      expect(others.total).toBeLessThan(all.total);
    },
  },
  {
    name: "a row or DAG that does not exist is a 404 that says so, unlike an address",
    run: async (target) => {
      const run = await someRun(target);
      for (const path of [
        ...["pools/nope", "importErrors/99999999", "connections/nope", "variables/nope", "dags/nope/tasks"],
        ...["dags/nope/dagVersions", "dags/nope/dagRuns/nope/upstreamAssetEvents"],
        `${pathOf({ ...run, dag_run_id: "nope" }).slice("/api/v2/".length)}/upstreamAssetEvents`,
      ]) {
        const { status, json } = await get(target, `/api/v2/${path}`);
        expect([status, json.detail], path).toEqual([404, expect.stringMatching(/not found/)]);
      }
      const unknown = await get(target, "/api/v2/nopes");
      expect(unknown.status).toBe(404);
      expect(String(unknown.json?.detail ?? "")).not.toMatch(/(?<!route )not found/);
    },
  },
  {
    name: "backfills are listed of one DAG, and of an unknown one there are none",
    run: async (target) => {
      expect((await get(target, "/api/v2/backfills")).status).toBe(422);
      const { status, json } = await get(target, "/api/v2/backfills?dag_id=nope&order_by=id");
      expect([status, json]).toEqual([200, { backfills: [], total_entries: 0 }]);
    },
  },
  {
    name: "tasks come in one answer, each with those that follow it; so do a run's asset events, and the health",
    run: async (target) => {
      const run = await someRun(target);
      const { tasks, total_entries } = (await get(target, `/api/v2/dags/${encodeURIComponent(run.dag_id!)}/tasks`))
        .json;
      expect(tasks).toHaveLength(total_entries);
      const ids = new Set(tasks.map(({ task_id }: Row) => task_id));
      for (const { downstream_task_ids } of tasks) for (const id of downstream_task_ids) expect(ids).toContain(id);
      const { asset_events, total_entries: events } = (await get(target, `${pathOf(run)}/upstreamAssetEvents`)).json;
      expect(asset_events).toHaveLength(events);
      const health = (await get(target, "/api/v2/monitor/health")).json;
      expect(Object.keys(health)).toEqual(
        expect.arrayContaining(["metadatabase", "scheduler", "triggerer", "dag_processor"]),
      );
    },
  },
];
