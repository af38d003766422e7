/** Rows that the server deleted along with what they belong to: the steps and events of a run, the events of an asset. */
import type { Key } from "@org/destination";
import type { ReadContext } from "@org/sync-engine/source";
import { inChunks } from "../runs-reconcile.ts";
import type { DagsterSync } from "../shared.ts";
import { materializationsTable } from "../tables/materializations.ts";
import { runsTable } from "../tables/runs.ts";

type Context = Pick<ReadContext<DagsterSync>, "shared" | "stored">;

/**
 * Which of these runs the server deleted, if this sync has brought the table of runs up to date: it does not have them,
 * and the server confirms that.
 */
export async function deletedRuns(runIds: readonly string[], { shared, stored }: Context): Promise<readonly string[]> {
  const { api, areRunsStored } = shared;
  if (!areRunsStored || runIds.length === 0) return [];
  const known = new Set((await stored.keys(runsTable, {})).map(({ run_id }) => run_id));
  const absent = runIds.filter((id) => id !== "" && !known.has(id) && !api.largeRuns.has(id));
  const gone: string[] = [];
  for (const ids of inChunks(absent, api.pageSize)) {
    const there = new Set((await api.runsById(ids)).map(({ runId }) => runId));
    gone.push(...ids.filter((id) => !there.has(id) && !api.largeRuns.has(id)));
  }
  return gone;
}

/**
 * Those deleted runs whose events are gone. An event may name a run that the server never had, so of each run one event
 * is looked for.
 */
export async function runsWithoutEvents(runIds: readonly string[], { shared, stored }: Context) {
  if (runIds.length === 0) return [];
  const some = new Map<string, Key<typeof materializationsTable>>();
  for (const row of await stored.keys(materializationsTable, { run_id: { in: runIds } })) some.set(row.run_id, row);
  const questions = [...some].map(([run_id, { asset_id, timestamp }]) => {
    const at = Date.parse(timestamp);
    return { run_id, path: JSON.parse(asset_id) as string[], after: at - 1, before: at + 1, limit: 1000 };
  });
  const found = new Set<string>();
  for await (const answers of shared.further.someEvents(questions)) {
    for (const { item } of answers) for (const runId of item) found.add(runId);
  }
  return runIds.filter((id) => some.has(id) && !found.has(id));
}

/**
 * Those of the assets that have rows, and of which the server has no event any more.
 *
 * @param ids of assets that seem to have none; undefined: all but `others`
 */
export async function wipedAssets(
  { ids, others }: { readonly ids: readonly string[] | undefined; readonly others: ReadonlySet<string> },
  { shared, stored }: Context,
): Promise<readonly string[]> {
  if (ids?.length === 0) return [];
  const scope = ids === undefined ? {} : { asset_id: { in: ids } };
  const held = (await stored.countBy(materializationsTable, scope, ["asset_id"])).map(({ values }) => values.asset_id);
  const asked = held.filter((id) => !others.has(id));
  const there = new Set<string>();
  const questions = asked.map((id) => ({ id, path: JSON.parse(id) as string[], limit: 1 }));
  const all = questions.map((each) => ({ ...each, after: undefined, before: undefined }));
  for await (const answers of shared.further.someEvents(all)) {
    for (const { asked, item } of answers) if (item.length > 0) there.add(asked.id);
  }
  return asked.filter((id) => !there.has(id));
}
