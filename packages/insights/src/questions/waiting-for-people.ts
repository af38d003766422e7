import { limitParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

export const waitingForPeople = defineQuestion({
  name: "waiting_for_people",
  sentence: "Which tasks wait for a person, and how long do people take?",
  limits:
    "Requests of Airflow's human-in-the-loop operators, since Airflow 3.1. One whose task was cleared counts nowhere. A response that a timeout gave counts as one.",
  tables: ["airflow_hitl"],
  parameters: limitParameter(200),
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    dag: { type: "text", description: "The DAG." },
    task: { type: "text", description: "The task." },
    open: { type: "integer", description: "Requests without a response." },
    waiting_since: { type: "moment", nullable: true, description: "When the oldest of these was made." },
    waiting: { type: "number", nullable: true, unit: "s", description: "How long ago that is." },
    run: { type: "text", nullable: true, description: "Its run." },
    subject: { type: "text", nullable: true, description: "What it asks." },
    answered: { type: "integer", description: "Requests that got a response in the window." },
    median: { type: "number", nullable: true, unit: "s", description: "From a request to its response (median)." },
    p95: { type: "number", nullable: true, unit: "s", description: "95th percentile; null with fewer than 3." },
    longest: { type: "number", nullable: true, unit: "s", description: "The longest." },
    people: { type: "integer", description: "Different users who responded." },
  },
  isFinding: ({ open }) => open > 0,
  chart: { kind: "bars", label: "task", value: "waiting" },
  sql: ({ asOf, window, parameters: { limit } }) => `
    WITH asked AS (
      SELECT h.*, CASE WHEN coalesce(response_received, 0) = 0 THEN 1 ELSE 0 END AS is_open,
        CASE WHEN response_received = 1 AND ${within("responded_at", window)} THEN 1 ELSE 0 END AS counts
      FROM airflow_hitl h WHERE created_at <= ${asOf}),
    timed AS (
      SELECT a.*, CASE WHEN counts = 1 AND responded_at >= created_at THEN (responded_at - created_at) / ${SECOND}.0 END AS took,
        row_number() OVER (PARTITION BY pipeline, dag_id, task_id, is_open ORDER BY created_at, task_instance_id) AS oldest
      FROM asked a WHERE is_open = 1 OR counts = 1)
    SELECT pipeline, dag_id AS dag, task_id AS task, sum(is_open) AS open,
      min(CASE WHEN is_open = 1 THEN created_at END) AS waiting_since,
      (${asOf} - min(CASE WHEN is_open = 1 THEN created_at END)) / ${SECOND}.0 AS waiting,
      max(CASE WHEN is_open = 1 AND oldest = 1 THEN dag_run_id END) AS run,
      max(CASE WHEN is_open = 1 AND oldest = 1 THEN subject END) AS subject, sum(counts) AS answered,
      ${percentile(50, "took")} AS median, CASE WHEN count(took) >= 3 THEN ${percentile(95, "took")} END AS p95, max(took) AS longest,
      count(DISTINCT CASE WHEN counts = 1 THEN responded_by_user_name END) AS people
    FROM (SELECT t.*, ${ranked("took", ["pipeline", "dag_id", "task_id"])} FROM timed t) AS measured
    GROUP BY pipeline, dag_id, task_id
    ORDER BY CASE WHEN sum(is_open) > 0 THEN 0 ELSE 1 END, min(CASE WHEN is_open = 1 THEN created_at END), sum(counts) DESC, dag_id, task_id, pipeline
    LIMIT ${limit}`,
});
