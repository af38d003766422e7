import type { Health, Job } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const jobsTable = defineTable({
  name: "airflow_jobs",
  description:
    "The processes of schedulers, triggerers and DAG processors. A running one that the server no longer lists is marked as deleted; before Airflow 3.2 it lists none that ended.",
  primaryKey: ["job_id"],
  datedBy: ["start_date"],
  columns: {
    job_id: { type: "int64", description: "Airflow's number of the job." },
    job_type: { type: "string", nullable: true, description: "SchedulerJob, TriggererJob or DagProcessorJob." },
    state: { type: "string", nullable: true, description: "running, success, failed or restarting." },
    hostname: { type: "string", nullable: true, description: "Host that the process runs on." },
    unixname: { type: "string", nullable: true, description: "User of the process on the host." },
    executor_class: { type: "string", nullable: true, description: "Executor of a scheduler." },
    dag_id: { type: "string", nullable: true, description: "DAG identifier, if the job belongs to one DAG." },
    start_date: { type: "timestamp", nullable: true, description: "When the process started." },
    end_date: { type: "timestamp", nullable: true, description: "When the process ended." },
    latest_heartbeat: { type: "timestamp", nullable: true, description: "Last heartbeat that a sync saw." },
    bundle_names: {
      type: "json",
      nullable: true,
      description: "Bundles that a DAG processor is limited to, sorted. Null before Airflow 3.4.",
    },
    team_names: {
      type: "json",
      nullable: true,
      description: "Teams that the job works for, sorted. Null before Airflow 3.4.",
    },
  },
});

export const healthTable = defineTable({
  name: "airflow_health",
  description:
    "A sample per sync of the health of each component. Rows older than the time that samples are kept are removed.",
  primaryKey: ["component", "sampled_at"],
  datedBy: ["sampled_at"],
  columns: {
    component: { type: "string", description: "metadatabase, scheduler, triggerer or dag_processor." },
    sampled_at: { type: "timestamp", description: "When the server was asked, by its own clock." },
    status: {
      type: "string",
      nullable: true,
      description: "healthy or unhealthy; null for a component that never ran.",
    },
    detailed_status: {
      type: "string",
      nullable: true,
      description: "healthy, degraded or down. Null before Airflow 3.4.",
    },
    latest_heartbeat: {
      type: "timestamp",
      nullable: true,
      description: "Latest heartbeat of the component; null for the database.",
    },
    heartbeat_age: {
      type: "float64",
      nullable: true,
      description: "Age of that heartbeat at sampled_at, in seconds.",
    },
  },
});

const sorted = (names: readonly string[] | null | undefined) => (names ? [...names].sort() : null);

export function jobRow(job: Job): Row<typeof jobsTable> {
  return {
    job_id: job.id,
    job_type: job.job_type ?? null,
    state: job.state ?? null,
    hostname: job.hostname ?? null,
    unixname: job.unixname ?? null,
    executor_class: job.executor_class ?? null,
    dag_id: job.dag_id ?? null,
    start_date: timeColumn(job.start_date),
    end_date: timeColumn(job.end_date),
    latest_heartbeat: timeColumn(job.latest_heartbeat),
    bundle_names: sorted(job.bundle_names),
    team_names: sorted(job.team_names),
  };
}

/** The health of a component. */
export interface ComponentHealth {
  readonly component: string;
  readonly status: string | null;
  readonly detailed_status: string | null;
  readonly latest_heartbeat: string | null;
}

/** What a server says of the health of its components, in one form for all of them. */
export function componentsOf(health: Health): ComponentHealth[] {
  const { metadatabase, scheduler, triggerer, dag_processor } = health;
  const about = (
    component: string,
    said: { status?: string | null; detailed_status?: string | null },
    beat?: string | null,
  ) => ({
    component,
    status: said.status ?? null,
    detailed_status: said.detailed_status ?? null,
    latest_heartbeat: beat ?? null,
  });
  return [
    about("metadatabase", metadatabase),
    about("scheduler", scheduler, scheduler.latest_scheduler_heartbeat),
    about("triggerer", triggerer, triggerer.latest_triggerer_heartbeat),
    ...(dag_processor ? [about("dag_processor", dag_processor, dag_processor.latest_dag_processor_heartbeat)] : []),
  ];
}

export function healthRow({ latest_heartbeat, ...said }: ComponentHealth, sampledAt: string): Row<typeof healthTable> {
  const beat = latest_heartbeat === null ? null : Date.parse(latest_heartbeat);
  return {
    ...said,
    sampled_at: sampledAt,
    latest_heartbeat: timeColumn(latest_heartbeat),
    heartbeat_age: beat === null ? null : Math.max(0, Date.parse(sampledAt) - beat) / 1000,
  };
}
