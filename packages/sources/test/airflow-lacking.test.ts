import { readdirSync, readFileSync } from "node:fs";
import { createAirflowClient } from "@org/airflow-client";
import {
  airflow,
  dagRunsTable,
  dagsTable,
  importErrorsTable,
  poolsTable,
  taskInstancesTable,
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
  expect(notes.map((note) => /(airflow_\w+\.\w+) stays NULL/.exec(note)?.[1]).sort()).toEqual(lacking.sort());
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
