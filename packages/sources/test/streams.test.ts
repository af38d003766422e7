/** The streams' declarations about their tables, on which code without knowledge of the source relies. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { airflow, airflowTables } from "@org/sources/airflow";
import { dagster, dagsterTables } from "@org/sources/dagster";
import type { Keeps, Source, Stream } from "@org/sync-engine/source";
import { expect, test } from "vitest";

const sources: readonly Source[] = [
  airflow({ client: createAirflowClient({ url: "http://airflow.invalid" }) }) as Source,
  dagster({ client: createDagsterClient({ url: "http://dagster.invalid" }) }) as Source,
];
const streams = sources.flatMap((source) => source.streams);

test("a source's list of tables contains the tables of all its streams", () => {
  const tables = [...airflowTables, ...dagsterTables];
  expect(tables).toEqual(streams.map(({ table }) => table));
  expect(new Set(tables.map(({ name }) => name)).size).toBe(tables.length);
});

function columnsOf(rule: Keeps): readonly string[] {
  switch (rule.why) {
    case "purged":
      return [rule.markedBy];
    case "forgotten":
      return [rule.datedBy, ...(rule.per ?? [])];
    case "superseded":
      return ["of" in rule ? rule.of : rule.latest, rule.version].flat();
    case "unloaded":
      return [rule.part];
  }
}

test.each(streams)(
  "comparing $name relies on columns that cannot be excluded",
  ({ table, needs = [], keeps = [] }: Stream) => {
    for (const column of keeps.flatMap(columnsOf)) expect([...needs, ...table.primaryKey]).toContain(column);
  },
);

test("streams with a history declare the timestamp that samples are chosen by", () => {
  const sampled = streams.flatMap(({ name, table, sampleBy }) =>
    sampleBy === undefined ? [] : [[name, sampleBy, table.columns[sampleBy]?.type]],
  );
  expect(sampled).toEqual([
    ["dag_runs", "run_after", "timestamp"],
    ["task_instances", "run_after", "timestamp"],
    ["event_logs", "logged_at", "timestamp"],
    ["asset_events", "timestamp", "timestamp"],
    ["runs", "update_time", "timestamp"],
    ["ticks", "timestamp", "timestamp"],
  ]);
});
