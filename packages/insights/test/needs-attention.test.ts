/** Deadlines, and what to look at first. Computed by hand from small-world.ts and attention-world.ts. */
import { deadlineMisses, needsAttention } from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { attentionAirflow, attentionDagster, deadlinesAirflow } from "./attention-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({
  more_airflow: attentionAirflow,
  more_dagster: attentionDagster,
  deadlines: deadlinesAirflow,
});
const more = { pipelines: ["more_airflow", "more_dagster"] };

test("deadline_misses", async () => {
  const daily = { dag: "daily_sales", done_by: "06:30", timezone: "UTC" };
  const rows = await asked(deadlineMisses, {
    expect: [daily, { dag: "daily_sales", within: "10m" }, { dag: "nobody", within: "1m" }],
  });
  expect(rows).toEqual([
    {
      orchestrator: "airflow",
      pipeline: "airflow",
      name: "daily_sales",
      deadline: "by 06:30 UTC",
      slots: 7,
      met: 5,
      missed: 2,
      met_percent: expect.closeTo(500 / 7, 9),
      median_late: null,
      worst_late: null,
      last_missed: at("11-02 06:30"),
      open: true,
      outcomes: ["met", "met", "met", "met", "met", "missed", "missed"],
    },
    // Ready at 06:16, due by 06:10.
    expect.objectContaining({
      deadline: "within 10m",
      met: 0,
      missed: 7,
      median_late: 360,
      worst_late: 360,
      open: true,
    }),
    expect.objectContaining({ name: "nobody", pipeline: null, slots: 0, met_percent: null, open: false }),
  ]);
  // By New York's clock: at 06:10 UTC, and at 07:10 since 1 November.
  const [local] = await asked(deadlineMisses, { expect: [{ dag: "daily_sales", done_by: "02:10", days: "mon-fri" }] });
  expect(local).toMatchObject({
    slots: 5,
    outcomes: ["late", "late", "late", "late", "missed"],
    last_missed: at("11-02 07:10"),
  });
  await expect(asked(deadlineMisses)).rejects.toMatchObject({
    code: "NO_DEADLINES",
    message: expect.stringMatching(/no deadlines are configured.*expect.*dagsync\.yaml/),
  });
  // Of the last two weeks, from the first run on: 20 October.
  expect((await asked(deadlineMisses, { expect: [daily], days: 30 }))[0]).toMatchObject({ slots: 14, met: 12 });
  const ingest = { job: "ingest", within: "20m" };
  expect((await asked(deadlineMisses, { expect: [ingest] }))[0]).toMatchObject({
    outcomes: ["met", "met", "met", "met", "missed"],
  });
});

test("deadline_misses: which runs meet a day's deadline", async () => {
  const [row] = await asked(deadlineMisses, {
    pipelines: ["deadlines"],
    expect: [{ dag: "deadlines", done_by: "01:00", timezone: "UTC" }],
  });
  expect(row).toMatchObject({
    outcomes: ["met", "late", "missed", "late", "missed", "met", "met"],
    median_late: 1800,
    worst_late: 4200,
    last_missed: at("10-31 01:00"),
    open: false,
  });
});

test("needs_attention", async () => {
  const rows = await asked(needsAttention, { limit: 20 });
  expect(rows.map(({ severity, kind, name, more }) => [severity, kind, name, more])).toEqual([
    // Another task waited for it.
    [2, "failing_now", "mapped", 0],
    // By runs of the week: 7, 6, 5, 4, 2, 2, 1.
    [2, "failing_now", "daily_sales", 0],
    // The run and its task.
    [2, "running_too_long", "long", 1],
    [2, "missed_runs", "ingest", 0],
    [2, "missed_runs", "few", 0],
    [2, "stuck_waiting", "backfilled", 0],
    [2, "failing_now", "load", 0],
    [2, "stuck_waiting", "(asset runs)", 0],
    [1, "flaky_tasks", "flaky", 0],
    // Materialized on 29 October by ingest, which succeeds every day.
    [1, "stale_assets", "customers", 0],
    // Two runs, which wait until it is unpaused.
    [1, "stuck_waiting", "paused", 1],
  ]);
  expect(rows[1]).toEqual({
    severity: 2,
    kind: "failing_now",
    orchestrator: "airflow",
    pipeline: "airflow",
    name: "daily_sales",
    task: "load",
    run_id: "daily 11-02",
    since: at("11-01 06:16"),
    old: false,
    what: "The last 2 runs failed, in load.",
    value: 2,
    normal: null,
    unit: "runs",
    more: 0,
    link: null,
  });
  const texts = Object.fromEntries(rows.map(({ name, what }) => [name, what]));
  expect(texts).toMatchObject({
    mapped: "The last run failed, in part.",
    long: "A run has been running for 3 h: usually no more than 10 min.",
    ingest: "No run since one was due 32 h ago, by ingest_daily (0 4 * * *).",
    few: "No run since one was due 4 h ago, by 0 18 * * *.",
    load: "The last 2 runs failed. A later one is queued or running.",
    "(asset runs)": "A run has been queued for 3 h: run queue.",
    flaky: "fetch succeeded only on retry 4 of 6 times.",
  });
  expect((await asked(needsAttention)).map(({ name }) => name)).toEqual([
    "mapped",
    "daily_sales",
    "long",
    "ingest",
    "few",
  ]);
});

test("needs_attention links to the run, or else to the DAG or the job's runs, and to no asset that no run materialized", async () => {
  const servers = [
    { pipeline: "airflow", kind: "airflow", url: "https://airflow.example.com/" },
    { pipeline: "dagster", kind: "dagster", url: "https://dagster.example.com/prod" },
  ];
  const rows = await asked(needsAttention, { limit: 20, servers });
  const links = Object.fromEntries(rows.map(({ name, link }) => [name, link]));
  expect(links).toMatchObject({
    daily_sales: "https://airflow.example.com/dags/daily_sales/runs/daily%2011-02/tasks/load",
    few: "https://airflow.example.com/dags/few",
    flaky: "https://airflow.example.com/dags/flaky/tasks/fetch",
    ingest: "https://dagster.example.com/prod/runs?q%5B0%5D=job%3Aingest",
    customers: expect.stringMatching(/^https:\/\/dagster\.example\.com\/prod\/runs\/[^?]+$/),
  });
  expect((await asked(needsAttention, { servers: servers.slice(1) })).map(({ link }) => link)).toContain(null);
  await expect(asked(needsAttention, { servers: [{ pipeline: "airflow" }] })).rejects.toThrow(
    "servers, entry 1, is no server: write",
  );
});

test("needs_attention: critical findings, old findings, and a destination with Airflow only", async () => {
  const rows = await asked(needsAttention, { ...more, limit: 20, days: 2 });
  const of = (name: string) => rows.find((row) => row.name === name);
  // It fails for the third time, but is paused.
  expect(of("broken")).toMatchObject({ severity: 1, since: at("10-29 00:05"), old: true });
  expect(of("unreadable")).toMatchObject({
    severity: 2,
    what: "No run since one was due 4 h ago, by 0 8 * * *: import error.",
  });
  const [third] = await asked(needsAttention, { pipelines: ["deadlines"] });
  expect(third).toMatchObject({ severity: 3, name: "third", value: 3, old: false });
  const expectation = { expect: [{ dag: "daily_sales", done_by: "06:30", timezone: "UTC" }] };
  const [first] = await asked(needsAttention, { ...expectation, pipelines: ["airflow"] });
  expect(first).toMatchObject({
    severity: 3,
    kind: "deadline_misses",
    name: "daily_sales",
    since: at("11-02 06:30"),
    what: "Not ready by 06:30 UTC: not ready yet. Missed 2 of 7.",
    more: 1,
  });
});
