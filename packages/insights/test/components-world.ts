/** Samples of Airflow's components and Dagster's daemons. */
import { healthTable, jobsTable } from "@org/sources/airflow";
import { daemonsTable } from "@org/sources/dagster";
import { after, at, dag, further, jobRun, type World } from "@org/testkit/insights/world";

const health = (
  component: string,
  sampled: string,
  beatSecondsAgo: number | null,
  status: string | null = "healthy",
) => ({
  ...{ component, sampled_at: at(sampled), status, heartbeat_age: beatSecondsAgo },
  latest_heartbeat: beatSecondsAgo === null ? null : at(after(sampled, -beatSecondsAgo / 60)),
});
const minutes = (from: string, ages: readonly (number | null)[]) =>
  ages.map((age, index) => [after(from, 5 * index), age] as const);

/** Ten samples, every five minutes from 11:05 on. */
export const healthAirflow = {
  dags: [dag("any")],
  further: [
    further(healthTable, [
      // Down twice, for two samples and for one.
      ...minutes("11-02 11:05", [3, 300, 600, 5, 5, 5, 150, 5, 5, 120]).map(([time, age]) =>
        health("scheduler", time, age),
      ),
      // Down now, whatever the server says. Nine samples are too few for a share.
      ...minutes("11-02 11:10", [5, 5, 5, 5, 5, 5, 5, 5, 360]).map(([time, age]) => health("dag_processor", time, age)),
      // It never ran, so it is not needed.
      health("triggerer", "11-02 11:50", null, null),
      health("metadatabase", "11-02 11:50", null, "unhealthy"),
      // A sample before the window does not count.
      health("scheduler", "10-20 00:00", 9000),
    ]),
    further(jobsTable, [
      { job_id: 1, job_type: "SchedulerJob", state: "running", start_date: at("11-02 11:20") },
      { job_id: 2, job_type: "SchedulerJob", state: "failed", start_date: at("10-01 00:00") },
      { job_id: 3, job_type: "DagProcessorJob", state: "running", start_date: at("10-01 00:00") },
    ]),
  ],
} satisfies Partial<World>;

const daemon = (daemon_type: string, beatSecondsAgo: number | null, more: object = {}) => ({
  ...{ daemon_type, sampled_at: at("11-02 11:50"), required: true, healthy: true },
  last_heartbeat_time: beatSecondsAgo === null ? null : at(after("11-02 11:50", -beatSecondsAgo / 60)),
  ...more,
});

export const healthDagster = {
  jobRuns: [jobRun("any", "any", ["11-02 10:00", "11-02 10:00", "11-02 10:01"])],
  further: [
    further(daemonsTable, [
      daemon("SCHEDULER", 600),
      daemon("SENSOR", 30, { error: "a sensor\nfailed" }),
      daemon("BACKFILL", null, { healthy: null }),
      daemon("MONITORING", null, { healthy: null, required: false }),
    ]),
  ],
} satisfies Partial<World>;
