import { finalRunStatuses, type SimulatedDagsterRun } from "./records.ts";
import type { DagsterWorld } from "./world.ts";

export interface RunsArguments {
  readonly filter?: RunsFilter | null;
  readonly cursor?: string | null;
  readonly limit?: number | null;
}

interface RunsFilter {
  readonly runIds?: readonly (string | null)[] | null;
  readonly pipelineName?: string | null;
  readonly tags?: readonly { readonly key: string; readonly value: string }[] | null;
  readonly statuses?: readonly string[] | null;
  readonly snapshotId?: string | null;
  readonly updatedAfter?: number | null;
  readonly updatedBefore?: number | null;
  readonly createdAfter?: number | null;
  readonly createdBefore?: number | null;
}

type Test = (run: SimulatedDagsterRun) => boolean;

/** A requested list of runs: its page, newest insertion first, and the total without paging. */
export function listRuns(
  state: { readonly world: DagsterWorld; readonly version: string; readonly maximum: number },
  input: RunsArguments,
) {
  const { world } = state;
  // Bounds are compared with the database's displayed times; 1.7 converts them to its time zone first.
  const test = testOf(input.filter ?? {}, state.version.startsWith("1.7.") ? world.databaseOffset : 0);
  return {
    count: () => world.ordered().filter(test).length,
    page: (): SimulatedDagsterRun[] => {
      const all = world.ordered();
      // 0 and negative limits mean none.
      const limit = Math.min(input.limit && input.limit > 0 ? input.limit : Number.POSITIVE_INFINITY, state.maximum);
      let index = all.length - 1;
      if (input.cursor) {
        const anchor = world.runs.get(input.cursor);
        // Comparing with the id of a run that does not exist matches no row.
        if (!anchor) return [];
        index = indexBefore(all, anchor.number);
      }
      const page: SimulatedDagsterRun[] = [];
      for (; index >= 0 && page.length < limit; index--) if (test(all[index]!)) page.push(all[index]!);
      return page;
    },
  };
}

/** The index of the last run inserted before this number. */
function indexBefore(all: readonly SimulatedDagsterRun[], number: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (all[middle]!.number < number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Empty lists and zeros are no filter. @param shift added to a bound before it is compared with a displayed time */
function testOf(filter: RunsFilter, shift: number): Test {
  if (filter.snapshotId) throw new Error("The simulator does not know RunsFilter.snapshotId.");
  const tests: Test[] = [];
  if (filter.runIds?.length) {
    const ids = new Set(filter.runIds);
    tests.push((run) => ids.has(run.runId));
  }
  if (filter.pipelineName) tests.push((run) => run.jobName === filter.pipelineName);
  if (filter.statuses?.length) {
    const statuses = new Set(filter.statuses);
    tests.push((run) => statuses.has(run.status));
  }
  // The server turns them into a dictionary: of two with the same key the last counts.
  for (const [key, value] of new Map((filter.tags ?? []).map((tag) => [tag.key, tag.value]))) {
    tests.push((run) => tagOf(run, key) === value);
  }
  const bound = (value: number | null | undefined, test: (run: SimulatedDagsterRun, bound: number) => boolean) => {
    if (!value) return;
    if (Math.abs(value) > 2 ** 55) throw new Error("[Errno 75] Value too large for defined data type");
    const instant = Math.round(value * 1_000_000);
    tests.push((run) => test(run, instant + shift));
  };
  bound(filter.updatedAfter, (run, instant) => run.updateTime + run.updateOffset > instant);
  bound(filter.updatedBefore, (run, instant) => run.updateTime + run.updateOffset < instant);
  bound(filter.createdAfter, (run, instant) => run.creationTime + run.creationOffset > instant);
  bound(filter.createdBefore, (run, instant) => run.creationTime + run.creationOffset < instant);
  return (run) => tests.every((test) => test(run));
}

function tagOf(run: SimulatedDagsterRun, key: string): string | undefined {
  return key === ".dagster/repository" ? `${run.repository}@${run.location}` : run.tags.get(key);
}

/** Serializes a run. Times are seconds; those that the database writes are in its time zone. */
export function runDocument(run: SimulatedDagsterRun) {
  const seconds = (instant: number | null) => (instant === null ? null : instant / 1_000_000);
  return {
    __typename: "Run",
    id: run.runId,
    runId: run.runId,
    jobName: run.jobName,
    pipelineName: run.jobName,
    mode: "default",
    status: run.status,
    runStatus: run.status,
    tags: [...run.tags].filter(([key]) => !key.startsWith(".dagster/")).map(([key, value]) => ({ key, value })),
    creationTime: (run.creationTime + run.creationOffset) / 1_000_000,
    updateTime: (run.updateTime + run.updateOffset) / 1_000_000,
    startTime: seconds(run.startTime),
    endTime: seconds(run.endTime),
    rootRunId: run.rootRunId,
    parentRunId: run.parentRunId,
    // The world launches whole jobs without configuration.
    runConfigYaml: "{}\n",
    assetSelection: null,
    stepKeysToExecute: null,
    canTerminate: !finalRunStatuses.has(run.status),
    repositoryOrigin: {
      id: `${run.location}.${run.repository}`,
      repositoryName: run.repository,
      repositoryLocationName: run.location,
      repositoryLocationMetadata: [],
    },
  };
}

/** The field `assetMaterializations`, of which the world keeps only the latest. */
export function latestMaterialization(world: DagsterWorld, id: string) {
  return (input: { limit?: number }) => {
    if (input.limit !== 1) throw new Error("The simulator knows assetMaterializations with limit: 1 only.");
    const latest = world.materializations.get(id);
    if (!latest) return [];
    return [
      {
        __typename: "MaterializationEvent",
        runId: latest.runId,
        partition: null,
        stepKey: null,
        metadataEntries: [],
        timestamp: String(Math.floor(latest.at / 1000)),
        assetKey: { path: JSON.parse(id) as string[] },
      },
    ];
  };
}
