import { createDagsterClient, type DagsterMiddleware, type DagsterRequest } from "@org/dagster-client";
import { runIdsPageDocument, serverVersionDocument } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

const version = { data: { version: "1.13.27", run: null } };

test("the first is the outermost, and the headers it adds are sent", async () => {
  const { url, received } = await serve((_, response) => json(response, version));
  const order: string[] = [];
  const named =
    (name: string): DagsterMiddleware =>
    async ({ headers }, next) => {
      order.push(`${name} before`);
      headers.append("x-way", name);
      const exchange = await next();
      order.push(`${name} after`);
      return exchange;
    };
  const client = createDagsterClient({ url, middleware: [named("outer"), named("inner")] });
  expect(await client.request(serverVersionDocument)).toEqual(version.data);
  expect(order).toEqual(["outer before", "inner before", "inner after", "outer after"]);
  expect(received[0]?.headers["x-way"]).toBe("outer, inner");
});

test("a request describes itself and holds no credential; those are added later, and take precedence", async () => {
  const { url, received } = await serve((_, response) => json(response, version));
  const seen: DagsterRequest[] = [];
  const middleware: DagsterMiddleware[] = [
    (request, next) => {
      seen.push({ ...request, headers: new Headers(request.headers) });
      request.headers.set("dagster-cloud-api-token", "somebody else's");
      return next();
    },
  ];
  const client = createDagsterClient({
    url,
    auth: { token: "user:c4n4ry" },
    headers: { "x-proxy": "k3y" },
    middleware,
  });
  await client.request(serverVersionDocument);
  await client.request('mutation Delete { deleteRun(runId: "a") { __typename } }');
  await client.request("{ version }");
  expect(seen.map(({ operation, method }) => [operation, method])).toEqual([
    ["query ServerVersion", "POST"],
    ["mutation Delete", "POST"],
    ["query", "POST"],
  ]);
  expect(seen[0]?.url).toBe(url);
  expect(seen[0]?.headers.get("content-type")).toContain("application/json");
  expect(JSON.stringify(seen.map(({ headers }) => [...headers]))).not.toMatch(/c4n4ry|k3y/);
  expect(received[0]?.headers).toMatchObject({ "dagster-cloud-api-token": "user:c4n4ry", "x-proxy": "k3y" });
});

test("it sees every response, failures too, and the client can still read the body", async () => {
  const { url } = await serve((_, response) => json(response, { data: null, errors: [{ message: "no" }] }, 400));
  const seen: unknown[] = [];
  const middleware: DagsterMiddleware[] = [
    async (_request, next) => {
      const exchange = await next();
      seen.push([exchange.response.status, JSON.parse(exchange.body)]);
      return exchange;
    },
  ];
  const error = await rejection(createDagsterClient({ url, middleware }).request(serverVersionDocument));
  expect(error).toMatchObject({ name: "DagsterResponseError", code: "INVALID_REQUEST" });
  expect(seen).toEqual([[400, { data: null, errors: [{ message: "no" }] }]]);
});

test("without a response, next rejects with the client's own error, and a middleware's error is passed on", async () => {
  const seen: unknown[] = [];
  const watch: DagsterMiddleware = (_request, next) =>
    next().catch((error: unknown) => {
      seen.push(error);
      throw error;
    });
  const client = createDagsterClient({
    url: "http://127.0.0.1:1",
    headers: { "x-key": "c4n4ry" },
    middleware: [watch],
  });
  const error = await rejection(client.request(serverVersionDocument));
  expect(error).toMatchObject({ name: "DagsterNetworkError", code: "NETWORK_FAILED" });
  expect(seen).toEqual([error]);
  const refuse: DagsterMiddleware = () => Promise.reject(new Error("not today"));
  const refusing = createDagsterClient({ url: "http://127.0.0.1:1", middleware: [refuse] });
  expect(await rejection(refusing.request(serverVersionDocument))).toMatchObject({ message: "not today" });
});

test("one may respond itself, or repeat the request", async () => {
  const { url, received } = await serve((_, response) => json(response, version, received.length === 1 ? 503 : 200));
  const body = JSON.stringify({ data: { runIds: { __typename: "RunIds", results: ["kept"] } } });
  const cache: DagsterMiddleware = async ({ operation }, next) =>
    operation === "query RunIdsPage" ? { response: Response.json({}), body } : next();
  const again: DagsterMiddleware = async (_request, next) => {
    const first = await next();
    return first.response.ok ? first : next();
  };
  const client = createDagsterClient({ url, middleware: [cache, again] });
  expect(await client.request(runIdsPageDocument, { limit: 1 })).toEqual({
    runIds: { __typename: "RunIds", results: ["kept"] },
  });
  expect(received).toHaveLength(0);
  expect(await client.request(serverVersionDocument)).toEqual(version.data);
  expect(received).toHaveLength(2);
});
