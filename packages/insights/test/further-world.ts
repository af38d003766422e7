/** Histories of opt-in streams. A comment next to each says what is special about it. */
import {
  assetsTable as airflowAssetsTable,
  assetEventsTable,
  poolSamplesTable,
  poolsTable,
  taskEdgesTable,
  tasksTable,
} from "@org/sources/airflow";
import { materializationsTable, ticksTable } from "@org/sources/dagster";
import { after, at, attempt, dag, further, jobRun, run, type World } from "@org/testkit/insights/world";

const schedule = (name: string, cron_schedule: string, status = "RUNNING") => ({
  ...{ id: name, name, cron_schedule, pipeline_name: `${name}_job`, status, running_count: 0 },
  ...{ execution_timezone: "UTC", description: null, repository: "__repository__", code_location: "warehouse" },
});

const tick = (name: string, time: string, status = "SUCCESS", more: object = {}) => ({
  ...{ instigator_id: name, tick_id: `${name} ${time}`, instigator_type: "SCHEDULE", instigator_name: name },
  ...{ repository: "__repository__", code_location: "warehouse", status, timestamp: at(time) },
  ...{
    end_timestamp: at(after(time, 1)),
    run_ids: status === "SUCCESS" ? [`run of ${name} ${time}`] : [],
    run_keys: [],
  },
  ...more,
});

const by = (name: string) => ({ tags: { "dagster/schedule_name": name } });

/** Due daily at 04:00. */
export const tickedDagster = {
  schedules: [
    schedule("skips", "0 4 * * *"),
    schedule("fails", "0 4 * * *"),
    schedule("silent", "0 4 * * *"),
    schedule("recovers", "0 4 * * *"),
    schedule("always_fails", "0 4 * * *"),
    schedule("off", "0 4 * * *", "STOPPED"),
    schedule("unseen", "0 4 * * *"),
  ],
  jobRuns: [
    // Its last run is four days old, but its ticks decided that there was nothing to do.
    jobRun("skips-1", "skips_job", ["10-29 04:00:02", "10-29 04:01", "10-29 04:02"], by("skips")),
    jobRun("fails-1", "fails_job", ["11-01 04:00:02", "11-01 04:01", "11-01 04:02"], by("fails")),
    jobRun("silent-1", "silent_job", ["11-01 04:00:02", "11-01 04:01", "11-01 04:02"], by("silent")),
  ],
  further: [
    further(ticksTable, [
      ...["10-30", "10-31", "11-01", "11-02"].map((day) => tick("skips", `${day} 04:00`, "SKIPPED")),
      tick("fails", "11-01 04:00"),
      tick("fails", "11-02 04:00", "FAILURE", { error: "\nValueError: no such bucket\n  in line 3" }),
      tick("silent", "11-01 04:00"),
      // Failed yesterday, which today's tick made up for.
      tick("recovers", "11-01 04:00", "FAILURE", { error: "once" }),
      tick("recovers", "11-02 04:00"),
      // It has never had a run.
      tick("always_fails", "11-01 04:00", "FAILURE", { error: "first" }),
      tick("always_fails", "11-02 04:00", "FAILURE", { error: "second" }),
      tick("off", "10-20 04:00"),
    ]),
  ],
} as unknown as Partial<World>;

/** The same, with ticks that were last synced before those of 2 November. */
export const oldTicksDagster = {
  ...tickedDagster,
  further: [
    further(ticksTable, [tick("silent", "11-01 04:00"), tick("skips", "10-30 04:00", "SKIPPED")], "11-01 12:00"),
  ],
} as Partial<World>;

const asset = (name: string, run_id: string | null, time: string | null) => ({
  ...{ id: JSON.stringify([name]), key_path: name, description: null, last_materialization_run_id: run_id },
  ...{ last_materialization_time: at(time), group_name: "default" },
  ...{ repository: "__repository__", code_location: "warehouse" },
});
const made = (name: string, run_id: string, time: string, more: object = {}) => ({
  ...{ asset_id: JSON.stringify([name]), event_type: "MATERIALIZATION", timestamp: at(time), run_id },
  ...{ partition: "", number: 0, metadata: {}, tags: {}, ...more },
});
const hourly = (job: string) =>
  [6, 7, 8, 9, 10].map((hour) =>
    jobRun(`${job} ${hour}`, job, [
      `11-02 0${hour}:00`.replace("010", "10"),
      `11-02 0${hour}:00`.replace("010", "10"),
      `11-02 0${hour}:05`.replace("010", "10"),
    ]),
  );

/** The job runs each hour, and materializes one asset each time, the other one daily. */
export const madeDagster = {
  jobRuns: [
    ...hourly("both"),
    // A backfill of many partitions says nothing about how often the asset is made.
    ...[1, 2, 3].map((minute) =>
      jobRun(`fill ${minute}`, "both", [`11-01 00:0${minute}`, `11-01 00:0${minute}`, `11-01 00:0${minute}`], {
        tags: { "dagster/backfill": "b" },
      }),
    ),
  ],
  assets: [
    asset("each_hour", "both 10", "11-02 10:05"),
    asset("each_day", "both 6", "11-02 06:05"),
    // Too few of its own: the job's.
    asset("twice", "both 6", "11-02 06:05"),
    asset("late", null, "10-30 06:05"),
  ],
  further: [
    further(materializationsTable, [
      ...[6, 7, 8, 9].map((hour) => made("each_hour", `both ${hour}`, `11-02 0${hour}:05`)),
      made("each_hour", "both 10", "11-02 10:05"),
      ...["10-28", "10-29", "10-30", "10-31"].map((day) => made("each_day", `day ${day}`, `${day} 06:05`)),
      ...[1, 2, 3].map((minute) =>
        made("each_day", `fill ${minute}`, `11-01 00:0${minute}`, { partition: `${minute}` }),
      ),
      // Two partitions in one run are one materialization, and an observation is none.
      made("each_day", "both 6", "11-02 06:04", { partition: "a" }),
      made("each_day", "both 6", "11-02 06:05", { partition: "b" }),
      made("each_day", "both 7", "11-02 07:05", { event_type: "OBSERVATION" }),
      made("twice", "both 6", "11-02 06:05"),
      made("twice", "both 7", "11-02 07:05"),
      // Not from runs.
      ...["10-27", "10-28", "10-29", "10-30"].map((day) => made("late", "", `${day} 06:05`)),
    ]),
  ],
} as unknown as Partial<World>;

const event = (asset_event_id: number, asset_id: number, time: string, more: object = {}) => ({
  ...{ asset_event_id, asset_id, asset_name: `asset_${asset_id}`, asset_group_name: "asset", timestamp: at(time) },
  ...{ source_dag_id: "maker", source_dag_run_id: `maker ${time}`, source_map_index: -1, ...more },
});
const airflowAsset = (asset_id: number) => ({
  ...{ asset_id, name: `asset_${asset_id}`, uri: `s3://asset_${asset_id}`, group_name: "asset" },
  ...{ created_at: at("10-01 00:00"), updated_at: at("10-01 00:00") },
});

export const updatedAirflow = {
  dags: [dag("maker")],
  further: [
    further(airflowAssetsTable, [airflowAsset(1), airflowAsset(2), airflowAsset(3)]),
    // Synced an hour before the other tables, which makes nothing older.
    further(
      assetEventsTable,
      [
        ...["06", "07", "08", "09"].map((hour, index) => event(index + 1, 1, `11-01 ${hour}:00`)),
        ...["08", "09", "10", "11"].map((hour, index) => event(index + 10, 2, `11-02 ${hour}:00`)),
        // A mapped task updates it twice in a run.
        event(14, 2, "11-02 10:59", { source_dag_run_id: "maker 11-02 11:00", source_map_index: 1 }),
        // Its definition is gone.
        ...["06", "07", "08", "09"].map((hour, index) => event(index + 20, 4, `11-01 ${hour}:00`)),
      ],
      "11-02 11:30",
    ),
  ],
} satisfies Partial<World>;

const stepsOf = (name: string, version: number | null) =>
  ["10-28", "10-29", "10-30", "10-31", "11-01"].flatMap((day) => {
    const each = run(name, `${name} ${day}`, { due: `${day} 00:00`, took: 30 });
    const of = version === null ? {} : { dag_version: version };
    return [
      {
        run: each,
        tasks: [
          attempt(each, "extract", [`${day} 00:00`, `${day} 00:05`], of),
          attempt(each, "check", [`${day} 00:00`, `${day} 00:09`], of),
          // It waits for extract, although check ended just before it began.
          attempt(each, "load", [`${day} 00:10`, `${day} 00:25`], of),
          attempt(each, "report", [`${day} 00:25`, `${day} 00:30`], of),
        ],
      },
    ];
  });
const [drawn, guessed] = [stepsOf("drawn", 2), stepsOf("guessed", 3)];
const edge = (dag_id: string, version_number: number, upstream_task_id: string, downstream_task_id: string) => ({
  dag_id,
  version_number,
  upstream_task_id,
  downstream_task_id,
});

export const drawnAirflow = {
  dags: [dag("drawn"), dag("guessed")],
  runs: [...drawn, ...guessed].map(({ run }) => run),
  tasks: [...drawn, ...guessed].flatMap(({ tasks }) => tasks),
  further: [
    further(
      tasksTable,
      ["extract", "check", "load", "report", "skipped"].map((task_id) => ({
        dag_id: "drawn",
        version_number: 2,
        task_id,
        depends_on_past: false,
        wait_for_downstream: false,
      })),
    ),
    further(taskEdgesTable, [
      // A task between extract and load was not executed.
      edge("drawn", 2, "extract", "skipped"),
      edge("drawn", 2, "skipped", "load"),
      edge("drawn", 2, "check", "report"),
      edge("drawn", 2, "load", "report"),
      // Of another version.
      edge("guessed", 2, "extract", "load"),
    ]),
  ],
} satisfies Partial<World>;

const slotsOf = (slots: number, occupied_slots: number) => ({
  ...{ slots, occupied_slots, running_slots: occupied_slots, queued_slots: 0, scheduled_slots: 0, deferred_slots: 0 },
  open_slots: slots - occupied_slots,
});
const poolRun = run("pooled", "pooled 1", { due: "11-01 10:00", took: 120 });
const inPool = (pool: string, from: string, to: string | null, more: object = {}) =>
  attempt(poolRun, `${pool} ${from}`, [from, to], { pool, ...more });

/** `grown` had 2 slots until noon, 4 from then on, and was made smaller after the window. */
export const pooledAirflow = {
  dags: [dag("pooled")],
  runs: [poolRun],
  tasks: [
    inPool("grown", "11-01 10:00", "11-01 11:00", { pool_slots: 2 }),
    // It waited for half an hour, while the pool was full.
    inPool("grown", "11-01 11:00", "11-01 11:30", { scheduled_when: at("11-01 10:30") }),
    inPool("grown", "11-01 13:00", "11-01 14:00", { pool_slots: 2 }),
    inPool("plain", "11-01 10:00", "11-01 16:00"),
    inPool("endless", "11-01 10:00", "11-01 11:00"),
    // Deferred since 10:00. Only the second pool includes such tasks.
    inPool("lends", "11-01 10:00", null, { state: "deferred" }),
    inPool("keeps", "11-01 10:00", null, { state: "deferred" }),
  ],
  further: [
    further(poolsTable, [
      { name: "grown", ...slotsOf(1, 0), include_deferred: false },
      { name: "plain", ...slotsOf(1, 0), include_deferred: false },
      { name: "endless", ...slotsOf(-1, 0), include_deferred: false },
      { name: "lends", ...slotsOf(8, 0), include_deferred: false },
      { name: "keeps", ...slotsOf(8, 1), include_deferred: true },
      { name: "unused", ...slotsOf(8, 0), include_deferred: false },
    ]),
    further(poolSamplesTable, [
      ...Array.from({ length: 9 }, (_, hour) => ({
        ...{ name: "grown", sampled_at: at(`11-01 0${hour + 1}:00`) },
        ...slotsOf(2, hour % 3 === 0 ? 2 : 0),
      })),
      { name: "grown", sampled_at: at("11-01 12:00"), ...slotsOf(4, 3) },
      { name: "grown", sampled_at: at("11-02 06:00"), ...slotsOf(1, 1) },
      { name: "unused", sampled_at: at("11-01 12:00"), ...slotsOf(8, 0) },
    ]),
  ],
} satisfies Partial<World>;
