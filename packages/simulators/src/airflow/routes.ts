import type { Context } from "./context.ts";
import {
  dagDetailsDocument,
  dagDocument,
  definitionDocument,
  runDocument,
  taskDocument,
  versionDocument,
} from "./documents.ts";
import { listEvents, small } from "./events.ts";
import { furtherRoutes } from "./further-routes.ts";
import { listPage, type Page, readOrder } from "./listing.ts";
import { type Body, type Query, runBody, runQuery, taskBody, taskQuery, understood } from "./lists.ts";
import { readPattern } from "./parameters.ts";
import { dagNotFound, detail, invalid } from "./problems.ts";
import type { SimulatedDag, SimulatedRun, SimulatedTask } from "./records.ts";
import type { Route } from "./route.ts";
import type { AirflowWorldVersion } from "./store.ts";
import { regionQuery, tries } from "./tries.ts";
import type { AirflowView } from "./visibility.ts";

const dags = "/api/v2/dags";
const runs = `${dags}/{dag_id}/dagRuns`;
const tasks = `${runs}/{dag_run_id}/taskInstances`;

export const routes: readonly Route[] = [
  { method: "GET", template: "/api/v2/version", open: true, handle: version },
  { method: "GET", template: "/api/v2/monitor/health", open: true, handle: health },
  {
    method: "GET",
    template: dags,
    understands: ["limit", "offset", "order_by", "exclude_stale", "dag_id_pattern", "paused", "tags"],
    handle: listDags,
  },
  {
    method: "GET",
    template: `${dags}/{dag_id}`,
    handle: (context) => dagDocument(dagOf(context), context.world.version),
  },
  {
    method: "GET",
    template: `${dags}/{dag_id}/details`,
    handle: (context) => dagDetailsDocument(dagOf(context), context.world.version, context.world.defaultTimezone),
  },
  {
    method: "GET",
    template: `${dags}/{dag_id}/dagVersions`,
    understands: ["limit", "offset", "order_by"],
    handle: listVersions,
  },
  { method: "GET", template: `${dags}/{dag_id}/tasks`, understands: ["order_by"], handle: listDefinitions },
  { method: "GET", template: `${runs}/{dag_run_id}/upstreamAssetEvents`, handle: listUpstream },
  { method: "GET", template: "/api/v2/dagStats", understands: ["dag_ids"], handle: dagStats },
  { method: "GET", template: runs, understands: understood.runQuery, handle: listRuns },
  {
    method: "POST",
    template: `${runs}/list`,
    understands: understood.runBody,
    body: "DAGRunsBatchBody",
    handle: postRuns,
  },
  {
    method: "GET",
    template: `${runs}/{dag_run_id}`,
    handle: (context) => runDocument(runOf(context, "The DagRun"), context.world.version),
  },
  { method: "GET", template: tasks, understands: understood.taskQuery, handle: listTasks },
  {
    method: "POST",
    template: `${tasks}/list`,
    understands: understood.taskBody,
    body: "TaskInstancesBatchBody",
    handle: postTasks,
  },
  { method: "GET", template: `${tasks}/{task_id}/tries`, understands: ["map_index", ...regionQuery], handle: tries },
  { method: "GET", template: `${tasks}/{task_id}/{map_index}/tries`, understands: regionQuery, handle: tries },
  {
    method: "GET",
    template: "/api/v2/eventLogs",
    understands: [
      "limit",
      "offset",
      "order_by",
      "after",
      "before",
      "dag_id",
      "run_id",
      "event",
      "included_events",
      "excluded_events",
    ],
    handle: listEvents,
  },
  ...furtherRoutes,
];

function version({ cursor, world }: Context) {
  return { version: world.version === "3.4" ? "3.4.0b2" : cursor ? "3.3.2" : "3.1.8", git_version: null };
}

function health({ world }: Context) {
  const heartbeat = new Date(world.clock.now()).toISOString();
  const about = (status: "healthy" | null) => ({ status, ...(world.version !== "3.3" && { detailed_status: status }) });
  return {
    metadatabase: { status: "healthy" },
    scheduler: { ...about("healthy"), latest_scheduler_heartbeat: heartbeat },
    triggerer: { ...about(null), latest_triggerer_heartbeat: null },
    dag_processor: { ...about(null), latest_dag_processor_heartbeat: null },
  };
}

/** @throws Problem 404 */
function dagOf({ world, path }: Context): SimulatedDag {
  const dag = world.dags.get(path.dag_id!);
  if (!dag) throw dagNotFound(path.dag_id!);
  return dag;
}

function runOf(context: Context, subject: string): SimulatedRun {
  const { dag_id, dag_run_id } = context.path;
  const run = context.world.dags.get(dag_id!)?.runs.get(dag_run_id!);
  if (!run) throw detail(404, `${subject} with dag_id: \`${dag_id}\` and run_id: \`${dag_run_id}\` was not found`);
  return run;
}

function listDags(context: Context) {
  const { query } = context.request;
  const withStale = query.get("exclude_stale") === "false";
  const pattern = readPattern(query.get("dag_id_pattern"));
  const { names, ...paging } = small(context, "dag_id");
  const id = (dag: SimulatedDag) => dag.dagId;
  const order = readOrder(names, { id, dag_id: id, next_dagrun: (dag) => dag.nextRun?.logicalDate ?? null });
  const paused = query.get("paused");
  const tags = query.getAll("tags");
  const filter = (dag: SimulatedDag) =>
    (withStale || !dag.isStale) &&
    (pattern?.(dag.dagId) ?? true) &&
    (paused === null || dag.isPaused === (paused === "true")) &&
    (tags.length === 0 || tags.some((tag) => dag.tags.includes(tag)));
  const page = listPage([...context.world.dags.values()], { filter, order, byId: () => null, ...paging });
  return { dags: page.rows.map((dag) => dagDocument(dag, context.world.version)), total_entries: page.total };
}

function listVersions(context: Context) {
  const dagsAsked = context.path.dag_id === "~" ? [...context.world.dags.values()] : [dagOf(context)];
  const versions = dagsAsked.flatMap((dag) => dag.versions.map((one) => ({ dag, version: one })));
  const { names, ...paging } = small(context, "id");
  const order = readOrder(names, {
    id: (row: (typeof versions)[number]) => row.version.id,
    dag_id: (row) => row.dag.dagId,
    version_number: (row) => row.version.number,
  });
  const page = listPage(versions, { filter: () => true, order, byId: () => null, ...paging });
  return {
    dag_versions: page.rows.map((row) => versionDocument(row.dag, row.version)),
    total_entries: page.total,
  };
}

/** The tasks of a DAG: each follows the one before it. */
function listDefinitions(context: Context) {
  const { tasks } = dagOf(context);
  const documents = tasks.map((task, index) => definitionDocument(task, tasks[index + 1]));
  return { tasks: documents, total_entries: documents.length };
}

function listUpstream(context: Context) {
  const { dag, runId } = runOf(context, "The DagRun");
  const events = context.world.further.asset_events.filter(({ created_dagruns }) =>
    (created_dagruns as { dag_id: string; run_id: string }[]).some(
      (run) => run.dag_id === dag.dagId && run.run_id === runId,
    ),
  );
  return { asset_events: events, total_entries: events.length };
}

function dagStats({ world, request }: Context) {
  const asked = new Set(request.query.getAll("dag_ids"));
  const stats = [...world.dags.values()]
    .filter((dag) => dag.runs.size > 0 && (asked.size === 0 || asked.has(dag.dagId)))
    .sort((a, b) => (a.dagId < b.dagId ? -1 : 1))
    .map((dag) => {
      const counts = { queued: 0, running: 0, success: 0, failed: 0 };
      for (const run of dag.runs.values()) counts[run.state] += 1;
      return {
        dag_id: dag.dagId,
        dag_display_name: dag.displayName,
        stats: Object.entries(counts).map(([state, count]) => ({ state, count })),
      };
    });
  return { dags: stats, total_entries: stats.length };
}

function pageDocument<T>(
  name: string,
  page: Page<T>,
  print: (row: T, version: AirflowWorldVersion) => object,
  context: Context,
) {
  const document = { [name]: page.rows.map((row) => print(row, context.world.version)), total_entries: page.total };
  if (!context.cursor) return document;
  const counted = page.cursors
    ? { total_entries: Math.min(page.total, 50_000), total_entries_limit: 50_000 }
    : { total_entries_limit: null };
  const cursors = { next_cursor: page.cursors?.next ?? null, previous_cursor: page.cursors?.previous ?? null };
  return { ...document, ...counted, ...cursors };
}

/** An older server ignores the cursor. */
const withoutCursor = <T>(query: Query<T>, context: Context): Query<T> =>
  context.cursor ? query : { ...query, cursor: undefined };

function listRuns(context: Context) {
  const { world, request, maximum, path } = context;
  const rows = path.dag_id === "~" ? world.runs() : [...dagOf(context).runs.values()];
  const query = withoutCursor(runQuery(request.query, maximum.get, world.now()), context);
  return pageDocument("dag_runs", listPage(rows, query), runDocument, context);
}

function postRuns(context: Context) {
  const { world, maximum } = context;
  const body = bodyOf(context);
  const query = runBody(body, maximum.post, world.now());
  const rows = named(world, body).flatMap((dag) => [...dag.runs.values()]);
  const ordered = body.dag_ids ? rows.sort((a, b) => a.id - b.id) : world.runs();
  return pageDocument("dag_runs", listPage(ordered, query), runDocument, context);
}

function listTasks(context: Context) {
  const { world, request, maximum, path } = context;
  const query = withoutCursor(taskQuery(request.query, maximum.get, world.now()), context);
  const page = listPage(tasksOf(), query);
  return pageDocument("task_instances", page, taskDocument, context);

  function tasksOf(): readonly SimulatedTask[] {
    if (path.dag_run_id !== "~") {
      if (path.dag_id === "~") throw detail(400, "dag_id is required when dag_run_id is specified");
      return byId(runOf(context, "DagRun").tasks.slice());
    }
    if (path.dag_id === "~") return world.tasks();
    return byId([...dagOf(context).runs.values()].flatMap((run) => run.tasks));
  }
}

function postTasks(context: Context) {
  const { world, maximum } = context;
  const body = bodyOf(context);
  const query = taskBody(body, maximum.post, world.now());
  const tasksNamed = () => named(world, body).flatMap((dag) => [...dag.runs.values()].flatMap((run) => run.tasks));
  const rows = body.dag_ids ? byId(tasksNamed()) : world.tasks();
  return pageDocument("task_instances", listPage(rows, query), taskDocument, context);
}

function byId(rows: SimulatedTask[]): SimulatedTask[] {
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The DAGs that a body names, so that a few DAGs of many cost little. */
function named(world: AirflowView, body: Body): SimulatedDag[] {
  const ids = new Set(Array.isArray(body.dag_ids) ? (body.dag_ids as string[]) : []);
  return [...ids].flatMap((dagId) => world.dags.get(dagId) ?? []);
}

function bodyOf({ request, path }: Context): Body {
  for (const [name, value] of Object.entries(path)) {
    if (value !== "~")
      throw invalid(["path", name], "literal_error", "Input should be '~'", value, { expected: "'~'" });
  }
  return request.json as Body;
}
