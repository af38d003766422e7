import type { Backfill } from "@org/airflow-client";
import { defineTable, type Json, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const backfillsTable = defineTable({
  name: "airflow_backfills",
  description: "The backfills of the DAGs. Those of a deleted DAG are marked as deleted.",
  primaryKey: ["backfill_id"],
  datedBy: ["created_at"],
  columns: {
    backfill_id: { type: "int64", description: "Airflow's number of the backfill." },
    dag_id: { type: "string", description: "DAG identifier." },
    from_date: { type: "timestamp", description: "First date of the backfill." },
    to_date: { type: "timestamp", description: "Last date of the backfill." },
    reprocess_behavior: {
      type: "string",
      description: "Which runs that exist already are run again: none, failed or completed.",
    },
    max_active_runs: { type: "int64", description: "Maximum number of active runs of the backfill." },
    is_paused: { type: "boolean", description: "Whether the backfill is paused." },
    dag_run_conf: { type: "json", nullable: true, description: "The configuration of the runs." },
    created_at: { type: "timestamp", description: "When the backfill was created." },
    completed_at: { type: "timestamp", nullable: true, description: "When it was completed or canceled." },
    updated_at: { type: "timestamp", description: "When the backfill was last changed." },
  },
});

export function backfillRow(backfill: Backfill): Row<typeof backfillsTable> {
  return {
    backfill_id: backfill.id,
    dag_id: backfill.dag_id,
    from_date: timeColumn(backfill.from_date),
    to_date: timeColumn(backfill.to_date),
    reprocess_behavior: backfill.reprocess_behavior,
    max_active_runs: backfill.max_active_runs,
    is_paused: backfill.is_paused,
    dag_run_conf: (backfill.dag_run_conf as Json | undefined) ?? null,
    created_at: timeColumn(backfill.created_at),
    completed_at: timeColumn(backfill.completed_at),
    updated_at: timeColumn(backfill.updated_at),
  };
}
