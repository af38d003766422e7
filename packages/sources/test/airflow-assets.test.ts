import type { FurtherRow } from "@org/simulators/internal";
import { assetEdgesTable, assetEventRunsTable, assetEventsTable, assetsTable } from "@org/sources/airflow";
import type { SyncError } from "@org/sync-engine";
import { expect, test } from "vitest";
import { hour, iso, setUpFurther } from "./further-world.ts";

const assetEvent = (id: number, at: number, runs: readonly string[] = []): FurtherRow => ({
  ...{ id, asset_id: 1, name: "orders", uri: "s3://orders", group: "asset", extra: {}, timestamp: iso(at) },
  ...{ source_dag_id: null, source_run_id: null, source_task_id: null, source_map_index: -1, partition_key: null },
  source_task_instance_id: null,
  created_dagruns: runs.map((run_id) => ({
    ...{ dag_id: "a", run_id, state: "success", logical_date: null, start_date: iso(at), end_date: iso(at) },
    ...{ data_interval_start: null, data_interval_end: null, partition_key: null, triggering: true },
  })),
});

const asset = (id: number): FurtherRow => ({
  ...{ id, name: `asset ${id}`, uri: `s3://${id}`, group: "asset", extra: {}, last_asset_event: null, watchers: [] },
  ...{
    created_at: iso(0),
    updated_at: iso(0),
    aliases: [
      { id: 1, name: "z", group: "" },
      { id: 2, name: "a", group: "" },
    ],
  },
  producing_tasks: [{ dag_id: "a", task_id: "one", created_at: iso(0), updated_at: iso(0), team_name: null }],
  consuming_tasks: [],
  scheduled_dags: [{ dag_id: "b", created_at: iso(0), updated_at: iso(0), team_name: null }],
});

test("assets are stored with their producers and consumers, and only read again when something can have changed", async () => {
  const { world, syncNow, rows, labels, now } = await setUpFurther();
  world.further.assets.push(asset(1), asset(2));
  const streams = ["asset_events", "assets", "asset_edges"];
  await syncNow({ streams });
  expect((await rows(assetsTable)).map(({ asset_id, aliases }) => [asset_id, aliases])).toEqual([
    [1, ["a", "z"]],
    [2, ["a", "z"]],
  ]);
  expect((await rows(assetEdgesTable)).map((row) => [row.asset_id, row.relation, row.dag_id, row.task_id])).toEqual([
    [1, "produced_by", "a", "one"],
    [1, "schedules", "b", ""],
    [2, "produced_by", "a", "one"],
    [2, "schedules", "b", ""],
  ]);
  world.advance(hour);
  expect(labels((await syncNow({ streams })).events)).toEqual(["dags", "asset events"]);
  world.further.assets.pop();
  world.further.asset_events.push(assetEvent(1, now + hour));
  await syncNow({ streams });
  expect(await rows(assetsTable)).toHaveLength(1);
  expect(await rows(assetEdgesTable)).toHaveLength(2);
});

test("asset events are stored with the runs that they led to, however late those were created", async () => {
  const { world, dag, syncNow, rows, now } = await setUpFurther();
  const streams = ["default", "asset_events", "asset_event_runs"];
  for (let id = 1; id <= 130; id += 1) world.further.asset_events.push(assetEvent(id, now - (200 - id) * hour, ["r"]));
  world.further.asset_events[0] = assetEvent(1, now - 199 * hour);
  world.addRun(dag, { runId: "r", runType: "asset_triggered" });
  await syncNow({ streams });
  expect(await rows(assetEventsTable)).toHaveLength(130);
  expect(await rows(assetEventRunsTable)).toHaveLength(129);
  world.advance(hour);
  world.addRun(dag, { runId: "late", runType: "asset_triggered" });
  world.further.asset_events[0] = assetEvent(1, now - 199 * hour, ["late"]);
  await syncNow({ streams });
  expect((await rows(assetEventRunsTable)).filter(({ dag_run_id }) => dag_run_id === "late")).toEqual([
    expect.objectContaining({ asset_event_id: 1, dag_id: "a" }),
  ]);
});

test("I14: an asset event that the server cannot serialize blocks no other, and is read once it can", async () => {
  const { world, syncNow, rows, simulator, now } = await setUpFurther();
  for (let id = 1; id <= 30; id += 1) world.further.asset_events.push(assetEvent(id, now - (100 - id) * hour));
  const hit = {
    match: ({ query, path }: { query: URLSearchParams; path: string }) => {
      if (!path.endsWith("/assets/events")) return false;
      const [limit, offset] = [Number(query.get("limit")), Number(query.get("offset"))];
      return offset <= 7 && 7 < offset + limit;
    },
    status: 500,
    body: "Internal Server Error",
    times: 1000,
  };
  simulator.faults.push(hit);
  const error = (await syncNow({ streams: ["asset_events"] }).catch((reason) => reason)) as SyncError;
  expect(error.message).toMatch(/asset events between .* and /);
  expect(await rows(assetEventsTable)).toHaveLength(29);
  simulator.faults.clear();
  await syncNow({ streams: ["asset_events"] });
  expect(await rows(assetEventsTable)).toHaveLength(30);
});
