import { expect } from "vitest";
import { type AirflowTarget, count, get, post, runs, tasks, walk } from "./airflow-target.ts";
import type { ContractCase } from "./request.ts";

const runKey = (run: { [field: string]: unknown }) => `${run.dag_id} ${run.dag_run_id}`;

/** Limits, offsets and the keyset cursor. */
export const airflowPagingCases: readonly ContractCase<AirflowTarget>[] = [
  {
    name: "without cursor= the paging keys are present but empty",
    run: async (target) => {
      for (const path of [runs, tasks]) {
        const { json } = await get(target, `${path}?limit=1`);
        expect(json).toMatchObject({ total_entries_limit: null, next_cursor: null, previous_cursor: null });
        expect(json.total_entries).toBeGreaterThan(200);
      }
    },
  },
  {
    name: "a page has 50 rows by default, and never more than 100",
    run: async (target) => {
      expect((await get(target, runs)).json.dag_runs).toHaveLength(50);
      expect((await get(target, `${runs}?limit=1000`)).json.dag_runs).toHaveLength(100);
      expect((await get(target, `${runs}?limit=1000&cursor=`)).json.dag_runs).toHaveLength(100);
      expect((await get(target, `${tasks}?limit=1000`)).json.task_instances).toHaveLength(100);
    },
  },
  {
    name: "a limit of 0 returns only the count, and an offset beyond the end an empty page with the count",
    run: async (target) => {
      const all = await count(target, runs);
      const beyond = await get(target, `${runs}?limit=5&offset=99999999`);
      expect(beyond.status).toBe(200);
      expect(beyond.json).toMatchObject({ dag_runs: [], total_entries: all });
      const counted = await get(target, `${runs}?limit=0&cursor=`);
      expect(counted.json).toMatchObject({ dag_runs: [], total_entries: all, next_cursor: null });
    },
  },
  {
    name: "a POST list is not clamped",
    run: async (target) => {
      expect((await post(target, `${runs}/list`, {})).json.dag_runs).toHaveLength(100);
      expect((await post(target, `${runs}/list`, { page_limit: 150 })).json.dag_runs).toHaveLength(150);
      expect((await post(target, `${tasks}/list`, { page_limit: 150 })).json.task_instances).toHaveLength(150);
      const { json } = await post(target, `${tasks}/list`, { page_limit: 1 });
      expect(json).toMatchObject({ total_entries_limit: null, next_cursor: null, previous_cursor: null });
    },
  },
  {
    name: "offset pages by id have no gaps and no repetitions",
    run: async (target) => {
      const whole = (await get(target, `${runs}?order_by=id&limit=90`)).json.dag_runs;
      const parts = [0, 30, 60].map((offset) => get(target, `${runs}?order_by=id&limit=30&offset=${offset}`));
      expect((await Promise.all(parts)).flatMap((page) => page.json.dag_runs)).toEqual(whole);
    },
  },
  {
    name: "the first page by cursor says that there are more, and counts up to a limit",
    run: async (target) => {
      const { json } = await get(target, `${runs}?order_by=id&limit=2&cursor=`);
      expect(json).toMatchObject({ total_entries_limit: 50_000, previous_cursor: null });
      expect(json.next_cursor).toEqual(expect.any(String));
      expect(json.total_entries).toBe(Math.min(50_000, await count(target, runs)));
    },
  },
  {
    name: "a walk by cursor over ids returns every run and every task instance once",
    run: async (target) => {
      const allRuns = await walk(target, `${runs}?order_by=id&limit=70`, "dag_runs");
      expect(allRuns).toHaveLength(await count(target, runs));
      expect(new Set(allRuns.map(runKey)).size).toBe(allRuns.length);
      const allTasks = await walk(target, `${tasks}?order_by=id&limit=100`, "task_instances");
      expect(allTasks).toHaveLength(await count(target, tasks));
      const ids = allTasks.map((task) => task.id as string);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual([...ids].sort());
    },
  },
  {
    name: "a walk by cursor over ties and nulls returns every run once",
    run: async (target) => {
      for (const order of ["state", "-end_date", "logical_date"]) {
        const all = await walk(target, `${runs}?order_by=${order}&limit=70`, "dag_runs");
        expect(new Set(all.map(runKey)).size).toBe(await count(target, runs));
        expect(all).toHaveLength(await count(target, runs));
      }
    },
  },
  {
    name: "a walk backwards by previous_cursor returns to its start",
    run: async (target) => {
      const page = async (cursor: string) =>
        (await get(target, `${runs}?order_by=id&limit=3&cursor=${encodeURIComponent(cursor)}`)).json;
      const first = await page("");
      const second = await page(first.next_cursor);
      const back = await page(second.previous_cursor);
      expect(back.dag_runs).toEqual(first.dag_runs);
      expect(back.next_cursor).toBe(first.next_cursor);
    },
  },
  {
    name: "with a cursor, the offset is ignored, and filters only apply if they are sent again",
    run: async (target) => {
      const plain = (await get(target, `${runs}?order_by=id&limit=5&cursor=`)).json;
      const offset = (await get(target, `${runs}?order_by=id&limit=5&cursor=&offset=7`)).json;
      expect(offset.dag_runs).toEqual(plain.dag_runs);
      const [{ dag_id }] = plain.dag_runs;
      const other = await get(
        target,
        `${runs}?order_by=id&limit=5&dag_id_pattern=${dag_id}&cursor=${plain.next_cursor}`,
      );
      expect(other.status).toBe(200);
      expect(other.json.dag_runs.every((run: { dag_id: string }) => run.dag_id.includes(dag_id))).toBe(true);
    },
  },
  {
    name: "an invalid token, or one of another order, is rejected",
    run: async (target) => {
      const garbage = await get(target, `${runs}?cursor=garbage`);
      expect([garbage.status, garbage.json]).toEqual([400, { detail: "Invalid cursor token" }]);
      const token = (await get(target, `${runs}?order_by=run_after&limit=1&cursor=`)).json.next_cursor;
      const other = await get(target, `${runs}?order_by=id&cursor=${token}`);
      expect([other.status, other.json]).toEqual([400, { detail: "Cursor token does not match current query shape" }]);
    },
  },
  {
    name: "a token of ascending order continues in descending order",
    run: async (target) => {
      const pages = await get(target, `${runs}?order_by=id&limit=3&cursor=`);
      const [first, second] = pages.json.dag_runs;
      const reversed = await get(target, `${runs}?order_by=-id&limit=10&cursor=${pages.json.next_cursor}`);
      expect(reversed.json.dag_runs).toEqual([second, first]);
    },
  },
  {
    name: "task instances sorted by data interval fail by cursor, but not by offset",
    run: async (target) => {
      const failed = await get(target, `${tasks}?order_by=data_interval_start&limit=1&cursor=`);
      expect(failed.status).toBe(500);
      expect(failed.headers.get("content-type")).toContain("text/plain");
      expect((await get(target, `${tasks}?order_by=data_interval_start&limit=1`)).status).toBe(200);
    },
  },
];
