/**
 * Compares Dagster's own pages with our answers. Its pages count each run separately; our answers count a run and its
 * re-executions as one, with the latest one's outcome. Both are computed from the runs that it lists. The pages of ticks
 * and steps have no counterpart, since neither is in the tables.
 */
import type { Destination } from "@org/destination";
import {
  coverage,
  hygiene,
  type Insights,
  openInsights,
  runDurations,
  runningTooLong,
  runOrigins,
  staleAssets,
  stuckWaiting,
  successRate,
} from "@org/insights";
import { expect } from "vitest";

interface Run {
  readonly runId: string;
  readonly status: string;
  readonly pipelineName: string;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly updateTime: number | null;
  /** Undefined if the server's version does not have it. */
  readonly creationTime?: number;
  readonly rootRunId: string | null;
  readonly parentRunId: string | null;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

type Ask = <T>(query: string) => Promise<T>;

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** All stored rows. */
const everything = { since: "2015-01-01", until: daysFromNow(2), timezone: "UTC", limit: 100_000 } as const;

const sum = <T>(rows: readonly T[], of: (row: T) => number) => rows.reduce((all, row) => all + of(row), 0);

/** @param destination with all of the server's rows, synced at least a second after the last change */
export async function expectWhatPagesShow(url: string, destination: Destination): Promise<void> {
  const ask: Ask = async (query) => {
    const body = JSON.stringify({ query });
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const { data, errors } = (await response.json()) as { data: never; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const insights = await openInsights(destination);
  try {
    const runs = await allRuns(ask);
    await expectCounts(ask, insights);
    await expectLogicalRuns(insights, runs);
    await expectOrigins(ask, insights, runs);
    await expectAssets(ask, insights);
  } finally {
    await insights.close();
  }
}

/** Newest first, in the order of our answers: by creation time, or the earliest known time. */
async function allRuns(ask: Ask): Promise<readonly Run[]> {
  const { __type: type } = await ask<{ __type: { fields: { name: string }[] } }>(
    `{ __type(name: "Run") { fields { name } } }`,
  );
  const fields = type.fields.some(({ name }) => name === "creationTime") ? "creationTime" : "";
  const runs: Run[] = [];
  for (;;) {
    const cursor = runs.length > 0 ? `cursor: ${JSON.stringify(runs.at(-1)!.runId)}, ` : "";
    const { runsOrError } = await ask<{
      runsOrError: { results: Run[] };
    }>(`{ runsOrError(${cursor}limit: 500) { ... on Runs {
      results { runId status pipelineName startTime endTime updateTime rootRunId parentRunId ${fields} tags { key value } } } } }`);
    if (runsOrError.results.length === 0) break;
    runs.push(...runsOrError.results);
  }
  const begun = ({ creationTime, startTime, updateTime }: Run) => creationTime ?? startTime ?? updateTime ?? 0;
  return runs.sort((a, b) => begun(b) - begun(a) || (a.runId < b.runId ? 1 : -1));
}

const begun: readonly string[] = ["STARTED", "SUSPENDED", "CANCELING"];

/** The tabs of the runs page: how many are queued, and how many are in progress. */
async function expectCounts(ask: Ask, insights: Insights): Promise<void> {
  const { __type: known } = await ask<{ __type: { enumValues: { name: string }[] } }>(
    `{ __type(name: "RunStatus") { enumValues { name } } }`,
  );
  const parts = known.enumValues.map(
    ({ name }) => `${name}: runsOrError(filter: { statuses: [${name}] }) { ...counted }`,
  );
  const page = await ask<Record<string, { count: number }>>(
    `{ all: runsOrError { ...counted } ${parts.join(" ")} } fragment counted on RunsOrError { ... on Runs { count } }`,
  );
  const { rows: tables } = await insights.answer(coverage);
  expect(tables.find(({ table }) => table === "dagster_runs")?.rows).toBe(page.all!.count);
  const { rows: waits } = await insights.answer(stuckWaiting, { ...everything, min: 0 });
  // A threshold that every running run exceeds.
  const tooLong = { ...everything, factor: 1e-9, floor: 0, absolute: 0 };
  const { rows: running } = await insights.answer(runningTooLong, tooLong);
  const isOver = /^(SUCCESS|FAILURE|CANCELED)$/;
  for (const { name: status } of known.enumValues.filter(({ name }) => !isOver.test(name) && !begun.includes(name))) {
    const count = waits.filter(({ state }) => state === status).length;
    expect({ status, count }).toEqual({ status, count: page[status]!.count });
  }
  expect(running).toHaveLength(sum(begun, (status) => page[status]?.count ?? 0));
}

/** Runs grouped with their re-executions. */
function logicalRuns(runs: readonly Run[]): readonly (readonly Run[])[] {
  return [...Map.groupBy(runs, ({ runId, rootRunId }) => rootRunId ?? runId).values()];
}

const nameOf = ({ pipelineName }: Run) => (pipelineName === "__ASSET_JOB" ? "(asset runs)" : pipelineName);

/** Outcomes and durations of a job's runs, as on its page, but per group of re-executions. */
async function expectLogicalRuns(insights: Insights, runs: readonly Run[]): Promise<void> {
  const { rows: rates } = await insights.answer(successRate, everything);
  const { rows: durations } = await insights.answer(runDurations, everything);
  const byJob = Map.groupBy(logicalRuns(runs), ([latest]) => nameOf(latest!));
  for (const [name, own] of byJob) {
    const count = (...wanted: string[]) => own.filter(([latest]) => wanted.includes(latest!.status)).length;
    const rate = rates.filter((each) => each.name === name);
    expect({
      name,
      succeeded: sum(rate, ({ succeeded }) => succeeded),
      failed: sum(rate, ({ failed }) => failed),
      canceled: sum(rate, ({ canceled }) => canceled),
      running: sum(rate, ({ running }) => running),
    }).toEqual({
      name,
      succeeded: count("SUCCESS"),
      failed: count("FAILURE"),
      canceled: count("CANCELED"),
      running: count(...begun),
    });
    // Re-executed runs do not show how long a run takes.
    const lengths = own
      .filter(([run, ...others]) => others.length === 0 && run!.status === "SUCCESS" && run!.endTime && run!.startTime)
      .map(([run]) => run!.endTime! - run!.startTime!)
      .sort((a, b) => a - b);
    const took = durations.filter((each) => each.name === name);
    expect({ name, n: sum(took, ({ n }) => n) }).toEqual({ name, n: lengths.length });
    const [only, ...others] = took;
    // Jobs with the same name in several locations are separate rows.
    if (!only || others.length > 0 || lengths.length === 0) continue;
    const wanted = [lengths[0], lengths[Math.ceil(lengths.length / 2) - 1], lengths.at(-1)];
    for (const [index, value] of [only.min, only.median, only.max].entries())
      expect(value, name).toBeCloseTo(wanted[index]!, 3);
  }
  expect(byJob.size).toBeGreaterThan(2);
}

/** The runs on a schedule's or sensor's page: those with its tag. */
async function expectOrigins(ask: Ask, insights: Insights, runs: readonly Run[]): Promise<void> {
  const { rows } = await insights.answer(runOrigins, everything);
  let compared = 0;
  for (const [origin, key] of [
    ["scheduled", "dagster/schedule_name"],
    ["sensor", "dagster/sensor_name"],
    ["backfill", "dagster/backfill"],
  ] as const) {
    for (const value of new Set(rows.filter((row) => row.origin === origin).map(({ by }) => by as string))) {
      const tags = `tags: [{ key: ${JSON.stringify(key)}, value: ${JSON.stringify(value)} }]`;
      const { runsOrError: page } = await ask<{ runsOrError: { results: { runId: string }[] } }>(
        `{ runsOrError(filter: { ${tags}, statuses: [SUCCESS, FAILURE] }, limit: 10000) { ... on Runs { results { runId } } } }`,
      );
      // Re-executions inherit the tags, so the page shows each of them. Here, the first run's origin counts.
      const shown = new Set(page.results.map(({ runId }) => runId));
      const logical = logicalRuns(runs).filter(
        (parts) =>
          /^(SUCCESS|FAILURE)$/.test(parts[0]!.status) &&
          parts.at(-1)!.tags.some((tag) => tag.key === key && tag.value === value),
      );
      const again = logical.filter((parts) => parts.length > 1);
      const ours = sum(
        rows.filter((row) => row.origin === origin && row.by === value),
        (row) => row.runs,
      );
      expect({ origin, value, runs: ours }).toEqual({ origin, value, runs: logical.length });
      for (const [run] of logical.filter((parts) => !again.includes(parts))) expect(shown).toContain(run!.runId);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(2);
}

interface Assets {
  readonly assetsOrError: {
    readonly nodes: readonly {
      readonly key: { readonly path: readonly string[] };
      readonly definition: object | null;
      readonly assetMaterializations: readonly { readonly timestamp: string; readonly runId: string }[];
    }[];
  };
  readonly repositoriesOrError: {
    readonly nodes: readonly {
      readonly schedules: readonly { readonly name: string; readonly scheduleState: { readonly status: string } }[];
      readonly sensors: readonly { readonly name: string; readonly sensorState: { readonly status: string } }[];
    }[];
  };
}

/** The catalog's last materializations, and the switches on the automation page. */
async function expectAssets(ask: Ask, insights: Insights): Promise<void> {
  const page = await ask<Assets>(`{
    assetsOrError { ... on AssetConnection { nodes { key { path } definition { id } assetMaterializations(limit: 1) { timestamp runId } } } }
    repositoriesOrError { ... on RepositoryConnection { nodes {
      schedules { name scheduleState { status } } sensors { name sensorState { status } } } } } }`);
  const { rows } = await insights.answer(staleAssets, { ...everything, all: true });
  const lasts = rows.map(({ asset, last }) => [asset, last === null ? null : Date.parse(last)]);
  // Assets that were only observed, neither defined nor materialized, are in no table.
  const nodes = page.assetsOrError.nodes.filter((node) => node.definition || node.assetMaterializations.length > 0);
  const wanted = nodes.map(({ key, assetMaterializations: [last] }) => [
    key.path.join("."),
    last ? Number(last.timestamp) : null,
  ]);
  expect(lasts.map((row) => JSON.stringify(row)).sort()).toEqual(wanted.map((row) => JSON.stringify(row)).sort());
  const { rows: stopped } = await insights.answer(hygiene, { kind: "stopped", limit: 100_000 });
  const switches = page.repositoriesOrError.nodes.flatMap(({ schedules, sensors }) => [
    ...schedules.map(({ name, scheduleState }) => ({ name, status: scheduleState.status })),
    ...sensors.map(({ name, sensorState }) => ({ name, status: sensorState.status })),
  ]);
  const off = switches.filter(({ status }) => status === "STOPPED").map(({ name }) => name);
  expect(stopped.map(({ name }) => name).sort()).toEqual(off.sort());
}
