/**
 * The requests of the connector example that this project began with, and what they keep: serial GETs of 100 rows, DAG by
 * DAG, twice; runs whose logical date is within the last seven days, and later than any before. Nothing is stored, which
 * makes it faster than it would be.
 */
import { type CheckedRow, type Contender, readJson, type Tables, WEEK_MS, writeJson } from "../contender.ts";
import { type AirflowTarget, tokenOf } from "./target.ts";

const LIMIT = 100;

interface SeedRun {
  readonly dag_id: string;
  readonly dag_run_id: string;
  readonly logical_date: string | null;
  readonly state: string | null;
}

export const seed: Contender<AirflowTarget> = {
  async copy(target) {
    const headers = { authorization: `Bearer ${await tokenOf(target)}` };
    let requests = 0;
    async function pages<T>(path: string, list: string): Promise<T[]> {
      const rows: T[] = [];
      for (let offset = 0; ; offset += LIMIT) {
        requests += 1;
        const response = await fetch(`${target.url}${path}?limit=${LIMIT}&offset=${offset}`, { headers });
        const page = ((await response.json()) as Record<string, T[]>)[list] ?? [];
        rows.push(...page);
        if (page.length < LIMIT) return rows;
      }
    }
    const runs: CheckedRow[] = [];
    const attempts: CheckedRow[] = [];
    const dags = await pages<{ readonly dag_id: string }>("/api/v2/dags", "dags");
    for (const { dag_id } of dags) {
      const path = `/api/v2/dags/${encodeURIComponent(dag_id)}/dagRuns`;
      let since = Date.now() - WEEK_MS;
      const isNew = ({ logical_date }: SeedRun) => logical_date !== null && Date.parse(logical_date) > since;
      const found = (await pages<SeedRun>(path, "dag_runs")).filter(isNew);
      runs.push(...found.map((run): CheckedRow => [dag_id, run.dag_run_id, run.state]));
      since = Math.max(since, ...found.map(({ logical_date }) => Date.parse(logical_date!)));
      // Its position has passed all runs by now, so it never asks for a task instance.
      for (const { dag_run_id } of (await pages<SeedRun>(path, "dag_runs")).filter(isNew)) {
        await pages(`${path}/${encodeURIComponent(dag_run_id)}/taskInstances`, "task_instances");
      }
    }
    writeJson(target, "seed.json", { runs, attempts });
    return { requests };
  },
  stored: async (target) => readJson<Tables>(target, "seed.json"),
};
