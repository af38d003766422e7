import type { EventLog } from "@org/airflow-client";

/** Events after which a row may have changed without its `updated_at`, or been deleted. */
export const silentEvents: readonly string[] = [
  "delete_dag_run",
  "patch_dag_run",
  "bulk_dag_runs",
  "clear_dag_run",
  "clear_dag_runs",
  "patch_task_instance",
  "patch_task_group_instances",
  "bulk_task_instances",
  "post_clear_task_instances",
];

export const isSilentEvent = ({ event }: EventLog): boolean => silentEvents.includes(event);
