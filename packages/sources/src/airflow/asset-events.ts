import type { AssetEvent } from "@org/airflow-client";
import {
  type AppendedState,
  batchOf,
  defineStream,
  isTooLarge,
  type Position,
  parsePosition,
  shapes,
} from "@org/sync-engine/source";
import { justBefore } from "../timestamp.ts";
import { type AppendedList, appendedStream, readAppendedList } from "./appended.ts";
import { isAddressable, type RunId, runKey } from "./keys.ts";
import { airflowList } from "./lists.ts";
import { caught500, isNotFound } from "./server-errors.ts";
import type { AirflowSync } from "./shared.ts";
import { assetEventRow, assetEventRunRows, assetEventRunsTable, assetEventsTable } from "./tables/asset-events.ts";

const { id, integer, list, object, text } = shapes;

const fields = {
  ...{ id: integer, asset_id: integer, source_map_index: integer, timestamp: text },
  created_dagruns: list(object({ dag_id: id, run_id: id })),
};

const listed = {
  what: "asset events",
  rows: "asset_events",
  key: "id",
  fields,
  timeOf: ({ timestamp }) => timestamp,
  page(client, { before, ...paging }, limits) {
    const bound = before === undefined ? {} : { timestamp_lte: justBefore(before) };
    const query = { ...paging, ...bound, order_by: ["-timestamp"] as const };
    return client.GET("/api/v2/assets/events", { params: { query }, ...limits });
  },
} satisfies Partial<AppendedList<typeof assetEventsTable, AssetEvent>>;

/** The updates of assets. */
export const assetEvents = appendedStream<typeof assetEventsTable, AssetEvent>({
  ...listed,
  name: "asset_events",
  table: assetEventsTable,
  revision: 1,
  datedBy: "timestamp",
  rowsOf: (event) => [assetEventRow(event)],
});

const runsOfEvents: AppendedList<typeof assetEventRunsTable, AssetEvent> = {
  ...listed,
  name: "asset_event_runs",
  table: assetEventRunsTable,
  revision: 1,
  rowsOf: assetEventRunRows,
};

type RunsState = AppendedState & {
  /** Up to when the runs that changed have been looked at. */
  readonly runsPosition: Position;
  /** Runs whose events could not be read: before Airflow 3.4, an event cannot be while a run of it is queued. */
  readonly pending?: readonly RunId[];
};

/**
 * The runs that asset events led to. A run may be created long after the event, so the events of each run that changed
 * are requested too.
 */
export const assetEventRuns = defineStream<AirflowSync, typeof assetEventRunsTable, RunsState>({
  ...{ name: runsOfEvents.name, table: assetEventRunsTable, revision: 1, isOptIn: true },
  keeps: [{ why: "forgotten", datedBy: "asset_event_id" }],
  async *read({ shared: airflow, state, sampleSince, stored }) {
    const { position } = await airflow.listedDags();
    const last = parsePosition(state?.runsPosition, position);
    let { pending = [] } = state ?? {};
    const more = () => ({ runsPosition: { ...(last ?? position) }, ...(pending.length > 0 && { pending }) });
    let appended: AppendedState = { position: { ...position }, left: [] };
    for await (const batch of readAppendedList(airflow, runsOfEvents, last && state, sampleSince)) {
      appended = batch.state;
      yield { ...batch, state: { ...appended, ...more() } };
    }
    if (!last) return;
    const changed = (await airflow.changedRuns(await airflow.windowFrom(last)))
      .filter(({ run_type, dag_id, dag_run_id }) => run_type === "asset_triggered" && isAddressable(dag_id, dag_run_id))
      .map(({ dag_id, dag_run_id }) => ({ dag_id, dag_run_id }));
    const due = new Map([...pending, ...changed].map((run) => [runKey(run), run]));
    if (due.size > 0) {
      const scope = { dag_id: { in: [...new Set([...due.values()].map(({ dag_id }) => dag_id))] } };
      for (const row of await stored.keys(assetEventRunsTable, scope)) due.delete(runKey(row));
    }
    const rows = [];
    const unread: RunId[] = [];
    for (const run of due.values()) {
      const events = await eventsOf(airflow, run);
      if (isTooLarge(events))
        airflow.onUnreadable({ where: `the asset events of ${run.dag_id} ${run.dag_run_id}`, isTooLarge: true });
      if (events instanceof Error) unread.push(run);
      else for (const { id: asset_event_id } of events) rows.push({ asset_event_id, ...run });
    }
    pending = unread;
    yield batchOf(assetEventRunsTable, {
      upserts: rows,
      state: { ...appended, ...more(), runsPosition: { ...position } },
    });
  },
});

/** The events that a run was created for. None if it is gone; an error if the server cannot serialize them. */
async function eventsOf({ api }: AirflowSync, { dag_id, dag_run_id }: RunId): Promise<readonly AssetEvent[] | Error> {
  const events = airflowList<AssetEvent, "asset_events">({
    what: `asset events of ${dag_id} ${dag_run_id}`,
    name: "asset_events",
    key: ["id"],
    fields,
    page: (client, _, limits) =>
      client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents", {
        params: { path: { dag_id, dag_run_id } },
        ...limits,
      }),
  });
  try {
    return (await api.listPage(events, 0, { serverErrorRetries: 1 })).rows;
  } catch (error) {
    return isNotFound(error) ? [] : caught500(error);
  }
}
