/** How much runs at once, when, in which pool, and what is next. Computed by hand from load-world.ts. */
import { concurrency, loadByHour, loadForecast, poolPressure } from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { busy, coming, growing } from "./load-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({ busy, coming, growing });
const sunday = { pipelines: ["busy"], timezone: "UTC", since: "2026-11-01", until: "2026-11-02" };

test("concurrency", async () => {
  const [runs, tasks, ...more] = await asked(concurrency, sunday);
  expect(more).toEqual([]);
  // One for 90 minutes, two for 30. A run that ends at 11:30 does not overlap one that starts then.
  const hours = Array.from({ length: 24 }, () => 0);
  expect(runs).toEqual({
    ...{ orchestrator: "airflow", pipeline: null, what: "runs", key: "(all)", day: "2026-11-01" },
    ...{ peak: 2, peak_at: at("11-01 10:30"), mean: expect.closeTo(150 / 1440, 9), p95: 1 },
    ...{ waiting_peak: 1, waiting_hours: 0.5, limit_of_dag: null, at_limit: null },
    hours: hours.with(10, 2).with(11, 1),
  });
  // Busy for 90 minutes of 1440: 93.75 % of the time nothing ran.
  expect(tasks).toMatchObject({ what: "tasks", peak: 1, peak_at: at("11-01 10:10"), mean: 0.0625, p95: 1 });
  expect(tasks).toMatchObject({ waiting_peak: 1, waiting_hours: expect.closeTo(1 / 6, 9) });
  expect(await asked(concurrency, { ...sunday, by: "dag" })).toMatchObject([
    { what: "runs", pipeline: "busy", key: "steps", limit_of_dag: 2, at_limit: 1800, hours: [] },
    { what: "tasks", key: "steps", limit_of_dag: null, at_limit: null },
  ]);
  expect((await asked(concurrency, { ...sunday, by: "pool" })).map(({ key, mean }) => [key, mean * 1440])).toEqual([
    ["default_pool", expect.closeTo(30, 9)],
    ["small", expect.closeTo(60, 9)],
  ]);
});

test("concurrency counts unfinished tasks up to the time that the tables show", async () => {
  const rows = await asked(concurrency, { days: 0.5, timezone: "UTC", pipelines: ["airflow"] });
  expect(rows.map(({ what, day, peak }) => [what, day, peak])).toEqual([
    ["runs", "2026-11-02", 1],
    ["tasks", "2026-11-02", 1],
  ]);
  // daily_sales from 06:01 to 06:16, and the long one since 09:00. Two have waited since 1 November, one of a backfill, and
  // daily_sales waited for a minute.
  expect(rows[0]).toMatchObject({
    ...{ mean: expect.closeTo(195 / 720, 9), waiting_peak: 4, waiting_hours: expect.closeTo(36 + 1 / 60, 9) },
    hours: [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1],
  });
});

test("pool_pressure", async () => {
  const [small, usual] = await asked(poolPressure, { ...sunday, slots: "small=2" });
  // Two slots from 10:00, when the first task was queued, to 11:10.
  expect(small).toEqual({
    ...{ pipeline: "busy", pool: "small", slots: 2, peak: 2, peak_percent: 100, peak_at: at("11-01 10:00") },
    ...{ mean: expect.closeTo(140 / 1440, 9), p95: 0, waiting_hours: expect.closeTo(1 / 6, 9) },
    ...{ full_hours: expect.closeTo(7 / 6, 9), full_percent: expect.closeTo(7000 / 1440, 9) },
    waiting_while_full: expect.closeTo(1 / 6, 9),
    ...{ samples: null, sampled_peak: null, sampled_full_percent: null },
  });
  expect(usual).toMatchObject({ pool: "default_pool", slots: null, peak: 1, peak_percent: null, full_hours: null });
  await expect(asked(poolPressure, { slots: "small" })).rejects.toThrow(
    "write pools and numbers, as in default_pool=128",
  );
});

test("load_by_hour", async () => {
  const of = async (since: string) => {
    const rows = await asked(loadByHour, { pipelines: ["busy"], timezone: "UTC", since, until: "2026-11-02" });
    expect(rows).toHaveLength(168);
    return rows.filter(({ runs, hours }) => runs + hours > 0);
  };
  const week = await of("2026-10-26");
  expect(week).toEqual([
    { weekday: 7, hour: 10, runs: 2, executions: 2, hours: expect.closeTo(5 / 6, 9), failed: 0, weeks: 1 },
    { weekday: 7, hour: 11, runs: 1, executions: 1, hours: expect.closeTo(2 / 3, 9), failed: 1, weeks: 1 },
  ]);
  const both = await of("2026-10-19");
  expect(both[0]).toMatchObject({ runs: 1.5, executions: 1, hours: expect.closeTo(5 / 12, 9), weeks: 2 });
  // In the 40 minutes from 10:20 to 11:00, something was running all the time, and one run started.
  const cut = { since: "2026-11-01T10:20Z", until: "2026-11-01T11:00Z" };
  expect(await asked(loadByHour, { pipelines: ["busy"], timezone: "UTC", ...cut })).toEqual([
    {
      weekday: 7,
      hour: 10,
      runs: expect.closeTo(1.5, 9),
      executions: 1.5,
      hours: expect.closeTo(1, 9),
      failed: 0,
      weeks: 1,
    },
  ]);
  // Nothing ran in the week before these, so it does not count.
  expect(await of("2026-10-12")).toEqual(both);
});

test("load_forecast", async () => {
  const forecast = { pipelines: ["coming"], timezone: "UTC", ahead: 1, weeks: 2 };
  const rows = await asked(loadForecast, forecast);
  expect(rows).toHaveLength(24);
  const of = (hour: string) => rows.find((row) => row.hour === at(hour));
  expect(rows[0]).toEqual({
    ...{ hour: at("11-02 12:00"), scheduled: 1, others: 0, runs: 1, concurrency: 0.5, usual: 0, growth_per_week: null },
  });
  // Two Mondays brought one and two runs, of an hour each.
  expect(of("11-02 13:00")).toMatchObject({ scheduled: 1, others: 1.5, runs: 2.5, concurrency: 2, usual: 1.5 });
  expect(of("11-03 05:00")).toMatchObject({ scheduled: 2, concurrency: 0.5 });
  expect(of("11-02 21:00")).toMatchObject({ scheduled: 2 });
  expect(rows.reduce((sum, { scheduled }) => sum + scheduled, 0)).toBe(26);
  expect((await asked(loadForecast, { ...forecast, pipelines: ["growing"] }))[0]).toMatchObject({ growth_per_week: 1 });
});
