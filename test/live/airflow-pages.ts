/**
 * Compares Airflow's own pages and counts with our answers. Where the two use a word differently, a comment says why, and
 * both meanings are computed from the runs that the server lists.
 */
import type { Destination } from "@org/destination";
import {
  coverage,
  failingNow,
  failuresByTask,
  type Insights,
  openInsights,
  runDurations,
  runningTooLong,
  runOrigins,
  stuckWaiting,
  successRate,
} from "@org/insights";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { newestAirflow } from "@org/testkit/servers/airflow-versions";
import { expect } from "vitest";

interface Run {
  readonly dag_id: string;
  readonly dag_run_id: string;
  readonly run_type: string;
  readonly state: string;
  readonly logical_date: string | null;
  readonly start_date: string | null;
  readonly end_date: string | null;
}

type Counts = Readonly<Record<string, number>>;

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** All stored rows, including those of DAGs that are no longer in a bundle, as the server counts. */
const everything = {
  since: daysFromNow(-365),
  until: daysFromNow(2),
  timezone: "UTC",
  include_stale: true,
  limit: 100_000,
} as const;

/** @param destination with all of the server's rows, synced at least a second after the last change */
export async function expectWhatPagesShow(server: AirflowServer, destination: Destination): Promise<void> {
  const get = await reading(server);
  const insights = await openInsights(destination);
  try {
    const runs = await allRuns(get);
    await expectCounts(get, insights, runs);
    await expectWindows(get, insights, runs);
    await expectDurations(destination, insights, runs);
    if (server.version === newestAirflow) await expectDags(get, insights, runs);
  } finally {
    await insights.close();
  }
}

type Get = <T>(path: string) => Promise<T>;

async function reading({ url, username, password }: AirflowServer): Promise<Get> {
  const headers = { "content-type": "application/json" };
  const login = await fetch(`${url}/auth/token`, {
    method: "POST",
    headers,
    body: JSON.stringify({ username, password }),
  });
  const { access_token } = (await login.json()) as { access_token: string };
  return async <T>(path: string) => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${access_token}` } });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
}

async function allRuns(get: Get): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (;;) {
    const page = await get<{ dag_runs: Run[]; total_entries: number }>(
      `/api/v2/dags/~/dagRuns?limit=100&offset=${runs.length}&order_by=id`,
    );
    runs.push(...page.dag_runs);
    if (page.dag_runs.length === 0) return runs;
  }
}

const sum = <T>(rows: readonly T[], of: (row: T) => number) => rows.reduce((all, row) => all + of(row), 0);

function countsBy<T>(rows: readonly T[], of: (row: T) => string): Counts {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[of(row)] = (counts[of(row)] ?? 0) + 1;
  return counts;
}

/** Runs and task instances by state: the dashboard, and each DAG's counts. */
async function expectCounts(get: Get, insights: Insights, runs: readonly Run[]): Promise<void> {
  const { rows: rates } = await insights.answer(successRate, everything);
  const { rows: waits } = await insights.answer(stuckWaiting, { ...everything, min: 0 });
  // A threshold that every running run exceeds.
  const tooLong = { ...everything, factor: 1e-9, floor: 0, absolute: 0 };
  const { rows: running } = await insights.answer(runningTooLong, tooLong);
  const { rows: failures } = await insights.answer(failuresByTask, everything);
  // Without a window, since versions differ in whether a window is by start date or by due time.
  const page = await get<{ dag_run_states: Counts; task_instance_states: Counts }>(
    "/ui/dashboard/historical_metrics_data?start_date=2000-01-01T00:00:00Z&end_date=2100-01-01T00:00:00Z",
  );
  expect({
    success: sum(rates, ({ succeeded }) => succeeded),
    failed: sum(rates, ({ failed }) => failed),
    running: sum(rates, (row) => row.running),
    queued: waits.filter(({ task }) => task === null).length,
  }).toEqual(page.dag_run_states);
  expect(running.filter(({ task }) => task === null)).toHaveLength(page.dag_run_states.running ?? 0);
  const tasks = countsBy(
    running.filter(({ task }) => task !== null),
    ({ state }) => state,
  );
  for (const state of ["running", "restarting", "deferred", "up_for_reschedule"])
    expect({ [state]: tasks[state] ?? 0 }).toEqual({ [state]: page.task_instance_states[state] ?? 0 });
  // Only currently failed ones. The page has no earlier attempts, on which our other columns are based.
  expect(sum(failures, ({ persistent }) => persistent)).toBe(page.task_instance_states.failed);

  const { dags } = await get<{ dags: { dag_id: string; stats: { state: string; count: number }[] }[] }>(
    "/api/v2/dagStats",
  );
  for (const { dag_id, stats } of dags) {
    const counts = Object.fromEntries(stats.map(({ state, count }) => [state, count]));
    const row = rates.find(({ name }) => name === dag_id);
    const { succeeded: success = 0, failed = 0, running = 0 } = row ?? {};
    const queued = waits.filter(({ task, name }) => task === null && name === dag_id).length;
    expect({ dag_id, success, failed, running, queued }).toEqual({ dag_id, ...counts });
  }
  expect(dags.length).toBeGreaterThan(0);
  const { rows: tables } = await insights.answer(coverage);
  expect(tables.find(({ table }) => table === "airflow_dag_runs")?.rows).toBe(runs.length);
}

/** Runs that ended in a window, by the list of runs, whose window includes its end. */
async function expectWindows(get: Get, insights: Insights, runs: readonly Run[]): Promise<void> {
  const ends = runs.flatMap(({ end_date }) => end_date ?? []).sort();
  const at = (share: number) => ends[Math.floor(share * ends.length)] as string;
  const types = new Set(runs.map(({ run_type }) => run_type));
  for (const [since, until] of [
    [at(0.25), at(0.75)],
    [at(0.5), at(0.9)],
  ] as const) {
    const query = `end_date_gte=${encodeURIComponent(since)}&end_date_lte=${encodeURIComponent(until)}&limit=1`;
    const totalOf = async (state: string, type?: string) => {
      const more = type === undefined ? "" : `&run_type=${type}`;
      const path = `/api/v2/dags/~/dagRuns?${query}&state=${state}${more}`;
      const { total_entries } = await get<{ total_entries: number }>(path);
      const isLast = (run: Run) =>
        run.end_date === until && run.state === state && (type ?? run.run_type) === run.run_type;
      return total_entries - runs.filter(isLast).length;
    };
    const { rows: rates } = await insights.answer(successRate, { ...everything, since, until });
    expect(sum(rates, ({ succeeded }) => succeeded)).toBe(await totalOf("success"));
    expect(sum(rates, ({ failed }) => failed)).toBe(await totalOf("failed"));
    const { rows: origins } = await insights.answer(runOrigins, { ...everything, since, until });
    for (const type of types) {
      const own = origins.filter(({ origin }) => origin === type);
      const total = (await totalOf("success", type)) + (await totalOf("failed", type));
      expect({ type, runs: sum(own, (row) => row.runs) }).toEqual({ type, runs: total });
    }
  }
}

/** The bars of the grid: from start to end. Ignores cleared runs, whose start has been overwritten. */
async function expectDurations(destination: Destination, insights: Insights, runs: readonly Run[]): Promise<void> {
  const { rows } = await insights.answer(runDurations, everything);
  const cleared = await clearedRuns(destination);
  const byDag = Map.groupBy(runs, ({ dag_id }) => dag_id);
  let compared = 0;
  for (const [name, own] of byDag) {
    const lengths = own
      .filter(({ state, dag_run_id }) => state === "success" && !cleared.has(JSON.stringify([name, dag_run_id])))
      .map(({ start_date, end_date }) => Date.parse(end_date!) - Date.parse(start_date!))
      .filter((length) => length >= 0)
      .sort((a, b) => a - b);
    const row = rows.find((each) => each.name === name && each.task === null);
    const failed = own.filter(({ state }) => state === "failed").length;
    const { n = 0, failed: ourFailed = 0, min, median, max } = row ?? {};
    expect({ name, n, failed: ourFailed }).toEqual({ name, n: lengths.length, failed });
    if (lengths.length === 0) continue;
    compared += 1;
    const seconds = [lengths[0], lengths[Math.ceil(lengths.length / 2) - 1], lengths.at(-1)].map((ms) => ms! / 1000);
    // The server's timestamps have microseconds, Date only milliseconds.
    for (const [index, value] of [min, median, max].entries()) expect(value, name).toBeCloseTo(seconds[index]!, 2);
  }
  expect(compared).toBeGreaterThan(10);
}

/** Keys of runs with a task instance that started before the run. No page shows this. */
async function clearedRuns(destination: Destination): Promise<ReadonlySet<string>> {
  const reader = await destination.read!();
  try {
    const [runs, tasks] = [dagRunsTable, taskInstancesTable].map((table) => reader.table(table));
    const rows = await reader.query(`SELECT DISTINCT r.dag_id, r.dag_run_id FROM ${runs} r JOIN ${tasks} t
      ON t.dag_id = r.dag_id AND t.dag_run_id = r.dag_run_id WHERE t.try_number >= 1 AND t.start_date < r.start_date`);
    return new Set(rows.map(({ dag_id, dag_run_id }) => JSON.stringify([dag_id, dag_run_id])));
  } finally {
    await reader.close();
  }
}

/** The four numbers at the top of the dashboard. */
async function expectDags(get: Get, insights: Insights, runs: readonly Run[]): Promise<void> {
  const page = await get<Readonly<Record<string, number>>>("/ui/dashboard/dag_stats");
  const { dags } = await get<{ dags: { dag_id: string; is_stale: boolean }[] }>(
    "/api/v2/dags?limit=1000&exclude_stale=true",
  );
  const present = new Set(dags.map(({ dag_id }) => dag_id));
  const { rows: rates } = await insights.answer(successRate, { ...everything, include_stale: false });
  expect(rates.filter(({ running }) => running > 0)).toHaveLength(page.running_dag_count!);
  const { rows: waits } = await insights.answer(stuckWaiting, { ...everything, include_stale: false, min: 0 });
  const queued = waits.filter(({ task }) => task === null).map(({ name }) => name);
  expect(new Set(queued).size).toBe(page.queued_dag_count);

  // The page uses each DAG's latest run by logical date, of any type, finished or not: while it is running, the DAG is not
  // failing. It ignores runs without a logical date, such as an asset's. Ours is the automatic run that ended last.
  const failing = (own: readonly Run[], time: (run: Run) => string | null) => {
    const [latest] = own.filter(time).sort((a, b) => Date.parse(time(b)!) - Date.parse(time(a)!));
    return latest?.state === "failed";
  };
  const byDag = [...present].map((dag_id) => runs.filter((run) => run.dag_id === dag_id));
  expect(byDag.filter((own) => failing(own, ({ logical_date }) => logical_date))).toHaveLength(page.failed_dag_count!);
  const regular = (own: readonly Run[]) =>
    own.filter(({ state, run_type }) => /^(success|failed)$/.test(state) && !/^(manual|backfill)/.test(run_type));
  const ours = byDag.filter((own) => failing(regular(own), ({ end_date }) => end_date)).map(([run]) => run!.dag_id);
  const { rows: failures } = await insights.answer(failingNow, { timezone: "UTC" });
  expect(failures.map(({ name }) => name).sort()).toEqual(ours.sort());
}
