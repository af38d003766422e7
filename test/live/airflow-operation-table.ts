/** Arguments for every operation of Airflow's API, in an order in which they can be called. */
import { type Operation, operation } from "./airflow-operation.ts";

const dag = { dag_id: "operations" };
const run = { ...dag, dag_run_id: "first" };
const say = { ...run, task_id: "say" };
const each = { ...run, task_id: "each" };
const ask = { ...run, task_id: "ask", map_index: -1 };
const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}";
const day = "2026-02-01T00:00:00Z";
const connection = { connection_id: "there", conn_type: "http", host: "127.0.0.1" };

export const operations: readonly Operation[] = [
  operation("GET", "/api/v2/version", {}),
  operation("GET", "/api/v2/monitor/health", {}),
  operation("GET", "/api/v2/auth/login", {}, { code: "REDIRECTED", because: "it sends a browser to a page" }),
  operation("GET", "/api/v2/config", { params: { query: { section: "core" } } }),
  operation("GET", "/api/v2/config/section/{section}/option/{option}", {
    params: { path: { section: "core", option: "executor" } },
  }),
  operation("GET", "/api/v2/plugins", {}),
  operation("GET", "/api/v2/plugins/importErrors", {}),
  operation("GET", "/api/v2/providers", {}),
  operation("GET", "/api/v2/jobs", { params: { query: { job_type: "SchedulerJob", is_alive: true } } }),
  operation("GET", "/api/v2/eventLogs", { params: { query: { dag_id: "operations", order_by: ["-id"] } } }),
  operation("GET", "/api/v2/eventLogs/{event_log_id}", ({ eventLogId }) => ({
    params: { path: { event_log_id: eventLogId } },
  })),
  operation("GET", "/api/v2/importErrors", {}),
  operation("GET", "/api/v2/importErrors/{import_error_id}", ({ importErrorId }) => ({
    params: { path: { import_error_id: importErrorId } },
  })),

  // DAGs
  operation("GET", "/api/v2/dags", { params: { query: { tags: ["tagged"], order_by: ["dag_id"] } } }),
  operation("PATCH", "/api/v2/dags", {
    params: { query: { dag_id_pattern: "wants", update_mask: ["is_paused"] } },
    body: { is_paused: true },
  }),
  operation("PATCH", "/api/v2/dags/bulk", {
    body: { actions: [{ action: "update", entities: [{ dag_id: "wants", scheduling_state: "draining" }] }] },
  }),
  operation("GET", "/api/v2/dags/{dag_id}", { params: { path: dag } }),
  operation("PATCH", "/api/v2/dags/{dag_id}", {
    params: { path: { dag_id: "wants" }, query: { update_mask: ["is_paused"] } },
    body: { is_paused: false },
  }),
  operation("GET", "/api/v2/dags/{dag_id}/details", { params: { path: dag } }),
  operation("GET", "/api/v2/dags/{dag_id}/tasks", { params: { path: dag, query: { order_by: "task_id" } } }),
  operation("GET", "/api/v2/dags/{dag_id}/tasks/{task_id}", { params: { path: { ...dag, task_id: "say" } } }),
  operation("GET", "/api/v2/dags/{dag_id}/dagVersions", { params: { path: dag } }),
  operation("GET", "/api/v2/dags/{dag_id}/dagVersions/{version_number}", {
    params: { path: { ...dag, version_number: 1 } },
  }),
  operation("GET", "/api/v2/dags/{dag_id}/dagVersions/diff", {
    params: { path: dag, query: { base_version_number: 1, target_version_number: 1 } },
  }),
  operation("GET", "/api/v2/dagBundles", {}),
  operation("GET", "/api/v2/dagBundles/{bundle_name}", { params: { path: { bundle_name: "dags-folder" } } }),
  operation("GET", "/api/v2/dagBundles/{bundle_name}/files", { params: { path: { bundle_name: "dags-folder" } } }),
  operation("POST", "/api/v2/dags/{dag_id}/favorite", { params: { path: dag } }),
  operation("POST", "/api/v2/dags/{dag_id}/unfavorite", { params: { path: dag } }),
  operation("GET", "/api/v2/dagSources/{dag_id}", { params: { path: dag } }),
  operation("GET", "/api/v2/dagStats", { params: { query: { dag_ids: ["operations"] } } }),
  operation("GET", "/api/v2/dagTags", { params: { query: { tag_name_pattern: "tag" } } }),
  operation("GET", "/api/v2/dagWarnings", {}),
  operation("PUT", "/api/v2/parseDagFile/{file_token}", ({ fileToken }) => ({
    params: { path: { file_token: fileToken } },
  })),

  // Runs
  operation("POST", "/api/v2/dags/{dag_id}/dagRuns", {
    params: { path: dag },
    body: { dag_run_id: "second", logical_date: null, conf: { lines: 2 }, note: "by hand" },
  }),
  operation("GET", "/api/v2/dags/{dag_id}/dagRuns", { params: { path: { dag_id: "~" }, query: { limit: 5 } } }),
  operation("POST", "/api/v2/dags/{dag_id}/dagRuns/list", { params: { path: { dag_id: "~" } }, body: {} }),
  operation("GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: { path: run } }),
  operation("PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", {
    params: { path: run, query: { update_mask: ["note"] } },
    body: { note: "seen" },
  }),
  operation("GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents", { params: { path: run } }),
  operation("GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails", { params: { path: run } }),

  // Task instances
  operation("GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
    params: { path: run, query: { state: ["success"] } },
  }),
  operation("POST", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list", {
    params: { path: { dag_id: "~", dag_run_id: "~" } },
    body: { dag_ids: ["operations"] },
  }),
  operation("GET", PATH, { params: { path: say } }),
  operation("GET", `${PATH}/dependencies`, { params: { path: say } }),
  operation("GET", `${PATH}/tries`, { params: { path: say } }),
  operation("GET", `${PATH}/tries/{task_try_number}`, { params: { path: { ...say, task_try_number: 1 } } }),
  operation("GET", `${PATH}/listMapped`, { params: { path: each } }),
  operation("GET", `${PATH}/{map_index}`, { params: { path: { ...each, map_index: 1 } } }),
  operation("GET", `${PATH}/{map_index}/dependencies`, { params: { path: { ...each, map_index: 1 } } }),
  operation("GET", `${PATH}/{map_index}/tries`, { params: { path: { ...each, map_index: 1 } } }),
  operation("GET", `${PATH}/{map_index}/tries/{task_try_number}`, {
    params: { path: { ...each, map_index: 1, task_try_number: 1 } },
  }),
  operation("GET", `${PATH}/links`, { params: { path: say } }),
  operation("GET", `${PATH}/logs/{try_number}`, {
    params: { path: { ...say, try_number: 1 }, header: { accept: "application/json" } },
  }),
  operation(
    "GET",
    `${PATH}/externalLogUrl/{try_number}`,
    { params: { path: { ...say, try_number: 1 } } },
    { code: "INVALID_REQUEST", because: "it wants a log handler that keeps logs in another service" },
  ),
  operation("PATCH", `${PATH}/dry_run`, { params: { path: say }, body: { new_state: "failed" } }),
  operation("PATCH", `${PATH}/{map_index}/dry_run`, {
    params: { path: { ...each, map_index: 1 } },
    body: { new_state: "failed" },
  }),
  operation("PATCH", PATH, { params: { path: say, query: { update_mask: ["note"] } }, body: { note: "seen" } }),
  operation("PATCH", `${PATH}/{map_index}`, {
    params: { path: { ...each, map_index: 1 } },
    body: { new_state: "failed", note: "seen" },
  }),
  operation("PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
    params: { path: run },
    body: { actions: [{ action: "update", entities: [{ task_id: "say", note: "all of them" }] }] },
  }),
  operation("PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}/dry_run", {
    params: { path: { ...run, group_id: "group" } },
    body: { new_state: "failed" },
  }),
  operation("PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}", {
    params: { path: { ...run, group_id: "group" } },
    body: { new_state: "failed" },
  }),

  // Human-in-the-loop questions
  operation("GET", `${PATH}/{map_index}/hitlDetails`, { params: { path: ask } }),
  operation("PATCH", `${PATH}/{map_index}/hitlDetails`, { params: { path: ask }, body: { chosen_options: ["yes"] } }),
  operation("GET", `${PATH}/{map_index}/hitlDetails/tries/{try_number}`, {
    params: { path: { ...ask, try_number: 1 } },
  }),

  // XComs, and the state of tasks and assets
  operation("POST", `${PATH}/xcomEntries`, { params: { path: say }, body: { key: "mine", value: [1] } }),
  operation("GET", `${PATH}/xcomEntries`, { params: { path: say } }),
  operation("GET", `${PATH}/xcomEntries/{xcom_key}`, { params: { path: { ...say, xcom_key: "mine" } } }),
  operation("PATCH", `${PATH}/xcomEntries/{xcom_key}`, {
    params: { path: { ...say, xcom_key: "mine" } },
    body: { value: 2 },
  }),
  operation("DELETE", `${PATH}/xcomEntries/{xcom_key}`, { params: { path: { ...say, xcom_key: "mine" } } }),
  operation("PUT", `${PATH}/state-store/{key}`, { params: { path: { ...say, key: "a/b" } }, body: { value: 1 } }),
  operation("PATCH", `${PATH}/state-store/{key}`, { params: { path: { ...say, key: "a/b" } }, body: { value: 2 } }),
  operation("GET", `${PATH}/state-store/{key}`, { params: { path: { ...say, key: "a/b" } } }),
  operation("GET", `${PATH}/state-store`, { params: { path: say } }),
  operation("DELETE", `${PATH}/state-store/{key}`, { params: { path: { ...say, key: "a/b" } } }),
  operation("DELETE", `${PATH}/state-store`, { params: { path: say } }),
  operation("PUT", "/api/v2/assets/{asset_id}/state-store/{key}", ({ assetId }) => ({
    params: { path: { asset_id: assetId, key: "a/b" } },
    body: { value: { deep: [1] } },
  })),
  operation("GET", "/api/v2/assets/{asset_id}/state-store/{key}", ({ assetId }) => ({
    params: { path: { asset_id: assetId, key: "a/b" } },
  })),
  operation("GET", "/api/v2/assets/{asset_id}/state-store", ({ assetId }) => ({
    params: { path: { asset_id: assetId } },
  })),
  operation("DELETE", "/api/v2/assets/{asset_id}/state-store/{key}", ({ assetId }) => ({
    params: { path: { asset_id: assetId, key: "a/b" } },
  })),
  operation("DELETE", "/api/v2/assets/{asset_id}/state-store", ({ assetId }) => ({
    params: { path: { asset_id: assetId } },
  })),

  // Assets. One event is queued for the DAG that waits for two, so that each operation that deletes queued events finds one.
  operation("GET", "/api/v2/assets", { params: { query: { name_pattern: "wanted" } } }),
  operation("GET", "/api/v2/assets/{asset_id}", ({ assetId }) => ({ params: { path: { asset_id: assetId } } })),
  operation("GET", "/api/v2/assets/aliases", {}),
  operation("GET", "/api/v2/assets/aliases/{asset_alias_id}", ({ aliasId }) => ({
    params: { path: { asset_alias_id: aliasId } },
  })),
  operation("POST", "/api/v2/assets/events", ({ assetId }) => ({ body: { asset_id: assetId, extra: { by: "hand" } } })),
  operation("GET", "/api/v2/assets/events", ({ assetId }) => ({ params: { query: { asset_id: assetId } } })),
  operation("GET", "/api/v2/assets/{asset_id}/queuedEvents", ({ assetId }) => ({
    params: { path: { asset_id: assetId } },
  })),
  operation("GET", "/api/v2/dags/{dag_id}/assets/queuedEvents", { params: { path: { dag_id: "wants" } } }),
  operation("GET", "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents", ({ assetId }) => ({
    params: { path: { dag_id: "wants", asset_id: assetId } },
  })),
  operation("DELETE", "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents", ({ assetId }) => ({
    params: { path: { dag_id: "wants", asset_id: assetId } },
  })),
  operation("POST", "/api/v2/assets/events", ({ assetId }) => ({ body: { asset_id: assetId } })),
  operation("DELETE", "/api/v2/assets/{asset_id}/queuedEvents", ({ assetId }) => ({
    params: { path: { asset_id: assetId } },
  })),
  operation("POST", "/api/v2/assets/events", ({ assetId }) => ({ body: { asset_id: assetId } })),
  operation("DELETE", "/api/v2/dags/{dag_id}/assets/queuedEvents", { params: { path: { dag_id: "wants" } } }),
  operation("POST", "/api/v2/assets/{asset_id}/materialize", ({ madeId }) => ({
    params: { path: { asset_id: madeId } },
    body: {},
  })),

  // Backfills
  operation("POST", "/api/v2/backfills/dry_run", { body: { dag_id: "backfilled", from_date: day, to_date: day } }),
  operation("GET", "/api/v2/backfills", { params: { query: { dag_id: "backfilled" } } }),
  operation("GET", "/api/v2/backfills/{backfill_id}", ({ backfillId }) => ({
    params: { path: { backfill_id: backfillId } },
  })),
  operation("GET", "/api/v2/backfills/{backfill_id}/dag_runs", ({ backfillId }) => ({
    params: { path: { backfill_id: backfillId }, query: { limit: 3 } },
  })),
  operation("PUT", "/api/v2/backfills/{backfill_id}/pause", ({ backfillId }) => ({
    params: { path: { backfill_id: backfillId } },
  })),
  operation("PUT", "/api/v2/backfills/{backfill_id}/unpause", ({ backfillId }) => ({
    params: { path: { backfill_id: backfillId } },
  })),
  operation("PUT", "/api/v2/backfills/{backfill_id}/cancel", ({ backfillId }) => ({
    params: { path: { backfill_id: backfillId } },
  })),
  operation("POST", "/api/v2/backfills", { body: { dag_id: "backfilled", from_date: day, to_date: day } }),

  // Variables, connections, pools
  operation("POST", "/api/v2/variables", { body: { key: "a/b", value: "1", description: "first" } }),
  operation("GET", "/api/v2/variables", { params: { query: { variable_key_pattern: "a%" } } }),
  operation("GET", "/api/v2/variables/{variable_key}", { params: { path: { variable_key: "a/b" } } }),
  operation("PATCH", "/api/v2/variables/{variable_key}", {
    params: { path: { variable_key: "a/b" } },
    body: { key: "a/b", value: "2" },
  }),
  operation("DELETE", "/api/v2/variables/{variable_key}", { params: { path: { variable_key: "a/b" } } }),
  operation("PATCH", "/api/v2/variables", {
    body: { actions: [{ action: "create", entities: [{ key: "many", value: "1" }] }] },
  }),
  operation("POST", "/api/v2/connections", { body: connection }),
  operation("GET", "/api/v2/connections", { params: { query: { order_by: ["connection_id"] } } }),
  operation("GET", "/api/v2/connections/{connection_id}", { params: { path: { connection_id: "there" } } }),
  operation("PATCH", "/api/v2/connections/{connection_id}", {
    params: { path: { connection_id: "there" }, query: { update_mask: ["port"] } },
    body: { ...connection, port: 81 },
  }),
  operation("POST", "/api/v2/connections/test", { body: connection }),
  operation("POST", "/api/v2/connections/enqueue-test", { body: { ...connection, connection_id: "elsewhere" } }),
  operation("GET", "/api/v2/connections/enqueue-test", ({ connectionTestToken }) => ({
    params: { header: { "Airflow-Connection-Test-Token": connectionTestToken } },
  })),
  operation("DELETE", "/api/v2/connections/{connection_id}", { params: { path: { connection_id: "there" } } }),
  operation("PATCH", "/api/v2/connections", {
    body: { actions: [{ action: "delete", entities: ["there"], action_on_non_existence: "skip" }] },
  }),
  operation("POST", "/api/v2/connections/defaults", {}),
  operation("POST", "/api/v2/pools", { body: { name: "few slots", slots: 2, include_deferred: false } }),
  operation("GET", "/api/v2/pools", {}),
  operation("GET", "/api/v2/pools/{pool_name}", { params: { path: { pool_name: "few slots" } } }),
  operation("PATCH", "/api/v2/pools/{pool_name}", {
    params: { path: { pool_name: "few slots" }, query: { update_mask: ["slots"] } },
    body: { pool: "few slots", slots: 3, include_deferred: false },
  }),
  operation("DELETE", "/api/v2/pools/{pool_name}", { params: { path: { pool_name: "few slots" } } }),
  operation("PATCH", "/api/v2/pools", {
    body: { actions: [{ action: "create", entities: [{ name: "many", slots: 1, include_deferred: false }] }] },
  }),

  // Operations that end the runs
  operation("GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait", {
    params: { path: run, query: { interval: 1 } },
  }),
  operation("POST", "/api/v2/dags/{dag_id}/clearTaskInstances", {
    params: { path: dag },
    body: { dag_run_id: "first", task_ids: ["say"], dry_run: true },
  }),
  operation("POST", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear", {
    params: { path: run },
    body: { dry_run: true },
  }),
  operation("POST", "/api/v2/dags/{dag_id}/clearDagRuns", {
    params: { path: dag },
    body: { dag_runs: [{ dag_run_id: "first" }], dry_run: true },
  }),
  operation("POST", "/api/v2/dags/{dag_id}/clearPartitions", {
    params: { path: dag },
    body: { run_id: "first", dry_run: true },
  }),
  operation("DELETE", PATH, { params: { path: { ...run, task_id: "say" } } }),
  operation("DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: { path: run } }),
  operation("PATCH", "/api/v2/dags/{dag_id}/dagRuns", {
    params: { path: dag },
    body: { actions: [{ action: "update", entities: [{ dag_run_id: "second", state: "failed" }] }] },
  }),
  operation("DELETE", "/api/v2/dags/{dag_id}", { params: { path: { dag_id: "doomed" } } }),
  operation("GET", "/api/v2/auth/logout", {}, { code: "REDIRECTED", because: "it sends a browser to a page" }),
];
