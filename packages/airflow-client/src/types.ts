import type { components } from "./generated/schema.ts";

type Schemas = components["schemas"];

/** A DAG as `GET /api/v2/dags` lists it. */
export type Dag = Schemas["DAGResponse"];
/** A DAG as `GET /api/v2/dags/{dag_id}/details` shows it: only this has its timezone. */
export type DagDetails = Schemas["DAGDetailsResponse"];
export type DagRun = Schemas["DAGRunResponse"];
/** The response of the lists of DAG runs, by GET and by POST. */
export type DagRunList = Schemas["DAGRunCollectionResponse"];
/** The body of `POST /api/v2/dags/~/dagRuns/list`. */
export type DagRunListBody = Schemas["DAGRunsBatchBody"];
/** The current state of a task instance. */
export type TaskInstance = Schemas["TaskInstanceResponse"];
/** The response of the lists of task instances, by GET and by POST. */
export type TaskInstanceList = Schemas["TaskInstanceCollectionResponse"];
/** The body of `POST /api/v2/dags/~/dagRuns/~/taskInstances/list`. */
export type TaskInstanceListBody = Schemas["TaskInstancesBatchBody"];
/** One of a task instance's tries, earlier ones included. Before Airflow 3.4 it has no `id`. */
export type TaskInstanceAttempt = Schemas["TaskInstanceHistoryResponse"];
export type DagVersion = Schemas["DagVersionResponse"];
/** An entry of the audit log. */
export type EventLog = Schemas["EventLogResponse"];
/** The number of a DAG's runs in each state. */
export type DagStats = Schemas["DagStatsResponse"];
