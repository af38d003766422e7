/** Answers that a proxy, a plugin or another program made, in the place of Airflow's. */
import { assets, checkServer, createAirflowClient, dagRuns, dags, paginate, taskInstances } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { json, type Received, serve } from "./support/server.ts";

/** A client whose server answers everything with this body. */
async function answering(body: (request: Received, asked: number) => unknown) {
  let asked = 0;
  const { url } = await serve((request, response) => {
    asked += 1;
    json(response, body(request, asked));
  });
  return { client: createAirflowClient({ url: url }), asked: () => asked };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const run = { dagId: "a", dagRunId: "b" };
const task = { ...run, taskId: "c" };
type Client = Awaited<ReturnType<typeof answering>>["client"];

describe("a response that is not an object is an error for every call", () => {
  const calls: Record<string, (client: Client) => Promise<unknown>> = {
    GET: (client) => client.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "a" } } }),
    "dagRuns.get": (client) => dagRuns.get(client, run),
    "dagRuns.wait": (client) => dagRuns.wait(client, run, { deadlineMs: 1 }),
    "dagRuns.trigger": (client) => dagRuns.trigger(client, "a"),
    "taskInstances.tries": (client) => taskInstances.tries(client, task).toArray(),
    "taskInstances.clear": (client) => taskInstances.clear(client, "a"),
    "taskInstances.logs": (client) => all(taskInstances.logs(client, task, { tryNumber: 1, follow: false })),
    "dags.list": (client) => all(dags.list(client)),
  };
  const cases = Object.keys(calls).flatMap((name) => [null, [], 7, "text", true].map((body) => ({ name, body })));
  test.each(cases)("$name: $body", async ({ name, body }) => {
    const { client } = await answering(() => body);
    const error = await failure(calls[name]!(client));
    expect(error).toMatchObject({ code: "UNEXPECTED_ANSWER", retryable: false });
    expect(error.message).toMatch(/^(GET|POST) .* a response that is .*, expected an object\.$/);
  });
});

describe("fields that methods read are named if they are missing or have another type", () => {
  const calls: Record<string, readonly [body: unknown, call: (client: Client) => Promise<unknown>, said: string]> = {
    tries: [
      { task_instances: null },
      (client) => taskInstances.tries(client, task).toArray(),
      "task_instances that is null",
    ],
    "tries with null": [
      { task_instances: [null] },
      (client) => taskInstances.tries(client, task).toArray(),
      "task_instances[0] that is null",
    ],
    clear: [{}, (client) => taskInstances.clear(client, "a"), "task_instances that is missing"],
    setNote: [null, (client) => taskInstances.setNote(client, task, "x"), "task_instances that is missing"],
    queuedEvents: [
      { queued_events: "none" },
      (client) => assets.queuedEvents(client, 1).toArray(),
      'queued_events that is "none"',
    ],
    logs: [
      { content: "text", continuation_token: null },
      (client) => all(taskInstances.logs(client, task, { tryNumber: 1, follow: false })),
      'content that is "text"',
    ],
    "a line": [
      { content: [7] },
      (client) => all(taskInstances.logs(client, task, { tryNumber: 1, follow: false })),
      "a line without an event",
    ],
    wait: [{ state: null }, (client) => dagRuns.wait(client, run), "a state that is null"],
    checkServer: [
      { version: "3.0.0", dags: [], total_entries: -1 },
      (client) => checkServer(client),
      "total_entries that is -1",
    ],
  };
  test.each(Object.entries(calls))("%s", async (_, [body, call, said]) => {
    const { client } = await answering(() => body);
    const error = await failure(call(client));
    expect(error.code).toBe("UNEXPECTED_ANSWER");
    expect(error.message).toContain(said);
  });
});

describe("page", () => {
  const rows = [{ dag_id: "a" }, { dag_id: "b" }];
  const numbers = [-1, 1.5, 1e308, "2", {}];
  const refused: readonly (readonly [body: object, said: string])[] = [
    [{ dags: [null], total_entries: 1 }, "dags[0] that is null"],
    [{ dags: ["a"], total_entries: 1 }, 'dags[0] that is "a"'],
    [{ dags: "none", total_entries: 0 }, "not a list"],
    ...numbers.map((total) => [{ dags: rows, total_entries: total }, "total_entries that is"] as const),
    [{ dags: rows, total_entries: null }, "without total_entries"],
    [{ dags: rows }, "without total_entries"],
  ];
  test.each(refused)("%j is rejected", async (body, said) => {
    const { client } = await answering(() => body);
    const error = await failure(all(paginate(client, "/api/v2/dags")));
    expect(error.code).toBe("UNEXPECTED_ANSWER");
    expect(error.message).toContain(said);
  });

  test.each([0, 1, 3])("whose total is %i, lower than what arrived, is not taken for the last", async (total) => {
    const stored = Array.from({ length: 5 }, (_, index) => ({ dag_id: `d${index}` }));
    const { client } = await answering(({ url }) => {
      const offset = Number(new URL(url, "http://x").searchParams.get("offset"));
      return { dags: stored.slice(offset, offset + 2), total_entries: total };
    });
    const pages = await all(paginate(client, "/api/v2/dags"));
    expect(pages.flatMap(({ items }) => items.map(({ dag_id }) => dag_id))).toEqual(stored.map(({ dag_id }) => dag_id));
  });
});

describe("an endless list ends", () => {
  const rows = [{ dag_id: "a" }, { dag_id: "b" }];
  const runs = rows.map(({ dag_id }) => ({ dag_id, dag_run_id: "r", id: 7 }));

  test("if the server ignores the offset halfway", async () => {
    const { client, asked } = await answering(() => ({ dags: rows, total_entries: 5 }));
    const error = await failure(all(dags.list(client)));
    expect(error).toMatchObject({ code: "PAGING", retryable: false });
    expect(asked()).toBeLessThan(25);
  });

  test("if every token is new, and yields the same rows", async () => {
    const { client, asked } = await answering((_, asked) => ({
      dag_runs: runs,
      next_cursor: `c${asked}`,
      total_entries: null,
    }));
    const error = await failure(all(dagRuns.list(client)));
    expect(error).toMatchObject({ code: "PAGING" });
    expect(asked()).toBeLessThan(25);
  });

  test("if every token is new, and yields the same rows in another order", async () => {
    const { client, asked } = await answering((_, asked) => ({
      dag_runs: asked % 2 ? runs : runs.toReversed(),
      next_cursor: `c${asked}`,
    }));
    const error = await failure(all(dagRuns.list(client)));
    expect(error).toMatchObject({ code: "PAGING" });
    expect(asked()).toBeLessThan(25);
  });
});

test("an error nested too deeply for the stack keeps its status", async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(`{"detail":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
  });
  const error = await failure(createAirflowClient({ url: url }).GET("/api/v2/dags"));
  expect(error).toMatchObject({ code: "INVALID_REQUEST", status: 400 });
  expect(error.message.length).toBeLessThan(1000);
});
