/** The versions of DAGs, which several streams need. */
import type { DagVersion } from "@org/airflow-client";
import { shapes } from "@org/sync-engine/source";
import { dagVersionFields } from "./answers.ts";
import type { AirflowApi } from "./api.ts";
import type { ListedDags } from "./dag-list.ts";
import { airflowList } from "./lists.ts";

const allVersions = airflowList({
  what: "DAG versions",
  name: "dag_versions",
  key: ["id"],
  fields: { ...dagVersionFields, version_number: shapes.integer },
  page: (client, query, limits) =>
    client.GET("/api/v2/dags/{dag_id}/dagVersions", {
      params: { path: { dag_id: "~" }, query: { ...query, order_by: ["id"] } },
      ...limits,
    }),
});

export interface Versions {
  /**
   * All versions of all DAGs, or those created since a given time; undefined if the user may not read them. One that
   * was not parsed since has none that is new, so an idle server is not asked.
   */
  versions(since?: number): Promise<readonly DagVersion[] | undefined>;
  /** Whether any DAG's file was parsed since a given time. */
  isParsedSince(since: number): Promise<boolean>;
  /** The versions created since a given time as of now. */
  versionsNow(since: number): Promise<readonly DagVersion[]>;
}

export function createVersions(api: AirflowApi, listedDags: () => Promise<ListedDags>): Versions {
  let earliest = Number.POSITIVE_INFINITY;
  let recent: Promise<readonly DagVersion[]> | undefined;
  const isParsedSince = async (since: number) => {
    const { dags } = await listedDags();
    return dags.some(({ last_parsed_time: time }) => time && Date.parse(time) >= since);
  };
  return {
    isParsedSince,
    async versions(since) {
      if (since === undefined) return (await api.wholeList(allVersions))?.items;
      if (!(await isParsedSince(since))) return [];
      if (!recent || since < earliest) {
        earliest = since;
        recent = api.versionsSince(since);
      }
      return (await recent).filter(({ created_at }) => Date.parse(created_at) >= since);
    },
    versionsNow: api.versionsSince,
  };
}
