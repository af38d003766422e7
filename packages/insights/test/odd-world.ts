/** Random odd worlds: any combination of possible names, times and states. The same seed gives the same world. */
import { createRandom, type Random } from "@org/simulators/internal";
import * as airflow from "@org/sources/airflow";
import * as dagster from "@org/sources/dagster";
import { at, attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";
import { oddFurther } from "./odd-further.ts";

const furtherAirflow = [
  ...[airflow.poolsTable, airflow.poolSamplesTable, airflow.importErrorsTable, airflow.healthTable, airflow.jobsTable],
  ...[
    airflow.tasksTable,
    airflow.taskEdgesTable,
    airflow.dagVersionsTable,
    airflow.assetsTable,
    airflow.assetEdgesTable,
  ],
  ...[airflow.assetEventsTable, airflow.assetEventRunsTable, airflow.hitlTable],
];
const furtherDagster = [
  ...[dagster.ticksTable, dagster.materializationsTable, dagster.assetChecksTable, dagster.stepsTable],
  ...[dagster.codeLocationsTable, dagster.daemonsTable],
];

const names = [
  "plain",
  "Plain",
  "with 'quotes' and \"more\"",
  "<b>bold</b> & co",
  "d\u00e9j\u00e0_vu",
  "\u{1f680} launch",
  "\u202eright to left",
  "a.b-c_d",
  "%_like\\",
  `long ${"x".repeat(2000)}`,
] as const;
const origins = ["scheduled", "manual", "backfill", "asset_triggered"];
const taskStates = ["success", "failed", "up_for_retry", "skipped", "upstream_failed", "running", "queued", "deferred"];

/** Between 20 October and 3 November, a day after the tables' time. */
function moment({ between }: Random): string {
  const seconds = between(0, 14 * 86_400);
  return new Date(Date.UTC(2026, 9, 20) + seconds * 1000).toISOString().slice(5, 19).replace("T", " ");
}

/** Minutes: usually a few, sometimes zero, negative, or years. */
function minutes({ chance, between }: Random): number {
  if (chance(0.05)) return -between(1, 100);
  if (chance(0.02)) return 5_000_000;
  return chance(0.1) ? 0 : between(1, 90);
}

export function oddAirflow(seed: number): Partial<World> {
  const random = createRandom(seed);
  const { chance, pick, between } = random;
  const dags = names.slice(0, 8).map((name) =>
    dag(name, {
      is_paused: chance(0.2),
      is_stale: chance(0.2),
      owners: chance(0.3) ? null : pick(["ann", "ann, bob", "o'brien"]),
      tags: chance(0.3) ? null : pick(["", "x", "x, y"]),
      max_active_runs: chance(0.2) ? null : pick([1, 2, 16]),
      next_dagrun_create_after: chance(0.5) ? null : at(moment(random)),
      timetable_summary: pick([null, "0 4 * * *", "@daily", "@continuous", "no cron"]),
    } as Parameters<typeof dag>[1]),
  );
  const runs = Array.from({ length: 120 }, (_, number) => {
    const took = chance(0.15) ? null : minutes(random);
    const delay = chance(0.1) ? null : between(-5, 30);
    const made = run(pick(names), `run ${number} ${pick(["", "'", "<i>"])}`, { due: moment(random), delay, took });
    return {
      ...made,
      run_type: pick(origins),
      state: took === null ? pick(["running", "queued", "success"]) : pick(["success", "success", "failed"]),
      ...(chance(0.1) && { logical_date: null }),
      ...(chance(0.1) && { queued_at: null }),
      ...(chance(0.1) && { start_date: null }),
      ...(chance(0.1) && { purged_at: at("11-01 00:00") }),
      ...(chance(0.1) && { note: "looked at", triggering_user_name: "ann" }),
    };
  });
  const tasks = runs.flatMap((of) =>
    ["extract", "load", "<task>"].flatMap((task) => {
      const [tries, map_index] = [between(1, 3), chance(0.2) ? between(0, 3) : -1];
      return Array.from({ length: tries }, (_, index) => {
        const start = chance(0.1) ? null : moment(random);
        const end = start === null || chance(0.1) ? null : shifted(start, minutes(random));
        const isLatest = index === tries - 1;
        return attempt(of, task, [start, end], {
          try_number: index + 1,
          is_latest: isLatest,
          map_index,
          state: isLatest ? pick(taskStates) : pick(["failed", "up_for_retry"]),
          pool: pick(["default_pool", "p'ool", null]),
          queue: pick(["default", null]),
          hostname: pick(["worker-1", "w-7f9c-abc", null]),
          operator: pick(["PythonOperator", "EmptyOperator", null]),
          pool_slots: pick([1, 3, null]),
          dag_version: pick([1, 2, null]),
          queued_when: chance(0.2) ? null : at(moment(random)),
          scheduled_when: chance(0.2) ? null : at(moment(random)),
        } as Parameters<typeof attempt>[3]);
      });
    }),
  );
  const named = {
    dags: names.slice(0, 5),
    runIds: runs.map(({ dag_run_id }) => dag_run_id),
    moment: () => moment(random),
  };
  return { dags, runs, tasks, further: oddFurther(furtherAirflow, random, named) };
}

function shifted(start: string, minutes: number): string {
  const time = Date.parse(at(start)) + minutes * 60_000;
  // Worlds have no years, so times are limited to this one.
  const end = Math.min(Math.max(time, Date.UTC(2026, 0, 1)), Date.UTC(2026, 11, 31));
  return new Date(end).toISOString().slice(5, 19).replace("T", " ");
}

export function oddDagster(seed: number): Partial<World> {
  const random = createRandom(seed);
  const { chance, pick } = random;
  const jobRuns = Array.from({ length: 120 }, (_, number) => {
    const created = moment(random);
    const start = chance(0.1) ? null : shifted(created, minutes(random));
    const end = start === null || chance(0.15) ? null : shifted(start, minutes(random));
    const parent = number > 0 && chance(0.2) ? `run-${number - 1}` : null;
    return jobRun(`run-${number}`, pick([...names.slice(0, 6), "__ASSET_JOB"]), [created, start, end], {
      status: pick(["SUCCESS", "SUCCESS", "FAILURE", "CANCELED", "STARTED", "QUEUED", "STARTING"]),
      tags: {
        ...(chance(0.3) && { "dagster/schedule_name": pick(["hourly", "it's"]) }),
        ...(chance(0.1) && { "dagster/backfill": "b1" }),
        ...(parent && chance(0.5) && { "dagster/retry_number": "1" }),
      },
      root_run_id: parent ?? `run-${number}`,
      parent_run_id: parent,
      code_location: pick(["warehouse", "other", null]),
      repository: pick(["__repository__", null]),
    } as Parameters<typeof jobRun>[3]);
  });
  const named = { dags: [], runIds: ["", ...jobRuns.map(({ run_id }) => run_id)], moment: () => moment(random) };
  return { jobRuns, further: oddFurther(furtherDagster, random, named) };
}
