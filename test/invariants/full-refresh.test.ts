/** A full refresh reads everything again into tables that are in use, and never empties any of them. */
import type { StoredValues } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { sync } from "@org/sync-engine";
import { expect, onTestFinished, test } from "vitest";
import { sourceOf } from "../crash/support/small-sync.ts";
import { wrapped } from "../model/dying.ts";

/** A server whose rows change, disappear and appear. */
const servers = {
  async airflow() {
    const simulator = await startAirflowSimulator({
      world: createDemoAirflowWorld({ dags: 5, days: 4, runsPerDag: 6 }),
    });
    const { world } = simulator;
    const key = "dag_run_id";
    return {
      ...simulator,
      table: "airflow_dag_runs",
      key,
      keys: () => world.rows().airflow_dag_runs.map((row) => String((row as StoredValues)[key])),
      change() {
        world.advance(60_000);
        const [gone, other, changed] = world.runs().filter(({ state }) => state === "success");
        world.deleteRun(gone!);
        world.deleteRun(other!, true);
        world.setRunState(changed!, "failed");
        world.addRun(changed!.dag);
      },
    };
  },
  async dagster() {
    const simulator = await startDagsterSimulator();
    const { world } = simulator;
    return {
      ...simulator,
      table: "dagster_runs",
      key: "run_id",
      keys: () => [...world.runs.keys()],
      change() {
        world.advance(60_000);
        const [gone, other] = [...world.runs.values()];
        world.deleteRun(gone!);
        world.deleteRun(other!);
        world.addRun({ jobName: "score", location: "ml_platform" });
      },
    };
  },
};

test.each(["airflow", "dagster"] as const)("a reader sees no fewer rows during a full refresh of %s", async (kind) => {
  const { url, close, table, key, keys, change } = await servers[kind]();
  onTestFinished(close);
  const destination = memoryDestination();
  const source = sourceOf(kind, url);
  const live = () =>
    new Set(destination.rows(table).flatMap((row) => (row._deleted_at === null ? [String(row[key])] : [])));
  await sync({ source, destination });
  const before = live();
  change();
  const there = new Set(keys());
  const stay = [...before].filter((id) => there.has(id));
  expect(stay.length).toBe(before.size - 2);

  let polls = 0;
  let fewest = Number.POSITIVE_INFINITY;
  const poll = () => {
    const seen = live();
    polls += 1;
    fewest = Math.min(fewest, seen.size);
    expect(stay.filter((id) => !seen.has(id))).toEqual([]);
  };
  let isDone = false;
  const reader = (async () => {
    for (; !isDone; await new Promise((resolve) => setTimeout(resolve, 1))) poll();
  })();
  await sync({ source, destination, fullRefresh: true, onEvent: poll });
  isDone = true;
  await reader;
  expect(polls).toBeGreaterThan(20);
  expect(fewest).toBeGreaterThanOrEqual(stay.length);
  // At its end, it marks all rows that are gone from the server, with or without an event.
  expect([...live()].sort()).toEqual([...there].sort());
  expect(destination.rows(table).filter(({ _deleted_at }) => _deleted_at !== null)).toHaveLength(2);
});

test.each(["airflow", "dagster"] as const)(
  "after an interrupted full refresh of %s, the next sync looks for deletions",
  async (kind) => {
    const { url, close, keys, table, key, change } = await servers[kind]();
    onTestFinished(close);
    const destination = memoryDestination();
    const source = sourceOf(kind, url);
    await sync({ source, destination });
    change();
    let commits = 0;
    const dying = wrapped(destination, (session) => async (stream, batch) => {
      const result = await session.commit(stream, batch);
      if (batch.table.name === table) commits += 1;
      if (commits > 0) throw new Error("the lights went out");
      return result;
    });
    await expect(sync({ source, destination: dying, fullRefresh: true })).rejects.toThrow("the lights went out");
    await sync({ source, destination });
    await sync({ source, destination });
    const live = destination.rows(table).filter(({ _deleted_at }) => _deleted_at === null);
    expect(live.map((row) => row[key]).sort()).toEqual(keys().sort());
  },
);
