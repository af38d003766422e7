// Generated from specs/airflow/3.4.0b2.json by packages/simulators/generate.ts. Do not edit: run `pnpm generate`.

export interface components {
    schemas: {
        AssetExpressionAlias: {
            alias: components["schemas"]["AssetExpressionAliasInfo"];
        };
        AssetExpressionAliasInfo: {
            group: string;
            name: string;
        };
        AssetExpressionAll: {
            all: (components["schemas"]["AssetExpressionAsset"] | components["schemas"]["AssetExpressionAlias"] | components["schemas"]["AssetExpressionRef"] | components["schemas"]["AssetExpressionAny"] | components["schemas"]["AssetExpressionAll"])[];
        };
        AssetExpressionAny: {
            any: (components["schemas"]["AssetExpressionAsset"] | components["schemas"]["AssetExpressionAlias"] | components["schemas"]["AssetExpressionRef"] | components["schemas"]["AssetExpressionAny"] | components["schemas"]["AssetExpressionAll"])[];
        };
        AssetExpressionAsset: {
            asset: components["schemas"]["AssetExpressionAssetInfo"];
        };
        AssetExpressionAssetInfo: {
            group: string;
            /** @default false */
            hidden: boolean;
            id?: number | null;
            name: string | null;
            uri: string | null;
        };
        AssetExpressionRef: {
            asset_ref: {
                [key: string]: string;
            };
        };
        DAGDetailsResponse: {
            /** @default 0 */
            active_runs_count: number;
            allowed_run_types: components["schemas"]["DagRunType"][] | null;
            asset_expression: (components["schemas"]["AssetExpressionAsset"] | components["schemas"]["AssetExpressionAlias"] | components["schemas"]["AssetExpressionRef"] | components["schemas"]["AssetExpressionAny"] | components["schemas"]["AssetExpressionAll"]) | null;
            bundle_name: string | null;
            bundle_version: string | null;
            catchup: boolean;
            /** @deprecated */
            readonly concurrency: number;
            dag_display_name: string;
            dag_id: string;
            dag_run_timeout: string | null;
            default_args: {
                [key: string]: unknown;
            } | null;
            description: string | null;
            doc_md: string | null;
            end_date: string | null;
            readonly file_token: string;
            fileloc: string | null;
            has_import_errors: boolean;
            has_task_concurrency_limits: boolean;
            readonly is_backfillable: boolean;
            /** @default false */
            is_favorite: boolean;
            is_paused: boolean;
            is_paused_upon_creation: boolean | null;
            is_stale: boolean;
            last_expired: string | null;
            last_parse_duration: number | null;
            last_parsed: string | null;
            last_parsed_time: string | null;
            latest_dag_version: components["schemas"]["DagVersionResponse"] | null;
            max_active_runs: number | null;
            max_active_tasks: number;
            max_consecutive_failed_dag_runs: number;
            next_dagrun_data_interval_end: string | null;
            next_dagrun_data_interval_start: string | null;
            next_dagrun_logical_date: string | null;
            next_dagrun_run_after: string | null;
            owner_links?: {
                [key: string]: string;
            } | null;
            owners: string[];
            params: {
                [key: string]: unknown;
            } | null;
            relative_fileloc: string | null;
            render_template_as_native_obj: boolean;
            rerun_with_latest_version?: boolean | null;
            /** @default active */
            scheduling_state: components["schemas"]["DagSchedulingState"];
            start_date: string | null;
            tags: components["schemas"]["DagTagResponse"][];
            team_name?: string | null;
            template_search_path: string[] | null;
            timetable_description: string | null;
            timetable_partitioned: boolean;
            timetable_periodic: boolean;
            timetable_summary: string | null;
            timezone: string | null;
        };
        DAGResponse: {
            allowed_run_types: components["schemas"]["DagRunType"][] | null;
            bundle_name: string | null;
            bundle_version: string | null;
            dag_display_name: string;
            dag_id: string;
            description: string | null;
            readonly file_token: string;
            fileloc: string | null;
            has_import_errors: boolean;
            has_task_concurrency_limits: boolean;
            readonly is_backfillable: boolean;
            is_paused: boolean;
            is_stale: boolean;
            last_expired: string | null;
            last_parse_duration: number | null;
            last_parsed_time: string | null;
            max_active_runs: number | null;
            max_active_tasks: number;
            max_consecutive_failed_dag_runs: number;
            next_dagrun_data_interval_end: string | null;
            next_dagrun_data_interval_start: string | null;
            next_dagrun_logical_date: string | null;
            next_dagrun_run_after: string | null;
            owners: string[];
            relative_fileloc: string | null;
            /** @default active */
            scheduling_state: components["schemas"]["DagSchedulingState"];
            tags: components["schemas"]["DagTagResponse"][];
            timetable_description: string | null;
            timetable_partitioned: boolean;
            timetable_periodic: boolean;
            timetable_summary: string | null;
        };
        DAGRunResponse: {
            bundle_version: string | null;
            conf: {
                [key: string]: unknown;
            } | null;
            dag_display_name: string;
            dag_id: string;
            dag_run_id: string;
            dag_versions: components["schemas"]["DagVersionResponse"][];
            data_interval_end: string | null;
            data_interval_start: string | null;
            duration: number | null;
            end_date: string | null;
            last_scheduling_decision: string | null;
            logical_date: string | null;
            note: string | null;
            partition_date: string | null;
            partition_key: string | null;
            queued_at: string | null;
            /** Format: date-time */
            run_after: string;
            run_type: components["schemas"]["DagRunType"];
            start_date: string | null;
            state: components["schemas"]["DagRunState"];
            team_name?: string | null;
            triggered_by: components["schemas"]["DagRunTriggeredByType"] | null;
            triggering_user_name: string | null;
        };
        /** @enum {string} */
        DagRunState: "queued" | "running" | "success" | "failed";
        /** @enum {string} */
        DagRunTriggeredByType: "cli" | "operator" | "rest_api" | "ui" | "test" | "timetable" | "asset" | "backfill";
        /** @enum {string} */
        DagRunType: "backfill" | "scheduled" | "manual" | "operator_triggered" | "asset_triggered" | "asset_materialization";
        /** @enum {string} */
        DagSchedulingState: "active" | "draining" | "paused";
        DagTagResponse: {
            dag_display_name: string;
            dag_id: string;
            name: string;
        };
        DagVersionResponse: {
            bundle_name: string | null;
            bundle_url: string | null;
            bundle_version: string | null;
            /** Format: date-time */
            created_at: string;
            dag_display_name: string;
            dag_id: string;
            /** Format: uuid */
            id: string;
            version_number: number;
        };
        EventLogResponse: {
            dag_display_name?: string | null;
            dag_id: string | null;
            event: string;
            event_log_id: number;
            extra: string | null;
            logical_date: string | null;
            map_index: number | null;
            owner: string | null;
            owner_display_name: string | null;
            run_id: string | null;
            task_display_name?: string | null;
            task_id: string | null;
            task_instance_id?: string | null;
            team_name?: string | null;
            try_number: number | null;
            /** Format: date-time */
            when: string;
        };
        JobResponse: {
            bundle_names?: string[] | null;
            dag_display_name?: string | null;
            dag_id: string | null;
            end_date: string | null;
            executor_class: string | null;
            hostname: string | null;
            id: number;
            job_type: string | null;
            latest_heartbeat: string | null;
            start_date: string | null;
            state: string | null;
            team_names?: string[];
            unixname: string | null;
        };
        LoopIterationResponse: {
            iteration: number;
            loop_id: string;
        };
        TaskInstanceHistoryResponse: {
            dag_display_name: string;
            dag_id: string;
            dag_run_id: string;
            dag_version: components["schemas"]["DagVersionResponse"] | null;
            duration: number | null;
            end_date: string | null;
            executor: string | null;
            executor_config: string;
            hostname: string | null;
            /** Format: uuid */
            id: string;
            loop_iteration?: components["schemas"]["LoopIterationResponse"] | null;
            map_index: number;
            max_tries: number;
            note?: string | null;
            operator: string | null;
            operator_name: string | null;
            pid: number | null;
            pool: string;
            pool_slots: number;
            priority_weight: number | null;
            queue: string | null;
            queued_when: string | null;
            /** Format: uuid */
            region_id?: string;
            region_index?: number;
            scheduled_when: string | null;
            start_date: string | null;
            state: components["schemas"]["TaskInstanceState"] | null;
            state_reason?: string | null;
            task_display_name: string;
            task_id: string;
            try_number: number;
            unixname: string | null;
        };
        TaskInstanceResponse: {
            dag_display_name: string;
            dag_id: string;
            dag_run_id: string;
            dag_version: components["schemas"]["DagVersionResponse"] | null;
            duration: number | null;
            end_date: string | null;
            executor: string | null;
            executor_config: string;
            hostname: string | null;
            /** Format: uuid */
            id: string;
            in_loop: boolean;
            logical_date: string | null;
            loop_iteration?: components["schemas"]["LoopIterationResponse"] | null;
            map_index: number;
            max_tries: number;
            note: string | null;
            operator: string | null;
            operator_name: string | null;
            pid: number | null;
            pool: string;
            pool_slots: number;
            priority_weight: number | null;
            queue: string | null;
            queued_when: string | null;
            /** Format: uuid */
            region_id?: string;
            region_index?: number;
            rendered_fields?: {
                [key: string]: unknown;
            };
            rendered_map_index: string | null;
            /** Format: date-time */
            run_after: string;
            scheduled_when: string | null;
            start_date: string | null;
            state: components["schemas"]["TaskInstanceState"] | null;
            state_reason?: string | null;
            task_display_name: string;
            task_id: string;
            team_name?: string | null;
            trigger: components["schemas"]["TriggerResponse"] | null;
            triggerer_job: components["schemas"]["JobResponse"] | null;
            try_number: number;
            unixname: string | null;
        };
        /** @enum {string} */
        TaskInstanceState: "removed" | "scheduled" | "queued" | "running" | "success" | "restarting" | "failed" | "up_for_retry" | "up_for_reschedule" | "upstream_failed" | "skipped" | "deferred" | "awaiting_input";
        TriggerResponse: {
            classpath: string;
            /** Format: date-time */
            created_date: string;
            id: number;
            /** @deprecated */
            kwargs: string;
            queue: string | null;
            triggerer_id: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
