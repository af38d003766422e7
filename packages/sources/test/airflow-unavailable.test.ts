/** What a user may not read, or what the server does not have, by each of the requests that opt-in streams send. */
import { type FurtherRow, pool } from "@org/simulators/internal";
import { check, type SyncError } from "@org/sync-engine";
import { expect, test } from "vitest";
import { hour, iso, setUpFurther } from "./further-world.ts";

const assetEvent = (id: number, at: number, runs: readonly string[] = []): FurtherRow => ({
  ...{ id, asset_id: 1, name: "orders", uri: "s3://orders", group: "asset", extra: {}, timestamp: iso(at) },
  ...{ source_dag_id: null, source_run_id: null, source_task_id: null, source_map_index: -1, partition_key: null },
  source_task_instance_id: null,
  created_dagruns: runs.map((run_id) => ({ dag_id: "a", run_id, state: "success" })),
});

const asset = (id: number): FurtherRow => ({
  ...{ id, name: `asset ${id}`, uri: `s3://${id}`, group: "asset", extra: {}, watchers: [], aliases: [] },
  ...{ created_at: iso(0), updated_at: iso(0), last_asset_event: null, consuming_tasks: [] },
  producing_tasks: [{ dag_id: "a", task_id: "one", created_at: iso(0), updated_at: iso(0), team_name: null }],
  scheduled_dags: [{ dag_id: "b", created_at: iso(0), updated_at: iso(0), team_name: null }],
});

const importError = (id: number): FurtherRow => ({
  ...{ import_error_id: id, timestamp: iso(0), filename: `${id}.py`, bundle_name: null, stack_trace: "Traceback" },
});

const job = (id: number): FurtherRow => ({
  ...{
    id,
    dag_id: null,
    job_type: "SchedulerJob",
    state: "running",
    hostname: "h",
    unixname: "u",
    executor_class: null,
  },
  ...{ start_date: iso(0), end_date: null, latest_heartbeat: iso(0) },
});

const backfill = (id: number): FurtherRow => ({
  ...{ id, dag_id: "a", from_date: iso(0), to_date: iso(0), dag_run_conf: {}, is_paused: false, max_active_runs: 1 },
  ...{ reprocess_behavior: "none", created_at: iso(0), completed_at: null, updated_at: iso(0) },
});

const hitlDetail = (n: number, at: number, answered = false): FurtherRow => ({
  task_instance: { id: `id ${n}`, dag_id: "a", dag_run_id: "r", task_id: `t${n}`, map_index: -1, try_number: 1 },
  ...{ options: ["yes"], subject: `Ask ${n}`, created_at: iso(at), response_received: answered, multiple: false },
  ...{ responded_at: answered ? iso(at) : null, responded_by_user: null, assigned_users: [], chosen_options: null },
  ...{ params: {}, params_input: {}, body: null, defaults: null },
});

const named = (name: string): FurtherRow => ({
  key: name,
  connection_id: name,
  conn_type: "http",
  is_encrypted: false,
});

/** An Airflow after a first sync of all opt-in streams, and after changes that make the next one send every request. */
async function changed() {
  const its = await setUpFurther({ simulator: { validate: false } });
  const { world, dag, source, syncNow, now } = its;
  const streams = source.streams.filter(({ isOptIn }) => isOptIn);
  const options = { streams: streams.map(({ name }) => name), allowMassDelete: true };
  const { further } = world;
  const removed = world.addDag({ dagId: "removed" });
  world.addRun(dag, { runId: "r", runType: "backfill" });
  world.addRun(removed, { runType: "backfill" });
  for (const list of [further.connections, further.variables]) list.push(named("gone"), named("kept"));
  further.pools.push(pool("gone", 1), pool("kept", 1));
  further.import_errors.push(importError(1), importError(2));
  further.jobs.push(job(1), job(2));
  further.backfills.push(backfill(1));
  further.assets.push(asset(1));
  further.asset_events.push(assetEvent(1, now, ["r"]));
  for (const n of [1, 2, 3]) further.hitl_details.push(hitlDetail(n, now - hour + n));
  await syncNow(options);
  world.advance(24 * hour);
  world.addRun(dag, { runId: "late", runType: "asset_triggered" });
  world.addVersion(dag);
  world.deleteDag(removed);
  for (const list of [further.connections, further.variables, further.import_errors, further.jobs]) list.shift();
  further.pools.splice(
    further.pools.findIndex(({ name }) => name === "gone"),
    1,
  );
  further.hitl_details.splice(0, 1, hitlDetail(1, now - hour + 1, true));
  const tables = async () => {
    const all: string[] = [];
    for (const { table } of streams) {
      const stays = table.primaryKey.filter((name) => name !== "sampled_at");
      const keys = (await its.rows(table)).map(
        (row) => `${table.name} ${JSON.stringify(stays.map((name) => row[name]))}`,
      );
      all.push(...new Set(keys));
    }
    return all.sort();
  };
  return { ...its, tables, options };
}

type Request = { readonly path: string; readonly query: URLSearchParams };

/** Identifies a kind of request: its address, and which part of a list it asks for. */
const kindOf = ({ path, query }: Request) =>
  [path, ...[...query.keys()].filter((name) => !["limit", "offset", "order_by"].includes(name))].join(" ");

const kinds = [
  ...["assets", "assets/events", "backfills dag_id", "connections", "connections/gone", "dagStats"],
  ...["dags/a/dagRuns/late/upstreamAssetEvents", "dags/a/tasks", "dags/b/tasks", "dags/removed", "dags/~/dagVersions"],
  ...["dags/~/dagRuns run_type run_type updated_at_gte", "dags/~/dagRuns/~/hitlDetails created_at_gte", "eventLogs"],
  "dags/~/dagRuns/~/hitlDetails created_at_gte created_at_lte",
  "dags/~/dagRuns/~/hitlDetails response_received",
  ...["importErrors", "importErrors/1", "jobs end_date_gte", "monitor/health", "pools", "pools/gone"],
  ...["variables", "variables/gone"],
].map((kind) => `/api/v2/${kind}`);

const faults = [
  { status: 403, body: { detail: "Forbidden" } },
  { status: 404, body: { error: "API route not found" } },
  { status: 500, body: "Internal Server Error" },
];

/** Requests about a row or a DAG that is no longer listed, or about one of many. The server's failure stops nothing. */
const isAboutOne = (kind: string) => /(gone|1|removed|upstreamAssetEvents)$/.test(kind);

test("I8: whatever is forbidden, unknown or failing costs no row, and is made up for once it is not", async () => {
  const whole = await changed();
  whole.world.advance(3 * hour);
  whole.simulator.requests.splice(0);
  await whole.syncNow(whole.options);
  const sent = whole.simulator.requests.map(({ path, query }) => kindOf({ path, query: new URLSearchParams(query) }));
  expect([...new Set(sent)].sort()).toEqual([...kinds, "/api/v2/dags exclude_stale", "/auth/token"].sort());
  const end = await whole.tables();

  for (const [index, kind] of kinds.entries()) {
    const { simulator, world, syncNow, tables, options } = await changed();
    const before = await tables();
    // By day, every other request is unknown, or fails, as well.
    const chosen = process.env.NIGHTLY ? faults : [faults[0]!, faults[1 + (index % 2)]!];
    for (const fault of chosen) {
      const what = `${kind} ${fault.status}`;
      simulator.faults.push({ match: (request) => kindOf(request) === kind, times: 1000, ...fault });
      const requests = { retries: 0, retryWaitMs: 1 };
      const { notices, error } = await syncNow({ ...options, requests }).then(
        ({ events }) => ({ notices: events.filter(({ type }) => type === "notice").length, error: undefined }),
        (error: SyncError) => ({ notices: 0, error }),
      );
      if (fault.status !== 500) expect([what, error, notices > 0]).toEqual([what, undefined, true]);
      else expect([what, error?.code]).toEqual([what, isAboutOne(kind) ? undefined : "STREAMS_FAILED"]);
      // Everything else is synced: it is only what the server does not have any more.
      const after = new Set(await tables());
      const lost = before.filter((row) => !after.has(row));
      expect(
        lost.filter((row) => end.includes(row)),
        what,
      ).toEqual([]);
      simulator.faults.clear();
      world.advance(hour);
    }
    await syncNow(options);
    expect(await tables(), kind).toEqual(end);
  }
});

test("check says which streams a sync would skip, and asks for no other", async () => {
  const { simulator, source } = await setUpFurther();
  simulator.faults.push(
    { match: ({ path }) => path.endsWith("/pools"), ...faults[0]! },
    { match: ({ path }) => path.endsWith("/jobs"), ...faults[1]! },
    { match: ({ path }) => path.endsWith("/connections"), ...faults[2]! },
  );
  const { notes } = await check({ source, streams: ["default", "pools", "pool_samples", "jobs", "connections"] });
  expect(notes).toEqual([
    expect.stringMatching(/^A sync skips pools and pool_samples: .* 403: .*\.$/),
    expect.stringMatching(/^A sync skips jobs: .* 404: .*\.$/),
  ]);
  const asked = simulator.requests.map(({ path }) => path).filter((path) => !/version|token|dags$/.test(path));
  expect(asked.sort()).toEqual(["/api/v2/connections", "/api/v2/jobs", "/api/v2/pools"]);
});
