/** Runs that other rows are about: those of backfills, and those that asset events led to. */
import type { DagRun } from "@org/airflow-client";
import { timestampOf } from "../timestamp.ts";
import { dagRunFields } from "./answers.ts";
import type { AirflowApi } from "./api.ts";
import type { RunId } from "./keys.ts";
import { LARGEST_GET } from "./listings.ts";
import { airflowList } from "./lists.ts";

const types = ["backfill", "asset_triggered"] as const;

export interface ChangedRun extends RunId {
  readonly run_type: string;
}

export interface ChangedRuns {
  /** The runs of backfills, and of asset events, that changed since a given time, in ms since 1970. */
  changedRuns(since: number): Promise<readonly ChangedRun[]>;
  /**
   * Notes what the stream of runs finds in its window, so that it need not be requested again.
   *
   * @returns call it with each page, and with `undefined` at the end
   */
  noteWindow(since: number): (rows: readonly object[] | undefined) => void;
}

export function createChangedRuns(api: AirflowApi): ChangedRuns {
  let earliest = Number.POSITIVE_INFINITY;
  let found: Promise<readonly ChangedRun[]> | readonly ChangedRun[] = [];
  return {
    async changedRuns(since) {
      if (since < earliest) {
        earliest = since;
        found = readRuns(api, since);
      }
      return found;
    },
    noteWindow(since) {
      const noted: ChangedRun[] = [];
      return (rows) => {
        for (const { dag_id, dag_run_id, run_type } of (rows ?? []) as readonly ChangedRun[])
          if ((types as readonly string[]).includes(run_type)) noted.push({ dag_id, dag_run_id, run_type });
        if (rows) return;
        earliest = since;
        found = noted;
      };
    },
  };
}

async function readRuns(api: AirflowApi, since: number): Promise<readonly ChangedRun[]> {
  const list = airflowList<DagRun, "dag_runs">({
    what: "changed runs of backfills and asset events",
    name: "dag_runs",
    key: ["dag_id", "dag_run_id"],
    fields: dagRunFields,
    async page(client, paging, limits) {
      const query = { ...paging, run_type: types, updated_at_gte: timestampOf(since), order_by: ["id"] as const };
      const params = { path: { dag_id: "~" }, query };
      const result = await client.GET("/api/v2/dags/{dag_id}/dagRuns", { params, ...limits });
      const { dag_runs, total_entries } = result.data;
      return { ...result, data: { dag_runs, total_entries: total_entries as number } };
    },
  });
  const runs: ChangedRun[] = [];
  // A run that changes meanwhile joins the list, and leaves only when it is deleted: rows are seen twice, not missed.
  for (let offset = 0; ; ) {
    const { rows, total } = await api.listPage(list, offset, { wanted: LARGEST_GET });
    runs.push(...rows.map(({ dag_id, dag_run_id, run_type }) => ({ dag_id, dag_run_id, run_type })));
    offset += rows.length;
    if (rows.length === 0 || offset >= total) return runs;
  }
}
