/** Metrics about tasks, assets, schedules and sensors. Not listed among the questions for users. */
import { defineQuestion, type SqlRow } from "../question.ts";

/** The states of unfinished task instances. */
export const unfinishedStates = [
  "scheduled",
  "queued",
  "running",
  "deferred",
  "up_for_retry",
  "up_for_reschedule",
] as const;

const pipeline = { type: "text", description: "The pipeline that synced it." } as const;
const location = { type: "text", description: "Its code location." } as const;

export const taskState = defineQuestion({
  name: "task_state",
  sentence: "How many task instances of each DAG are unfinished?",
  tables: ["airflow_task_instances"],
  parameters: {},
  columns: {
    pipeline,
    name: { type: "text", description: "The DAG." },
    state: { type: "text", description: "Their state." },
    tasks: { type: "integer", description: "How many there are." },
  },
  chart: { kind: "table" },
  sql: () => `SELECT pipeline, dag_id AS name, state, count(*) AS tasks FROM airflow_task_instances
    WHERE is_latest = 1 AND purged_at IS NULL AND state IN (${unfinishedStates.map((state) => `'${state}'`).join(", ")})
    GROUP BY pipeline, dag_id, state`,
  finish: inOrder,
});

export const assetState = defineQuestion({
  name: "asset_state",
  sentence: "When was each asset last materialized?",
  tables: ["dagster_assets"],
  parameters: {},
  columns: {
    pipeline,
    asset: { type: "text", description: "The asset's key." },
    group: { type: "text", description: "Its group." },
    last: { type: "moment", nullable: true, description: "When it was last materialized; null for never." },
  },
  chart: { kind: "table" },
  sql: () => `SELECT pipeline, key_path AS asset, coalesce(max(group_name), '') AS "group", max(last_materialization_time) AS last
    FROM dagster_assets GROUP BY pipeline, key_path`,
  finish: inOrder,
});

export const automationState = defineQuestion({
  name: "automation_state",
  sentence: "Which schedules and sensors are on?",
  tables: ["dagster_schedules", "dagster_sensors"],
  parameters: {},
  columns: {
    pipeline,
    location,
    kind: { type: "text", description: "schedule or sensor." },
    name: { type: "text", description: "Its name." },
    on: { type: "flag", description: "Whether it is on." },
  },
  chart: { kind: "table" },
  sql: () =>
    (["schedule", "sensor"] as const)
      .map(
        (kind) => `SELECT pipeline, coalesce(code_location, '') AS location, '${kind}' AS kind, name,
          max(CASE WHEN status = 'RUNNING' THEN 1 ELSE 0 END) AS "on"
        FROM dagster_${kind}s GROUP BY pipeline, code_location, name`,
      )
      .join(" UNION ALL "),
  finish: inOrder,
});

/** Databases sort texts differently. */
export function inOrder(rows: readonly SqlRow[]): readonly SqlRow[] {
  const keyOf = ({ orchestrator = "", pipeline, location = "", kind = "", name, asset = "", state = "" }: SqlRow) =>
    JSON.stringify([orchestrator, pipeline, location, kind, name ?? asset, state]);
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
