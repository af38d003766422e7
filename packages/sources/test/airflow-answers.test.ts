/** Checks the expected shapes of Airflow's responses against the interfaces of all versions. */
import { readdirSync, readFileSync } from "node:fs";
import { createAirflowClient } from "@org/airflow-client";
import { createDemoAirflowWorld } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import type { SyncError, SyncResult } from "@org/sync-engine";
import type { Shape } from "@org/sync-engine/source";
import type { Told } from "@org/testkit/lying-front";
import { describe, expect, test } from "vitest";
import * as described from "../src/airflow/answers.ts";
import type { AirflowList } from "../src/airflow/lists.ts";
import { setUp } from "./airflow-sync.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const folder = new URL("../../../specs/airflow/", import.meta.url);
const versions = readdirSync(folder).filter((name) => name.endsWith(".json"));

const fields: Record<string, Readonly<Record<string, Shape>>> = {
  DAGResponse: described.dagFields,
  DAGRunResponse: described.dagRunFields,
  TaskInstanceResponse: described.taskInstanceFields,
  TaskInstanceHistoryResponse: described.attemptFields,
  EventLogResponse: described.eventLogFields,
  DagVersionResponse: described.dagVersionFields,
};

/** Values that a schema allows: one of each type, and minimal objects. */
function values(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown[] {
  const target = schema.$ref ? schemas[schema.$ref.split("/").at(-1) as string] : schema;
  if (!target) throw new Error(`There is no ${schema.$ref}.`);
  if (target.anyOf) return target.anyOf.flatMap((each) => values(each, schemas));
  switch (target.type) {
    case "string":
      return ["text"];
    case "integer":
      return [0, 7];
    case "number":
      return [0, 1.5];
    case "boolean":
      return [true, false];
    case "null":
      return [null];
    case "array":
      return [[], values(target.items ?? {}, schemas)];
    default: {
      const entries = (target.required ?? []).map((name) => [
        name,
        values(target.properties?.[name] ?? {}, schemas)[0],
      ]);
      return [Object.fromEntries(entries)];
    }
  }
}

/** The lists that streams declare. The server has no list of its components' health. */
const lists = airflow({ client: createAirflowClient({ url: "http://airflow.test" }) }).streams.flatMap((stream) =>
  "list" in stream && stream.name !== "health" ? [stream.list as AirflowList<object>] : [],
);

/** The path that a list requests. */
async function pathOf(list: AirflowList<object>): Promise<string> {
  let path = "";
  const fetch = async (url: string | URL | Request) => {
    path = new URL(url instanceof Request ? url.url : url).pathname;
    return Response.json({});
  };
  const client = createAirflowClient({ url: "http://airflow.test", auth: { token: "token" }, fetch });
  const { signal } = new AbortController();
  await list.page(client, { limit: 1, offset: 0 }, { signal, maxResponseBytes: undefined });
  return path;
}

interface Operation {
  readonly responses: {
    readonly 200: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
  };
}

describe.each(versions)("Airflow %s", (version) => {
  const { paths } = JSON.parse(readFileSync(new URL(version, folder), "utf8")) as {
    paths: Record<string, { get: Operation } | undefined>;
  };

  test.each(lists)("the list of $what has every expected field, in an accepted shape", async (list) => {
    const asked = (await pathOf(list)).split("/");
    // Parts that stand for all, such as all DAGs, are parameters in the specification.
    const isAsked = (path: string) => {
      const parts = path.split("/");
      return parts.length === asked.length && parts.every((part, at) => part === asked[at] || asked[at] === "~");
    };
    const path = Object.keys(paths).find(isAsked) ?? asked.join("/");
    const schema = paths[path]?.get.responses[200].content["application/json"].schema;
    if (!schema) return expect(version, path).not.toBe(versions.at(-1));
    const collection = schemas[schema.$ref!.split("/").at(-1)!]!;
    const row = schemas[collection.properties![list.name]!.items!.$ref!.split("/").at(-1)!]!;
    for (const [field, shape] of Object.entries(list.fields)) {
      const property = row.properties?.[field];
      if (version === versions.at(-1)) expect(property, field).toBeDefined();
      for (const value of property ? values(property, schemas) : []) {
        expect(shape(value), `${field}: ${JSON.stringify(value)}`).toBeUndefined();
      }
      if (!row.required?.includes(field)) expect(shape(undefined), field).toBeUndefined();
    }
  });

  const { schemas } = JSON.parse(readFileSync(new URL(version, folder), "utf8")).components as {
    schemas: Record<string, Schema>;
  };

  test.each(Object.entries(fields))("%s has every expected field, in an accepted shape", (name, shapes) => {
    const schema = schemas[name]!;
    for (const [field, shape] of Object.entries(shapes)) {
      const property = schema.properties?.[field];
      for (const value of property ? values(property, schemas) : []) {
        expect(shape(value), `${name}.${field}: ${JSON.stringify(value)}`).toBeUndefined();
      }
      // The newest version has them all.
      if (version === versions.at(-1)) expect(property, `${name}.${field}`).toBeDefined();
      if (!schema.required?.includes(field)) expect(shape(undefined), `${name}.${field}`).toBeUndefined();
    }
  });

  test("the envelopes are as expected", () => {
    const list = (rows: string, schema: string) => ({ [rows]: values(schemas[schema]!, schemas), total_entries: 1 });
    const { answers } = described;
    expect(answers.dags.shape(list("dags", "DAGResponse"))).toBeUndefined();
    expect(answers.dagRuns.shape(list("dag_runs", "DAGRunResponse"))).toBeUndefined();
    expect(answers.taskInstances.shape(list("task_instances", "TaskInstanceResponse"))).toBeUndefined();
    const of = {
      dag_id: "text",
      dag_run_id: "text",
      task_id: "text",
      map_index: 0,
      region_id: "text",
      region_index: 0,
      try_number: 2,
    };
    const tries = list("task_instances", "TaskInstanceHistoryResponse");
    expect(described.triesOf(of, true).shape(tries)).toBeUndefined();
    for (const other of [{ task_id: "other" }, { map_index: 1 }]) {
      expect(described.triesOf({ ...of, ...other }, true).shape(tries)).toBeDefined();
    }
    expect(answers.eventLogs.shape(list("event_logs", "EventLogResponse"))).toBeUndefined();
    expect(answers.dagVersions.shape(list("dag_versions", "DagVersionResponse"))).toBeUndefined();
    expect(answers.dagStats.shape(list("dags", "DagStatsResponse"))).toBeUndefined();
    expect(answers.dagDetails.shape(values(schemas.DAGDetailsResponse!, schemas)[0])).toBeUndefined();
    const byCursor = { ...list("dag_runs", "DAGRunResponse"), total_entries: null, next_cursor: "x" };
    expect(answers.changedDagRuns.shape(byCursor)).toBeUndefined();
    expect(answers.dagRuns.shape(byCursor)).toBeDefined();
  });
});

describe("I13: a response with two different rows of one key stores nothing, and says what this version does not know", () => {
  /** What the rows of a list become, where there are any. */
  const twice = (list: string, more: object) => ({
    answer: ({ body, url }: Told) => {
      const [row] = body?.[list] ?? [];
      if (!row || url.pathname.endsWith("/tries") || url.pathname.endsWith("/dagStats")) return;
      body[list].push({ ...row, ...more });
      body.total_entries += 1;
    },
  });
  const lies = {
    dags: [twice("dags", { description: "another" }), "description ("],
    dag_runs: [twice("dag_runs", { region: 1 }), "region (missing, 1)"],
    task_instances: [twice("task_instances", { try_number: 9, region_x: "loop" }), 'region_x (missing, "loop")'],
  } as const;

  test.each(Object.keys(lies) as (keyof typeof lies)[])("%s", async (stream) => {
    const [lie, difference] = lies[stream];
    const world = createDemoAirflowWorld({ dags: 3, days: 2, runsPerDag: 3 });
    const airflow = await setUp({ simulator: { validate: false }, world, lie });
    const error = await airflow.syncNow().catch((thrown: unknown) => thrown);
    const found = (error as { result: { streams: { stream: string; error?: Error; inserted: number }[] } }).result;
    const failed = found.streams.find((each) => each.stream === stream);
    expect(failed?.error).toMatchObject({ code: "KEY_COLLISION", message: expect.stringContaining(difference) });
    expect(failed?.inserted).toBe(0);
    airflow.front.tell();
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });

  test.each([
    ["ran as well", { hostname: "another" }, "KEY_COLLISION"],
    ["did not begin", { state: null, start_date: null, end_date: null }, undefined],
    ["says the same", {}, undefined],
  ])("earlier tries before Airflow 3.4, of which a second one with a number %s", async (_, more, code) => {
    const lie = {
      answer: ({ body, url }: Told) => {
        if (url.pathname.endsWith("/tries")) body.task_instances.push({ ...body.task_instances[0], ...more });
      },
    };
    const world = createDemoAirflowWorld({ dags: 3, days: 2, runsPerDag: 3 });
    const [task] = [...[...world.dags.values()][0]!.runs.values()][0]!.tasks;
    world.startTask(task!);
    world.retry(task!);
    world.startTask(task!);
    const airflow = await setUp({ simulator: { validate: false }, world, lie });
    const outcome = await airflow.syncNow().catch((thrown: unknown) => thrown);
    const { streams } = outcome instanceof Error ? (outcome as SyncError).result! : (outcome as SyncResult);
    const { error } = streams.find(({ stream }) => stream === "task_instances")!;
    expect((error as SyncError | undefined)?.code).toBe(code);
    if (error) expect(error.message).toMatch(/^The response to tries of .*hostname \(.*, "another"\)/);
    airflow.front.tell();
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });
});
