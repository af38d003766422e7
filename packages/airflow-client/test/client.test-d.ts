import {
  type AirflowClient,
  createAirflowClient,
  type Dag,
  type DagRun,
  type EventLog,
  isErrorOf,
  type ListItem,
  paginate,
  type TaskInstance,
  type TaskInstanceAttempt,
} from "@org/airflow-client";
import { expectTypeOf, test } from "vitest";

declare const client: AirflowClient;
const run = { path: { dag_id: "d", dag_run_id: "r" } };

test("data has the type of the path's response, and is never undefined", async () => {
  const { data, response } = await client.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "d" } } });
  expectTypeOf(data).toEqualTypeOf<Dag>();
  expectTypeOf(response).toEqualTypeOf<Response>();
  const list = await client.POST("/api/v2/dags/{dag_id}/dagRuns/list", { params: { path: { dag_id: "~" } }, body: {} });
  expectTypeOf(list.data.dag_runs).toEqualTypeOf<DagRun[]>();
  const tries = await client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries", {
    params: { path: { ...run.path, task_id: "t" } },
  });
  expectTypeOf(tries.data.task_instances).toEqualTypeOf<TaskInstanceAttempt[]>();
  const deleted = await client.DELETE("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: run });
  expectTypeOf(deleted.data).toEqualTypeOf<undefined>();
});

test("states are known words, or any other that a newer server may have", () => {
  expectTypeOf<"running">().toExtend<DagRun["state"]>();
  expectTypeOf<string>().toExtend<DagRun["state"]>();
  expectTypeOf<DagRun["state"]>().toExtend<string>();
  expectTypeOf<TaskInstance["logical_date"]>().toEqualTypeOf<string | null>();
});

test("paths, parameters and bodies are checked", () => {
  client.GET("/api/v2/version");
  // @ts-expect-error there is no such path
  client.GET("/api/v1/version");
  // @ts-expect-error there is no such method on this path
  client.POST("/api/v2/version");
  // @ts-expect-error path parameters are required
  client.GET("/api/v2/dags/{dag_id}");
  // @ts-expect-error all of them
  client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: { path: { dag_id: "d" } } });
  // @ts-expect-error a misspelt query parameter
  client.GET("/api/v2/dags", { params: { query: { limt: 1 } } });
  // @ts-expect-error a query parameter of another type
  client.GET("/api/v2/dags", { params: { query: { limit: "1" } } });
  // @ts-expect-error a body that is missing
  client.POST("/api/v2/dags/{dag_id}/dagRuns/list", { params: { path: { dag_id: "~" } } });
  // @ts-expect-error a body's field that does not exist
  client.POST("/api/v2/dags/{dag_id}/dagRuns/list", { params: { path: { dag_id: "~" } }, body: { dag_id: "d" } });
});

test("optional parameters may be undefined", () => {
  const limit = undefined as number | undefined;
  const signal = undefined as AbortSignal | undefined;
  client.GET("/api/v2/dags", { params: { query: { limit } }, signal });
  client.POST("/api/v2/dags/{dag_id}/dagRuns/list", { params: { path: { dag_id: "~" } }, body: { page_limit: limit } });
  createAirflowClient({ url: "http://localhost", signal, timeoutMs: limit, auth: undefined, headers: undefined });
});

test("the kinds of auth are mutually exclusive", () => {
  const baseUrl = "http://localhost";
  createAirflowClient({ url: baseUrl });
  createAirflowClient({ url: baseUrl, auth: { token: "t" } });
  createAirflowClient({ url: baseUrl, auth: { username: "u", password: "p" } });
  createAirflowClient({ url: baseUrl, auth: async ({ refused, signal }) => `${refused} ${signal.aborted}` });
  // @ts-expect-error a user name alone is none
  createAirflowClient({ url: baseUrl, auth: { username: "u" } });
});

test("pages have the list's items", async () => {
  expectTypeOf<ListItem<"/api/v2/eventLogs">>().toEqualTypeOf<EventLog>();
  expectTypeOf<ListItem<"/api/v2/dagTags">>().toEqualTypeOf<string>();
  for await (const page of paginate(client, "/api/v2/dags")) {
    expectTypeOf(page.items).toEqualTypeOf<readonly Dag[]>();
  }
  const path = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances";
  for await (const page of paginate(client, path, { params: { ...run, query: { limit: 100 } } })) {
    expectTypeOf(page.items).toEqualTypeOf<readonly TaskInstance[]>();
  }
});

test("paging sets offset and cursor itself", () => {
  paginate(client, "/api/v2/dags", { params: { query: { order_by: ["dag_id"] } } });
  // @ts-expect-error offset
  paginate(client, "/api/v2/dags", { params: { query: { offset: 1 } } });
  paginate(client, "/api/v2/dags/{dag_id}/dagRuns", { params: { path: { dag_id: "~" }, query: { order_by: ["id"] } } });
  // @ts-expect-error path parameters are required
  paginate(client, "/api/v2/dags/{dag_id}/dagRuns");
  // @ts-expect-error not a list
  paginate(client, "/api/v2/version");
});

test("an operation's error has the detail that the interface declares for its status", () => {
  const error: unknown = undefined;
  if (isErrorOf(error, "POST", "/api/v2/dags/{dag_id}/dagRuns", 409)) {
    expectTypeOf(error.status).toEqualTypeOf<409>();
    expectTypeOf(error.detail).toEqualTypeOf<string | { [key: string]: unknown }>();
  }
  if (isErrorOf(error, "GET", "/api/v2/dags", 422)) {
    expectTypeOf(error.detail).toExtend<string | readonly { loc: (string | number)[]; msg: string }[]>();
  }
  // @ts-expect-error the interface gives this operation no conflict
  isErrorOf(error, "GET", "/api/v2/dags", 409);
  // @ts-expect-error there is no such operation
  isErrorOf(error, "DELETE", "/api/v2/dags", 404);
});
