import type { Destination, StoredPipeline } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { expect, test } from "vitest";
import { pipelinesOf } from "../src/config/pipelines.ts";
import { parseConfig } from "../src/config/read.ts";
import { unite } from "../src/sync/views.ts";

const text = `
sources:
  a: { kind: airflow, url: "http://a" }
  b: { kind: airflow, url: "http://b" }
  c: { kind: airflow, url: "http://c", token: "\${NOT_SET}" }
destinations: { file: "duckdb::memory:" }
pipelines:
  - { name: a, from: a, to: file, prefix: a_, exclude: [conf] }
  - { name: b, from: b, to: file, schema: other }
  - { name: c, from: c, to: file, prefix: c_ }
`;

type United = Parameters<NonNullable<Destination["uniteTables"]>>[0];

/** The views that are made, with the columns and places of their parts. */
async function viewsOf(contents: Destination["contents"]) {
  const views: Record<string, unknown> = {};
  const base = duckdb(":memory:");
  const destination: Destination = {
    ...base,
    async uniteTables({ view, parts }: United) {
      views[view] = parts.map(({ pipeline, table, schema }) => [pipeline, table.name, schema, "conf" in table.columns]);
    },
  };
  const pipelines = pipelinesOf(parseConfig(text, "dagsync.yaml"), {}).map((each) => ({
    ...each,
    async open() {
      const pipeline = await each.open();
      const { contents: _, ...rest } = pipeline.destination;
      return { ...pipeline, destination: { ...rest, ...(contents && { contents }) } };
    },
  }));
  await unite(destination, pipelines);
  return views;
}

test("creates one view per table, of what is stored, with the real tables; pipelines with unset variables are left out", async () => {
  expect(await viewsOf(undefined)).toEqual({
    all_airflow_dags: [
      ["a", "a_airflow_dags", undefined, false],
      ["b", "airflow_dags", "other", false],
    ],
    all_airflow_dag_runs: [
      // The one with more columns: the view has those of its first part.
      ["b", "airflow_dag_runs", "other", true],
      ["a", "a_airflow_dag_runs", undefined, false],
    ],
    all_airflow_task_instances: [
      ["a", "a_airflow_task_instances", undefined, false],
      ["b", "airflow_task_instances", "other", false],
    ],
  });
});

test("a view leaves out a table that does not exist yet", async () => {
  const stored = (pipeline: string, ...names: string[]): StoredPipeline => ({
    pipeline,
    tables: names.map((name) => ({ name, columns: [], rows: 0, deleted: 0 })),
    streams: [],
  });
  const contents = async () => [stored("a", "a_airflow_dags"), stored("b", "airflow_dags", "airflow_dag_runs")];
  expect(await viewsOf(contents)).toEqual({
    all_airflow_dags: [
      ["a", "a_airflow_dags", undefined, false],
      ["b", "airflow_dags", "other", false],
    ],
    all_airflow_dag_runs: [["b", "airflow_dag_runs", "other", true]],
  });
});
