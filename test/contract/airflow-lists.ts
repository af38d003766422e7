import { expect } from "vitest";
import { type AirflowTarget, count, get, pathOf, post, runs, someRun, tasks, walk } from "./airflow-target.ts";
import type { ContractCase } from "./request.ts";

interface Run {
  dag_id: string;
  dag_run_id: string;
  run_after: string;
  state: string;
}

const far = "2999-01-01T00:00:00Z";

/** How lists are filtered. */
export const airflowListCases: readonly ContractCase<AirflowTarget>[] = [
  {
    name: "DAGs are sorted by name, and stale ones are only listed on request",
    run: async (target) => {
      const { json } = await get(target, "/api/v2/dags?limit=100&order_by=dag_id");
      const ids = json.dags.map((dag: { dag_id: string }) => dag.dag_id);
      expect(ids).toEqual([...ids].sort());
      expect(json.dags.every((dag: { is_stale: boolean }) => !dag.is_stale)).toBe(true);
      const withStale = await count(target, "/api/v2/dags?exclude_stale=false");
      expect(withStale).toBeGreaterThanOrEqual(json.total_entries);
    },
  },
  {
    name: "DAGs can be listed by any of several tags, by whether they are paused, and by when they run next",
    run: async (target) => {
      type Dag = {
        dag_id: string;
        is_paused: boolean;
        tags: { name: string }[];
        next_dagrun_logical_date: string | null;
      };
      const list = async (query: string): Promise<Dag[]> =>
        (await get(target, `/api/v2/dags?limit=100&${query}`)).json.dags;
      const all = await list("");
      const idsOf = (dags: readonly Dag[]) => dags.map(({ dag_id }) => dag_id).sort();
      const tags = [...new Set(all.flatMap((dag) => dag.tags.map(({ name }) => name)))].slice(0, 2);
      expect(tags.length).toBeGreaterThan(0);
      const tagged = await list(tags.map((tag) => `tags=${encodeURIComponent(tag)}`).join("&"));
      expect(idsOf(tagged)).toEqual(idsOf(all.filter((dag) => dag.tags.some(({ name }) => tags.includes(name)))));
      for (const paused of [true, false]) {
        expect(idsOf(await list(`paused=${paused}`))).toEqual(idsOf(all.filter((dag) => dag.is_paused === paused)));
      }
      const next = (await list("order_by=next_dagrun")).flatMap((dag) => dag.next_dagrun_logical_date ?? []);
      expect(next).toEqual([...next].sort());
    },
  },
  {
    name: "gte and lte include their bounds, gt and lt do not",
    run: async (target) => {
      const [{ dag_id, run_after }] = (await get(target, `${runs}?limit=1&order_by=-run_after`)).json.dag_runs as [Run];
      const at = encodeURIComponent(run_after);
      const within = await get(target, `${runs}?run_after_gte=${at}&run_after_lte=${at}`);
      expect(within.json.dag_runs.some((run: Run) => run.dag_id === dag_id)).toBe(true);
      expect(within.json.dag_runs.every((run: Run) => run.run_after === run_after)).toBe(true);
      expect(await count(target, `${runs}?run_after_gt=${at}`)).toBe(0);
      const ties = await count(target, `${runs}?run_after_gte=${at}`);
      expect(await count(target, `${runs}?run_after_lt=${at}`)).toBe((await count(target, runs)) - ties);
      const body = { dag_ids: [dag_id], run_after_gte: run_after, run_after_lte: run_after };
      const posted = await post(target, `${runs}/list`, body);
      expect(posted.json.dag_runs.length).toBeGreaterThan(0);
      expect(posted.json.dag_runs.every((run: Run) => run.dag_id === dag_id)).toBe(true);
    },
  },
  {
    name: "rows without updated_at match no window, and nothing was updated in the far future",
    run: async (target) => {
      for (const path of [runs, tasks]) {
        const since1970 = await count(target, `${path}?updated_at_gte=1970-01-01T00:00:00Z`);
        expect(since1970).toBeLessThanOrEqual(await count(target, path));
        expect(since1970).toBeGreaterThan(0);
        expect(await count(target, `${path}?updated_at_gte=${far}`)).toBe(0);
        expect(await count(target, `${path}?updated_at_lte=${far}&updated_at_gte=0`)).toBe(since1970);
      }
    },
  },
  {
    name: "a run without an end matches every lower bound of its end, and upper bounds from now on",
    run: async (target) => {
      const all = await count(target, runs);
      const open = await count(target, `${runs}?state=running&state=queued`);
      expect(await count(target, `${runs}?end_date_gte=1970-01-01T00:00:00Z`)).toBe(all);
      const posted = await post(target, `${runs}/list`, { states: ["running", "queued"], page_limit: 0 });
      expect(posted.json.total_entries).toBe(open);
      const ends = (await walk(target, `${runs}?order_by=id&limit=100`, "dag_runs")).map((run) => run.end_date);
      const endless = ends.filter((end) => end === null).length;
      expect(await count(target, `${runs}?end_date_gte=${far}`)).toBe(endless);
      expect(await count(target, `${runs}?end_date_lte=${far}`)).toBe(all);
      expect(await count(target, `${runs}?end_date_lte=1970-01-02T00:00:00Z`)).toBe(0);
    },
  },
  {
    name: "several states match any of them, and an unknown one is rejected",
    run: async (target) => {
      const states = ["queued", "running", "success", "failed"];
      const counts = await Promise.all(states.map((state) => count(target, `${runs}?state=${state}`)));
      expect(counts.reduce((sum, one) => sum + one)).toBe(await count(target, runs));
      expect(await count(target, `${runs}?state=success&state=failed`)).toBe(counts[2]! + counts[3]!);
      const nope = await get(target, `${runs}?state=nope`);
      const detail = "Invalid value for state. Valid values are queued, running, success, failed";
      expect([nope.status, nope.json]).toEqual([422, { detail }]);
    },
  },
  {
    name: "a null state is `none` in a query and null in a body",
    run: async (target) => {
      const none = await count(target, `${tasks}?state=none`);
      const posted = await post(target, `${tasks}/list`, { state: [null], page_limit: 0 });
      expect(posted.json.total_entries).toBe(none);
      const wrong = await post(target, `${tasks}/list`, { state: ["none"] });
      expect([wrong.status, wrong.json.detail[0].type]).toEqual([422, "enum"]);
    },
  },
  {
    name: "a pattern matches parts of a run id, and an unknown parameter is ignored",
    run: async (target) => {
      const { dag_run_id } = await someRun(target);
      const part = encodeURIComponent(dag_run_id!.slice(2));
      expect(await count(target, `${runs}?run_id_pattern=${part}`)).toBeGreaterThan(0);
      expect(await count(target, `${runs}?run_id_pattern=no-such-run-at-all`)).toBe(0);
      expect(await count(target, `${runs}?nonsense=1`)).toBe(await count(target, runs));
    },
  },
  {
    name: "the list of one DAG's runs is the same by path and by body",
    run: async (target) => {
      const [{ dag_id }] = (await get(target, `${runs}?limit=1&order_by=-run_after`)).json.dag_runs as [Run];
      const path = `/api/v2/dags/${encodeURIComponent(dag_id)}/dagRuns`;
      const inPath = (await get(target, `${path}?limit=20&order_by=id`)).json;
      const inBody = (await post(target, `${runs}/list`, { dag_ids: [dag_id], page_limit: 20, order_by: "id" })).json;
      expect(inBody.dag_runs).toEqual(inPath.dag_runs);
      const ti = (await get(target, `${path}/~/taskInstances?limit=20&order_by=id`)).json;
      const body = { dag_ids: [dag_id], page_limit: 20, order_by: "id" };
      const posted = (await post(target, `${tasks}/list`, body)).json;
      expect(posted.task_instances).toEqual(ti.task_instances);
      expect(posted.total_entries).toBe(ti.total_entries);
      const rest = (await post(target, `${tasks}/list`, { ...body, page_offset: 1 })).json;
      expect(rest.task_instances[0]).toEqual(ti.task_instances[1]);
    },
  },
  {
    name: "task instances of one run are the same by path and by ids in the body",
    run: async (target) => {
      const run = await someRun(target);
      const { dag_id, dag_run_id } = run;
      const path = pathOf(run);
      const inPath = (await get(target, `${path}/taskInstances?order_by=id&limit=100`)).json;
      const body = { dag_ids: [dag_id], dag_run_ids: [dag_run_id], order_by: "id" };
      const inBody = (await post(target, `${tasks}/list`, body)).json;
      expect(inBody.task_instances).toEqual(inPath.task_instances);
      const [first] = inPath.task_instances;
      const one = (await post(target, `${tasks}/list`, { ...body, task_ids: [first.task_id] })).json;
      expect(one.task_instances).toContainEqual(first);
      const indexed = `${path}/taskInstances?map_index=${first.map_index}&try_number=${first.try_number}&limit=100`;
      expect((await get(target, indexed)).json.task_instances).toContainEqual(first);
    },
  },
  {
    name: "in a body, ~ is an ordinary name, and unknown ids match nothing",
    run: async (target) => {
      for (const body of [{ dag_ids: ["~"] }, { dag_run_ids: ["nope"] }]) {
        const reply = await post(target, `${tasks}/list`, body);
        expect([reply.status, reply.json.total_entries]).toEqual([200, 0]);
      }
    },
  },
];
