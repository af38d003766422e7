// Generated from specs/airflow/3.4.0b2.json by packages/simulators/generate.ts. Do not edit: run `pnpm generate`.

/** The query parameters of each operation, by path and method. */
export const operations: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "/api/v2/assets": {
    "GET": [
      "limit",
      "offset",
      "name_pattern",
      "name_prefix_pattern",
      "uri",
      "uri_pattern",
      "uri_prefix_pattern",
      "dag_ids",
      "only_active",
      "order_by"
    ]
  },
  "/api/v2/assets/aliases": {
    "GET": [
      "limit",
      "offset",
      "name_pattern",
      "name_prefix_pattern",
      "order_by"
    ]
  },
  "/api/v2/assets/aliases/{asset_alias_id}": {
    "GET": []
  },
  "/api/v2/assets/events": {
    "GET": [
      "limit",
      "offset",
      "order_by",
      "asset_id",
      "source_dag_id",
      "source_task_id",
      "source_task_instance_id",
      "source_run_id",
      "source_map_index",
      "partition_key",
      "partition_key_regexp_pattern",
      "name_pattern",
      "name_prefix_pattern",
      "extra",
      "timestamp_gte",
      "timestamp_gt",
      "timestamp_lte",
      "timestamp_lt"
    ],
    "POST": []
  },
  "/api/v2/assets/{asset_id}": {
    "GET": []
  },
  "/api/v2/assets/{asset_id}/materialize": {
    "POST": []
  },
  "/api/v2/assets/{asset_id}/queuedEvents": {
    "DELETE": [
      "before"
    ],
    "GET": [
      "before"
    ]
  },
  "/api/v2/assets/{asset_id}/state-store": {
    "DELETE": [],
    "GET": [
      "limit",
      "offset"
    ]
  },
  "/api/v2/assets/{asset_id}/state-store/{key}": {
    "DELETE": [],
    "GET": [],
    "PUT": []
  },
  "/api/v2/auth/login": {
    "GET": [
      "next"
    ]
  },
  "/api/v2/auth/logout": {
    "GET": []
  },
  "/api/v2/backfills": {
    "GET": [
      "dag_id",
      "limit",
      "offset",
      "order_by"
    ],
    "POST": []
  },
  "/api/v2/backfills/dry_run": {
    "POST": []
  },
  "/api/v2/backfills/{backfill_id}": {
    "GET": []
  },
  "/api/v2/backfills/{backfill_id}/cancel": {
    "PUT": []
  },
  "/api/v2/backfills/{backfill_id}/dag_runs": {
    "GET": [
      "limit",
      "offset",
      "order_by"
    ]
  },
  "/api/v2/backfills/{backfill_id}/pause": {
    "PUT": []
  },
  "/api/v2/backfills/{backfill_id}/unpause": {
    "PUT": []
  },
  "/api/v2/config": {
    "GET": [
      "section"
    ]
  },
  "/api/v2/config/section/{section}/option/{option}": {
    "GET": []
  },
  "/api/v2/connections": {
    "GET": [
      "limit",
      "offset",
      "order_by",
      "connection_id_pattern",
      "connection_id_prefix_pattern"
    ],
    "PATCH": [],
    "POST": []
  },
  "/api/v2/connections/defaults": {
    "POST": []
  },
  "/api/v2/connections/enqueue-test": {
    "GET": [],
    "POST": []
  },
  "/api/v2/connections/test": {
    "POST": []
  },
  "/api/v2/connections/{connection_id}": {
    "DELETE": [],
    "GET": [],
    "PATCH": [
      "update_mask"
    ]
  },
  "/api/v2/dagBundles": {
    "GET": [
      "limit",
      "offset",
      "order_by"
    ]
  },
  "/api/v2/dagBundles/{bundle_name}": {
    "GET": []
  },
  "/api/v2/dagBundles/{bundle_name}/files": {
    "GET": [
      "limit",
      "offset"
    ]
  },
  "/api/v2/dagSources/{dag_id}": {
    "GET": [
      "version_number"
    ]
  },
  "/api/v2/dagStats": {
    "GET": [
      "dag_ids"
    ]
  },
  "/api/v2/dagTags": {
    "GET": [
      "limit",
      "offset",
      "order_by",
      "tag_name_pattern",
      "tag_name_prefix_pattern"
    ]
  },
  "/api/v2/dagWarnings": {
    "GET": [
      "dag_id",
      "warning_type",
      "limit",
      "offset",
      "order_by"
    ]
  },
  "/api/v2/dags": {
    "GET": [
      "is_scheduled",
      "limit",
      "offset",
      "tags",
      "tags_match_mode",
      "owners",
      "dag_id_pattern",
      "dag_id_prefix_pattern",
      "dag_display_name_pattern",
      "dag_display_name_prefix_pattern",
      "exclude_stale",
      "paused",
      "has_import_errors",
      "last_dag_run_state",
      "bundle_name",
      "bundle_version",
      "has_asset_schedule",
      "asset_dependency",
      "dag_run_start_date_gte",
      "dag_run_start_date_gt",
      "dag_run_start_date_lte",
      "dag_run_start_date_lt",
      "dag_run_end_date_gte",
      "dag_run_end_date_gt",
      "dag_run_end_date_lte",
      "dag_run_end_date_lt",
      "dag_run_state",
      "order_by",
      "is_favorite",
      "timetable_type"
    ],
    "PATCH": [
      "update_mask",
      "limit",
      "offset",
      "tags",
      "tags_match_mode",
      "owners",
      "dag_id_pattern",
      "dag_id_prefix_pattern",
      "exclude_stale",
      "paused"
    ]
  },
  "/api/v2/dags/bulk": {
    "PATCH": []
  },
  "/api/v2/dags/{dag_id}": {
    "DELETE": [],
    "GET": [],
    "PATCH": [
      "update_mask"
    ]
  },
  "/api/v2/dags/{dag_id}/assets/queuedEvents": {
    "DELETE": [
      "before"
    ],
    "GET": [
      "before"
    ]
  },
  "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents": {
    "DELETE": [
      "before"
    ],
    "GET": [
      "before"
    ]
  },
  "/api/v2/dags/{dag_id}/clearDagRuns": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/clearPartitions": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/clearTaskInstances": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/dagRuns": {
    "GET": [
      "partition_date_gte",
      "partition_date_lte",
      "cursor",
      "limit",
      "offset",
      "run_after_gte",
      "run_after_gt",
      "run_after_lte",
      "run_after_lt",
      "logical_date_gte",
      "logical_date_gt",
      "logical_date_lte",
      "logical_date_lt",
      "start_date_gte",
      "start_date_gt",
      "start_date_lte",
      "start_date_lt",
      "end_date_gte",
      "end_date_gt",
      "end_date_lte",
      "end_date_lt",
      "duration_gte",
      "duration_gt",
      "duration_lte",
      "duration_lt",
      "updated_at_gte",
      "updated_at_gt",
      "updated_at_lte",
      "updated_at_lt",
      "conf_contains",
      "run_type",
      "state",
      "dag_version",
      "bundle_version",
      "teams",
      "tags",
      "tags_match_mode",
      "order_by",
      "run_id_pattern",
      "run_id_prefix_pattern",
      "triggering_user_name_pattern",
      "triggering_user_name_prefix_pattern",
      "dag_id_pattern",
      "dag_id_prefix_pattern",
      "partition_key_pattern",
      "partition_key_prefix_pattern",
      "consuming_asset_pattern"
    ],
    "PATCH": [],
    "POST": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/list": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}": {
    "DELETE": [],
    "GET": [],
    "PATCH": [
      "update_mask"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails": {
    "GET": [
      "region_id",
      "region_index",
      "limit",
      "offset",
      "order_by",
      "dag_id_pattern",
      "dag_id_prefix_pattern",
      "task_id",
      "task_id_pattern",
      "task_id_prefix_pattern",
      "map_index",
      "state",
      "teams",
      "response_received",
      "responded_by_user_id",
      "responded_by_user_name",
      "subject_search",
      "body_search",
      "created_at_gte",
      "created_at_gt",
      "created_at_lte",
      "created_at_lt"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}": {
    "PATCH": [
      "update_mask",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}/dry_run": {
    "PATCH": [
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances": {
    "GET": [
      "region_id",
      "region_index",
      "loop_id",
      "iteration",
      "cursor",
      "task_id",
      "run_after_gte",
      "run_after_gt",
      "run_after_lte",
      "run_after_lt",
      "logical_date_gte",
      "logical_date_gt",
      "logical_date_lte",
      "logical_date_lt",
      "start_date_gte",
      "start_date_gt",
      "start_date_lte",
      "start_date_lt",
      "end_date_gte",
      "end_date_gt",
      "end_date_lte",
      "end_date_lt",
      "updated_at_gte",
      "updated_at_gt",
      "updated_at_lte",
      "updated_at_lt",
      "duration_gte",
      "duration_gt",
      "duration_lte",
      "duration_lt",
      "task_display_name_pattern",
      "task_display_name_prefix_pattern",
      "task_group_id",
      "dag_id_pattern",
      "dag_id_prefix_pattern",
      "run_id_pattern",
      "run_id_prefix_pattern",
      "state",
      "pool",
      "pool_name_pattern",
      "pool_name_prefix_pattern",
      "queue",
      "queue_name_pattern",
      "queue_name_prefix_pattern",
      "executor",
      "version_number",
      "teams",
      "try_number",
      "operator",
      "operator_name_pattern",
      "operator_name_prefix_pattern",
      "map_index",
      "rendered_map_index_pattern",
      "rendered_map_index_prefix_pattern",
      "limit",
      "offset",
      "order_by"
    ],
    "PATCH": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}": {
    "DELETE": [
      "map_index",
      "region_id",
      "region_index"
    ],
    "GET": [
      "region_id",
      "region_index"
    ],
    "PATCH": [
      "map_index",
      "update_mask",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dependencies": {
    "GET": [
      "map_index",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dry_run": {
    "PATCH": [
      "map_index",
      "update_mask",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/externalLogUrl/{try_number}": {
    "GET": [
      "map_index",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/links": {
    "GET": [
      "map_index",
      "region_id",
      "region_index",
      "try_number"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped": {
    "GET": [
      "region_id",
      "region_index",
      "run_after_gte",
      "run_after_gt",
      "run_after_lte",
      "run_after_lt",
      "logical_date_gte",
      "logical_date_gt",
      "logical_date_lte",
      "logical_date_lt",
      "start_date_gte",
      "start_date_gt",
      "start_date_lte",
      "start_date_lt",
      "end_date_gte",
      "end_date_gt",
      "end_date_lte",
      "end_date_lt",
      "updated_at_gte",
      "updated_at_gt",
      "updated_at_lte",
      "updated_at_lt",
      "duration_gte",
      "duration_gt",
      "duration_lte",
      "duration_lt",
      "state",
      "pool",
      "pool_name_pattern",
      "pool_name_prefix_pattern",
      "queue",
      "queue_name_pattern",
      "queue_name_prefix_pattern",
      "executor",
      "version_number",
      "try_number",
      "operator",
      "operator_name_pattern",
      "operator_name_prefix_pattern",
      "map_index",
      "rendered_map_index_pattern",
      "rendered_map_index_prefix_pattern",
      "limit",
      "offset",
      "order_by"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}": {
    "GET": [
      "full_content",
      "token",
      "map_index",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store": {
    "DELETE": [
      "map_index",
      "region_id",
      "region_index",
      "all_map_indices"
    ],
    "GET": [
      "map_index",
      "region_id",
      "region_index",
      "limit",
      "offset"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key}": {
    "DELETE": [
      "map_index",
      "region_id",
      "region_index"
    ],
    "GET": [
      "map_index",
      "region_id",
      "region_index"
    ],
    "PATCH": [
      "map_index",
      "region_id",
      "region_index"
    ],
    "PUT": [
      "map_index",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries": {
    "GET": [
      "map_index",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries/{task_try_number}": {
    "GET": [
      "map_index",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries": {
    "GET": [
      "xcom_key",
      "map_index",
      "region_id",
      "region_index",
      "exclude_internal_keys",
      "limit",
      "offset",
      "xcom_key_pattern",
      "xcom_key_prefix_pattern",
      "dag_display_name_pattern",
      "dag_display_name_prefix_pattern",
      "run_id_pattern",
      "run_id_prefix_pattern",
      "task_id_pattern",
      "task_id_prefix_pattern",
      "map_index_filter",
      "logical_date_gte",
      "logical_date_gt",
      "logical_date_lte",
      "logical_date_lt",
      "run_after_gte",
      "run_after_gt",
      "run_after_lte",
      "run_after_lt",
      "teams",
      "order_by"
    ],
    "POST": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}": {
    "DELETE": [
      "map_index",
      "region_id",
      "region_index"
    ],
    "GET": [
      "map_index",
      "region_id",
      "region_index",
      "deserialize",
      "stringify"
    ],
    "PATCH": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}": {
    "GET": [
      "region_id",
      "region_index"
    ],
    "PATCH": [
      "update_mask",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dependencies": {
    "GET": [
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dry_run": {
    "PATCH": [
      "update_mask",
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails": {
    "GET": [
      "region_id",
      "region_index"
    ],
    "PATCH": [
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails/tries/{try_number}": {
    "GET": [
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries": {
    "GET": [
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries/{task_try_number}": {
    "GET": [
      "region_id",
      "region_index"
    ]
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents": {
    "GET": []
  },
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait": {
    "GET": [
      "interval",
      "result"
    ]
  },
  "/api/v2/dags/{dag_id}/dagVersions": {
    "GET": [
      "limit",
      "offset",
      "version_number",
      "bundle_name",
      "bundle_version",
      "order_by"
    ]
  },
  "/api/v2/dags/{dag_id}/dagVersions/diff": {
    "GET": [
      "base_version_number",
      "target_version_number",
      "max_changes"
    ]
  },
  "/api/v2/dags/{dag_id}/dagVersions/{version_number}": {
    "GET": []
  },
  "/api/v2/dags/{dag_id}/details": {
    "GET": []
  },
  "/api/v2/dags/{dag_id}/favorite": {
    "POST": []
  },
  "/api/v2/dags/{dag_id}/tasks": {
    "GET": [
      "order_by"
    ]
  },
  "/api/v2/dags/{dag_id}/tasks/{task_id}": {
    "GET": [
      "version_number"
    ]
  },
  "/api/v2/dags/{dag_id}/unfavorite": {
    "POST": []
  },
  "/api/v2/eventLogs": {
    "GET": [
      "region_id",
      "region_index",
      "limit",
      "offset",
      "order_by",
      "dag_id",
      "task_id",
      "task_instance_id",
      "run_id",
      "map_index",
      "try_number",
      "owner",
      "event",
      "excluded_events",
      "included_events",
      "before",
      "after",
      "dag_id_pattern",
      "task_id_pattern",
      "run_id_pattern",
      "owner_pattern",
      "owner_display_name_pattern",
      "event_pattern",
      "dag_id_prefix_pattern",
      "task_id_prefix_pattern",
      "run_id_prefix_pattern",
      "owner_prefix_pattern",
      "owner_display_name_prefix_pattern",
      "event_prefix_pattern",
      "teams"
    ]
  },
  "/api/v2/eventLogs/{event_log_id}": {
    "GET": []
  },
  "/api/v2/importErrors": {
    "GET": [
      "limit",
      "offset",
      "order_by",
      "filename_pattern",
      "filename_prefix_pattern",
      "filename",
      "bundle_name"
    ]
  },
  "/api/v2/importErrors/{import_error_id}": {
    "GET": []
  },
  "/api/v2/jobs": {
    "GET": [
      "start_date_gte",
      "start_date_gt",
      "start_date_lte",
      "start_date_lt",
      "end_date_gte",
      "end_date_gt",
      "end_date_lte",
      "end_date_lt",
      "limit",
      "offset",
      "order_by",
      "job_state",
      "dag_id",
      "job_type",
      "hostname",
      "executor_class",
      "teams",
      "is_alive"
    ]
  },
  "/api/v2/monitor/health": {
    "GET": []
  },
  "/api/v2/parseDagFile/{file_token}": {
    "PUT": []
  },
  "/api/v2/plugins": {
    "GET": [
      "limit",
      "offset"
    ]
  },
  "/api/v2/plugins/importErrors": {
    "GET": []
  },
  "/api/v2/pools": {
    "GET": [
      "limit",
      "offset",
      "order_by",
      "pool_name_pattern",
      "pool_name_prefix_pattern"
    ],
    "PATCH": [],
    "POST": []
  },
  "/api/v2/pools/{pool_name}": {
    "DELETE": [],
    "GET": [],
    "PATCH": [
      "update_mask"
    ]
  },
  "/api/v2/providers": {
    "GET": [
      "limit",
      "offset"
    ]
  },
  "/api/v2/variables": {
    "GET": [
      "limit",
      "offset",
      "order_by",
      "variable_key_pattern",
      "variable_key_prefix_pattern"
    ],
    "PATCH": [],
    "POST": []
  },
  "/api/v2/variables/{variable_key}": {
    "DELETE": [],
    "GET": [],
    "PATCH": [
      "update_mask"
    ]
  },
  "/api/v2/version": {
    "GET": []
  }
};

/** The fields of requests' bodies, by schema. */
export const bodies: Readonly<Record<string, readonly string[]>> = {
  "AssetStateStoreBody": [
    "value"
  ],
  "BackfillPostBody": [
    "dag_id",
    "dag_run_conf",
    "drain_dag",
    "from_date",
    "max_active_runs",
    "reprocess_behavior",
    "run_backwards",
    "run_on_latest_version",
    "to_date"
  ],
  "BulkDAGBody": [
    "dag_id",
    "is_paused",
    "scheduling_state"
  ],
  "BulkDAGRunBody": [
    "dag_id",
    "dag_run_id",
    "note",
    "state"
  ],
  "BulkDAGRunClearBody": [
    "dag_runs",
    "dry_run",
    "note",
    "only_failed",
    "only_new",
    "partition_date_end",
    "partition_date_start",
    "partition_key",
    "run_on_latest_version"
  ],
  "BulkTaskInstanceBody": [
    "dag_id",
    "dag_run_id",
    "include_downstream",
    "include_future",
    "include_past",
    "include_upstream",
    "map_index",
    "new_state",
    "note",
    "region_id",
    "region_index",
    "task_id"
  ],
  "ClearPartitionsBody": [
    "clear_task_instances",
    "dry_run",
    "partition_date_end",
    "partition_date_start",
    "partition_key",
    "run_id"
  ],
  "ClearTaskInstancesBody": [
    "dag_run_id",
    "dry_run",
    "end_date",
    "include_downstream",
    "include_future",
    "include_later_loop_iterations",
    "include_past",
    "include_upstream",
    "keep_task_state",
    "note",
    "only_failed",
    "only_running",
    "prevent_running_task",
    "reset_dag_runs",
    "run_on_latest_version",
    "start_date",
    "task_group_id",
    "task_ids",
    "task_instance_ids",
    "whole_expansion_ids"
  ],
  "ConnectionBody": [
    "conn_type",
    "connection_id",
    "description",
    "extra",
    "host",
    "login",
    "password",
    "port",
    "schema",
    "team_name"
  ],
  "ConnectionTestRequestBody": [
    "commit_on_success",
    "conn_type",
    "connection_id",
    "description",
    "executor",
    "extra",
    "host",
    "login",
    "password",
    "port",
    "queue",
    "schema",
    "team_name"
  ],
  "CreateAssetEventsBody": [
    "access_control",
    "asset_id",
    "extra",
    "partition_key"
  ],
  "DAGPatchBody": [
    "is_paused",
    "scheduling_state"
  ],
  "DAGRunClearBody": [
    "dry_run",
    "note",
    "only_failed",
    "only_new",
    "run_on_latest_version"
  ],
  "DAGRunPatchBody": [
    "note",
    "state"
  ],
  "DAGRunsBatchBody": [
    "conf_contains",
    "dag_ids",
    "duration_gt",
    "duration_gte",
    "duration_lt",
    "duration_lte",
    "end_date_gt",
    "end_date_gte",
    "end_date_lt",
    "end_date_lte",
    "logical_date_gt",
    "logical_date_gte",
    "logical_date_lt",
    "logical_date_lte",
    "order_by",
    "page_limit",
    "page_offset",
    "run_after_gt",
    "run_after_gte",
    "run_after_lt",
    "run_after_lte",
    "start_date_gt",
    "start_date_gte",
    "start_date_lt",
    "start_date_lte",
    "states"
  ],
  "MaterializeAssetBody": [
    "bundle_version",
    "conf",
    "dag_run_id",
    "data_interval_end",
    "data_interval_start",
    "drain_dag",
    "logical_date",
    "note",
    "partition_key",
    "run_after"
  ],
  "PatchTaskInstanceBody": [
    "include_downstream",
    "include_future",
    "include_past",
    "include_upstream",
    "new_state",
    "note",
    "region_id",
    "region_index"
  ],
  "PoolBody": [
    "description",
    "include_deferred",
    "name",
    "slots",
    "team_name"
  ],
  "PoolPatchBody": [
    "description",
    "include_deferred",
    "pool",
    "slots",
    "team_name"
  ],
  "TaskInstancesBatchBody": [
    "dag_ids",
    "dag_run_ids",
    "duration_gt",
    "duration_gte",
    "duration_lt",
    "duration_lte",
    "end_date_gt",
    "end_date_gte",
    "end_date_lt",
    "end_date_lte",
    "executor",
    "logical_date_gt",
    "logical_date_gte",
    "logical_date_lt",
    "logical_date_lte",
    "order_by",
    "page_limit",
    "page_offset",
    "pool",
    "queue",
    "run_after_gt",
    "run_after_gte",
    "run_after_lt",
    "run_after_lte",
    "start_date_gt",
    "start_date_gte",
    "start_date_lt",
    "start_date_lte",
    "state",
    "task_ids"
  ],
  "TaskStateStoreBody": [
    "expires_at",
    "value"
  ],
  "TaskStateStorePatchBody": [
    "value"
  ],
  "TriggerDAGRunPostBody": [
    "bundle_version",
    "conf",
    "dag_run_id",
    "data_interval_end",
    "data_interval_start",
    "drain_dag",
    "logical_date",
    "note",
    "partition_key",
    "run_after"
  ],
  "VariableBody": [
    "description",
    "key",
    "team_name",
    "value"
  ],
  "XComCreateBody": [
    "key",
    "map_index",
    "region_id",
    "region_index",
    "value"
  ],
  "XComUpdateBody": [
    "map_index",
    "region_id",
    "region_index",
    "value"
  ]
};
