import { readdirSync, readFileSync } from "node:fs";
import { createAirflowClient } from "@org/airflow-client";
import {
  airflow,
  assetEventsTable,
  assetsTable,
  backfillsTable,
  connectionsTable,
  dagRunsTable,
  dagsTable,
  dagVersionsTable,
  eventLogsTable,
  healthTable,
  importErrorsTable,
  jobsTable,
  poolsTable,
  taskInstancesTable,
  tasksTable,
  variablesTable,
} from "@org/sources/airflow";
import { expect, test } from "vitest";

interface Specification {
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties: object }>> };
}

const folder = new URL("../../../specs/airflow/", import.meta.url);
const specifications = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [
      name.replace(".json", ""),
      JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Specification,
    ]),
);
const newest = specifications.get("3.4.0b2")!;

function propertiesOf({ components }: Specification, schema: string): string[] {
  return Object.keys(components.schemas[schema]!.properties);
}

test.each([...specifications])("check lists exactly the columns that Airflow %s leaves empty", async (version, old) => {
  const lacking = [
    { table: dagsTable, schema: "DAGResponse" },
    { table: dagRunsTable, schema: "DAGRunResponse" },
    { table: taskInstancesTable, schema: "TaskInstanceResponse" },
    { table: poolsTable, schema: "PoolResponse" },
    { table: importErrorsTable, schema: "ImportErrorResponse" },
    { table: eventLogsTable, schema: "EventLogResponse" },
    { table: dagVersionsTable, schema: "DagVersionResponse" },
    { table: tasksTable, schema: "TaskResponse" },
    { table: assetsTable, schema: "AssetResponse" },
    { table: assetEventsTable, schema: "AssetEventResponse" },
    { table: jobsTable, schema: "JobResponse" },
    { table: healthTable, schema: "SchedulerInfoResponse" },
    { table: backfillsTable, schema: "BackfillResponse" },
    { table: connectionsTable, schema: "ConnectionResponse" },
    { table: variablesTable, schema: "VariableResponse" },
  ].flatMap(({ table, schema }) =>
    Object.entries(table.columns)
      .filter(
        ([column]) => propertiesOf(newest, schema).includes(column) && !propertiesOf(old, schema).includes(column),
      )
      // Missing parts of the key are constants.
      .filter(([, { nullable }]) => nullable)
      .map(([column]) => `${table.name}.${column}`),
  );
  const { notes, version: found } = await checkOf(version);
  expect(found).toBe(version);
  const columns = notes.flatMap((note) => /(airflow_\w+\.\w+) stays NULL/.exec(note)?.[1] ?? []);
  expect(columns.sort()).toEqual(lacking.sort());
});

test("check says which rows older versions do not have", async () => {
  const rowsOf = async (version: string) => (await checkOf(version)).notes.filter((note) => note.startsWith("With "));
  expect(await rowsOf("3.0.6")).toEqual([
    "With Airflow 3.0.6, airflow_hitl stays empty: tasks cannot ask people.",
    "With Airflow 3.0.6, airflow_asset_edges has no edges of tasks that consume an asset.",
    "With Airflow 3.0.6, airflow_jobs only has jobs that run: those that ended are not listed.",
  ]);
  expect(await rowsOf("3.1.8")).toHaveLength(1);
  expect(await rowsOf("3.2.2")).toEqual([]);
});

test("check leaves out what concerns streams that are not synced", async () => {
  const { notes } = await checkOf("3.1.8", new Set(["pools"]));
  expect(notes).toEqual(["Airflow 3.1.8 does not have team_name of a pool: airflow_pools.team_name stays NULL."]);
});

/** The result of `check` for a server that reports this version. */
function checkOf(version: string, streams?: ReadonlySet<string>) {
  const answer = (url: string) => (url.includes("version") ? { version } : { dags: [], total_entries: 0 });
  const client = createAirflowClient({
    url: "http://airflow.test",
    auth: { token: "token" },
    fetch: async (url) => Response.json(answer(String(url))),
  });
  const context = { signal: new AbortController().signal, now: Date.now, emit() {} };
  return airflow({ client }).check({
    ...context,
    streams,
    request: (_, call) => call(context.signal),
  });
}
