/** The order of a page's answers. Questions that are not listed here come last. */
export const sections: readonly (readonly [title: string, questions: readonly string[]])[] = [
  [
    "Now",
    [
      "failing_now",
      "running_too_long",
      "stuck_waiting",
      "missed_runs",
      "deadline_misses",
      "scheduler_health",
      "import_errors",
      "tick_health",
      "waiting_for_people",
    ],
  ],
  [
    "Reliability",
    [
      "success_rate",
      "failures_by_task",
      "flaky_tasks",
      "time_to_recovery",
      "failure_bursts",
      "retry_cost",
      "first_pass_rate",
      "manual_interventions",
    ],
  ],
  [
    "Speed",
    [
      "got_slower",
      "run_durations",
      "step_times",
      "landing_times",
      "schedule_delay",
      "queue_wait",
      "duration_anomalies",
      "got_faster",
    ],
  ],
  ["Load", ["load_by_hour", "concurrency", "pool_pressure", "load_forecast", "backfill_progress"]],
  ["Inventory", ["hygiene", "cost_by_owner", "run_origins", "dag_changes", "dag_complexity"]],
  ["Assets", ["stale_assets", "check_results", "freshness_and_materializations", "asset_flow"]],
];

/** Those that the page shows in places of their own. */
export const apart = ["needs_attention", "key_numbers", "job_days", "coverage"];
