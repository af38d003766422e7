/** A limit of the history: what is older is not requested, and a longer limit later reads what is missing. */
import { createEmptyAirflowWorld, type LoggedRequest } from "@org/simulators/internal";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import { describeState, verify } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { failing, setUp } from "./airflow-sync.ts";

const dayMs = 24 * 60 * 60_000;

/** Four DAGs that ran daily for a hundred days, and one that has not run for fifty. Each run was retried once. */
function oldWorld() {
  const world = createEmptyAirflowWorld();
  const now = world.now();
  const tasks = [{ taskId: "a", retries: 1 }];
  const dags = ["d0", "d1", "d2", "d3", "quiet"].map((dagId) => world.addDag({ dagId, tasks }));
  world.at(now - 101 * dayMs * 1000, () => {
    for (const [number, dag] of dags.entries()) {
      for (let day = dag.dagId === "quiet" ? 50 : 0; day < 100; day += 1) {
        const run = world.addRun(dag, { runId: `day ${day}`, runAfter: now - (day * dayMs + number * 60_000) * 1000 });
        world.startTask(run.tasks[0]!);
        world.retry(run.tasks[0]!);
        world.finishRun(run);
      }
    }
  });
  return world;
}

async function setUpLimited(
  days: number,
  { inFile = false, ...options }: { readonly batch?: boolean; readonly inFile?: boolean } = {},
) {
  const its = await setUp({ world: oldWorld(), inFile, source: { runsPerAnswer: 50, ...options } });
  const { world, syncNow, simulator } = its;
  const limited = (more: number) => ({ historyMs: more * dayMs });
  const began = world.now();
  /** Differences in runs due in the last days; all rows that are older. */
  const check = async (last: number) => {
    const since = new Date(began / 1000 - last * dayMs).toISOString().replace("Z", "000Z");
    const recent = (text: string) => text >= since;
    const expected = world.rows();
    const result: string[] = [];
    for (const table of [dagRunsTable, taskInstancesTable]) {
      const key = (row: Record<string, unknown>) => table.primaryKey.map((name) => String(row[name])).join(" ");
      const held = await its.rows(table);
      const there = new Set(held.map(key));
      for (const row of expected[table.name as "airflow_dag_runs"] as readonly Record<string, unknown>[]) {
        const isMissing = recent(row.run_after as string) && !there.has(key(row));
        if (isMissing) result.push(`missing ${key(row)}`);
      }
      for (const row of held) if (!recent(row.run_after as string)) result.push(`older ${key(row)}`);
    }
    return result;
  };
  return {
    ...its,
    limited,
    check,
    simulator,
    syncNow: (how: object = {}) => syncNow({ historyMs: days * dayMs, ...how }),
  };
}

const older = ({ body, query }: LoggedRequest) => {
  const given =
    (body as { run_after_gte?: string } | undefined)?.run_after_gte ?? new URLSearchParams(query).get("run_after_gte");
  return given === undefined || given === null;
};
const isHistory = ({ path, query }: LoggedRequest) =>
  /dagRuns(\/list)?$|taskInstances(\/list)?$/.test(path) && !/updated_at_gte|order_by=start_date/.test(query);

describe.each([true, false])("batch: %s", (batch) => {
  test("older runs are not requested, by no sync, and the rest is complete", async () => {
    const { syncNow, simulator, check, destination, world } = await setUpLimited(30, { batch });
    await syncNow();
    expect(await check(30)).toEqual([]);
    for (const reconcile of [false, true, false]) {
      simulator.clock.advance(60 * 60_000);
      world.finishRun(world.addRun(world.dags.get("d1")!));
      await syncNow({ reconcile });
    }
    expect(
      simulator.requests
        .filter(isHistory)
        .filter(older)
        .map(({ path, query }) => `${path}?${query}`),
    ).toEqual([]);
    expect(await check(30)).toEqual([]);
    const states = await describeState({ destination: destination() });
    expect(states.find(({ stream }) => stream === "dag_runs")!.historySince).toMatch(/^2026-/);
  });

  test("an idle sync costs two requests more", async () => {
    const { syncNow, simulator } = await setUpLimited(30, { batch });
    await syncNow();
    simulator.clock.advance(60 * 60_000);
    await syncNow({ reconcile: false });
    const { requests } = await syncNow({ reconcile: false });
    expect(requests).toBeLessThanOrEqual(8);
  });

  test("a longer limit reads what is missing, and everything without one; a shorter one keeps what is there", async () => {
    const { syncNow, simulator, check, limited, differences } = await setUpLimited(30, { batch });
    await syncNow();
    simulator.requests.length = 0;
    await syncNow({ ...limited(60), reconcile: false });
    expect(await check(60)).toEqual([]);
    await syncNow({ ...limited(7), reconcile: true });
    expect(await check(60)).toEqual([]);
    await syncNow({ ...limited(Number.POSITIVE_INFINITY), reconcile: false });
    expect(await differences()).toEqual([]);
    await syncNow({ ...limited(7), reconcile: true });
    expect(await differences()).toEqual([]);
  });
});

test("I3: interrupted anywhere, a limited first sync and a longer limit end complete", async () => {
  for (let nth = 1; nth < 14; nth += 2) {
    const { syncNow, check, limited, destination } = await setUpLimited(30);
    await syncNow({ destination: failing(destination(), nth, "after") }).catch(() => {});
    await syncNow();
    expect(await check(30)).toEqual([]);
    await syncNow({ ...limited(90), destination: failing(destination(), nth, "after") }).catch(() => {});
    await syncNow({ ...limited(90), reconcile: false });
    expect(await check(90)).toEqual([]);
  }
});

test("a first sync that takes too long can be ended by a shorter limit", async () => {
  const { syncNow, limited, destination, simulator, rows } = await setUpLimited(100);
  await syncNow({ destination: failing(destination(), 4, "after") }).catch(() => {});
  const before = (await rows(dagRunsTable)).length;
  simulator.requests.length = 0;
  await syncNow({ ...limited(2) });
  expect(
    simulator.requests.filter(
      ({ path, body }) => /dagRuns\/list$/.test(path) && (body as { page_limit: number }).page_limit > 1,
    ).length,
  ).toBeLessThan(4);
  expect((await rows(dagRunsTable)).length).toBeLessThan(before + 20);
});

test("deletions and silent ends are found within the limit", async () => {
  const { syncNow, simulator, world, rows, check } = await setUpLimited(30);
  await syncNow();
  simulator.clock.advance(60 * 60_000);
  const [first, second] = [...world.dags.get("d2")!.runs.values()];
  world.deleteRun(first!, true);
  world.withoutStamps(() => world.setRunState(second!, "failed"));
  await syncNow({ reconcile: false });
  expect(
    (await rows(dagRunsTable)).find(({ dag_id, dag_run_id }) => dag_id === "d2" && dag_run_id === "day 1"),
  ).toMatchObject({
    state: "failed",
  });
  await syncNow({ reconcile: true });
  expect(await check(30)).toEqual([]);
  expect((await rows(dagRunsTable)).some(({ dag_id, dag_run_id }) => dag_id === "d2" && dag_run_id === "day 0")).toBe(
    false,
  );
});

test("verify compares what the table is meant to hold", async () => {
  const { syncNow, source, destination } = await setUpLimited(30, { inFile: true });
  await syncNow();
  const { tables } = await verify({ source, destination: destination() });
  expect(tables.map(({ missing, extra, different }) => [missing, extra, different])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test("without an option, the limit stands", async () => {
  const { syncNow, check } = await setUpLimited(30);
  await syncNow();
  for (const reconcile of [false, true]) await syncNow({ historyMs: undefined, reconcile });
  expect(await check(30)).toEqual([]);
});

test("a duration that is none is refused", async () => {
  const { syncNow } = await setUpLimited(30);
  for (const historyMs of [0, -1, Number.NaN]) await expect(syncNow({ historyMs })).rejects.toThrow(/historyMs is/);
});
