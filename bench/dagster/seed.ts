/**
 * The requests of the public example connector for Dagster, and what they keep: serial pages of 100 runs until an empty one,
 * then a query each for assets, schedules and sensors. It asks for schedules and sensors without their required argument,
 * so the server rejects both, and it stops at the first asset that was ever materialized. Nothing is stored, which makes
 * it faster than it would be.
 */
import { type CheckedRow, type Contender, readJson, type Tables, writeJson } from "../contender.ts";
import type { DagsterTarget } from "./target.ts";

const RUNS = `query Runs($limit: Int!, $cursor: String) { runsOrError(limit: $limit, cursor: $cursor) { __typename
  ... on Runs { results { runId pipelineName status mode startTime endTime updateTime tags { key value } } } } }`;
const ASSETS = `query Assets { assetsOrError { __typename ... on AssetConnection { nodes { id key { path }
  assetMaterializations { runId timestamp } definition { description groupName } } } } }`;
const SCHEDULES = `query Schedules { schedulesOrError { __typename ... on Schedules { results { id name cronSchedule
  pipelineName description executionTimezone scheduleState { status runningCount } } } } }`;
const SENSORS = `query Sensors { sensorsOrError { __typename ... on Sensors { results { id name sensorType
  targets { pipelineName } description sensorState { status runs { id } } } } } }`;
const LIMIT = 100;

interface Answer<T> {
  readonly data?: Readonly<Record<string, { readonly results?: readonly T[]; readonly nodes?: readonly T[] }>> | null;
}
type SeedRun = { readonly runId: string; readonly status: string };
type SeedAsset = { readonly key: { readonly path: readonly string[] }; readonly assetMaterializations: object[] };

export const seed: Contender<DagsterTarget> = {
  async copy(target) {
    let requests = 0;
    async function ask<T>(query: string, variables: object = {}): Promise<readonly T[]> {
      requests += 1;
      const body = JSON.stringify({ query, variables });
      const headers = { "content-type": "application/json" };
      const response = await fetch(target.url, { method: "POST", headers, body });
      const { data } = (await response.json()) as Answer<T>;
      const [found] = Object.values(data ?? {});
      return found?.results ?? found?.nodes ?? [];
    }
    const runs: CheckedRow[] = [];
    for (let cursor: CheckedRow[0] | undefined; ; cursor = runs.at(-1)![0]) {
      const page = await ask<SeedRun>(RUNS, { limit: LIMIT, cursor });
      if (page.length === 0) break;
      runs.push(...page.map(({ runId, status }): CheckedRow => [runId, status]));
    }
    const nodes = await ask<SeedAsset>(ASSETS);
    const materialized = nodes.findIndex(({ assetMaterializations }) => assetMaterializations.length > 0);
    const kept = materialized < 0 ? nodes : nodes.slice(0, materialized);
    const assets = kept.map(({ key }): CheckedRow => [JSON.stringify(key.path), null]);
    await ask(SCHEDULES);
    await ask(SENSORS);
    writeJson(target, "seed.json", { runs, assets });
    return { requests };
  },
  stored: async (target) => readJson<Tables>(target, "seed.json"),
};
