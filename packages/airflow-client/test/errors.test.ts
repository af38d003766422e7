import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { AirflowNetworkError, AirflowResponseError, createAirflowClient, isErrorOf } from "@org/airflow-client";
import { selfSigned } from "@org/testkit/self-signed";
import { describe, expect, onTestFinished, test } from "vitest";
import { failure } from "./support/failure.ts";
import { type Handler, json, serve, text } from "./support/server.ts";

const dag = "/api/v2/dags/{dag_id}";

async function failedAnswer(handler: Handler): Promise<AirflowResponseError> {
  const server = await serve(handler);
  const client = createAirflowClient({ url: `${server.url}/my` });
  return failure(client.GET(dag, { params: { path: { dag_id: "d" } } }), AirflowResponseError);
}

test.each([
  ["GET", "/api/v2/dags/~/dagRuns/~/taskInstances", "DAGs, DAG Runs and Task Instances"],
  ["POST", "/api/v2/dags/~/dagRuns/list", "DAGs and DAG Runs"],
  ["GET", "/api/v2/dagStats", "DAGs and DAG Runs"],
  ["GET", "/api/v2/dags", "DAGs"],
])("names the permissions that a user needs if %s %s is forbidden", async (method, path, resources) => {
  const server = await serve((_, response) => json(response, { detail: "Forbidden" }, 403));
  const client = createAirflowClient({ url: server.url });
  const error = await failure(client.request(method, path), AirflowResponseError);
  const hint = `(the user lacks a permission for this; with FAB's roles: can read on ${resources})`;
  expect(error.message).toBe(`${method} ${server.url}${path} answered 403: Forbidden ${hint}`);
});

describe("an error response", () => {
  test("reports status, method, both paths and the server's message", async () => {
    const error = await failedAnswer((_, response) =>
      json(response, { detail: "The Dag with ID: `d` was not found" }, 404),
    );
    expect(error).toMatchObject({
      name: "AirflowResponseError",
      code: "NOT_FOUND",
      status: 404,
      method: "GET",
      path: dag,
      detail: "The Dag with ID: `d` was not found",
      body: '{"detail":"The Dag with ID: `d` was not found"}',
      retryAfterMs: undefined,
    });
    expect(error.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/my\/api\/v2\/dags\/d$/);
    expect(error.message).toBe(`GET ${error.url} answered 404: The Dag with ID: \`d\` was not found`);
  });

  test.each([
    [{ error: "API route not found" }, "API route not found"],
    [
      {
        detail: [
          { loc: ["query", "limit"], msg: "Input should be a valid integer" },
          { loc: ["body"], msg: "Field required" },
        ],
      },
      "query.limit: Input should be a valid integer; body: Field required",
    ],
    [
      { detail: { reason: "Database error", statement: "hidden", message: "Serious error" } },
      "Database error: Serious error",
    ],
    [{ detail: [{ loc: [{}, 0, "x"], msg: "odd" }, null] }, "{}.0.x: odd; null"],
    [{ detail: { odd: 1 } }, '{"odd":1}'],
    [{ title: "Not Found", detail: null, status: 404 }, "Not Found"],
    [["plain"], "plain"],
  ])("reads %j as text", async (body, message) => {
    const error = await failedAnswer((_, response) => json(response, body, 422));
    expect(error.message).toMatch(/answered 422: /);
    expect(error.message.split("answered 422: ")[1]).toBe(message);
  });

  test.each([
    [404, "<html><head><title>404 Not Found</title></head></html>"],
    [404, "default backend - 404"],
    [404, '{"message":"no Route matched with those values"}'],
    [403, "<html><head><title>403 Forbidden</title></head></html>"],
  ])("with status %d is a proxy's, and says nothing about a row or a permission: %s", async (status, body) => {
    const error = await failedAnswer((_, response) => text(response, body, "text/html", status));
    expect(error).toMatchObject({ code: "NOT_AN_API", retryable: false, failureType: "config" });
    expect(error.message).toContain("this response is not from Airflow, but from a proxy or another server");
  });

  test("may be text or HTML, of which the error keeps the beginning", async () => {
    const plain = await failedAnswer((_, response) => text(response, "Internal Server Error", "text/plain", 500));
    expect(plain).toMatchObject({ detail: "Internal Server Error", code: "SERVER_ERROR" });
    const page = `<html><head><title>502 Bad Gateway</title></head>${"x".repeat(5000)}`;
    const html = await failedAnswer((_, response) => text(response, page, "text/html", 502));
    expect(html.message).toContain('answered 502: an HTML page titled "502 Bad Gateway"');
    expect(html.body).toBe(page.slice(0, 1000));
    const long = await failedAnswer((_, response) => json(response, { detail: "x".repeat(5000) }, 500));
    expect(long.message.length).toBeLessThan(700);
  });

  test.each([400, 401, 403, 404, 405, 409, 410, 415, 422, 501])("with status %d is not retryable", async (status) => {
    expect((await failedAnswer((_, response) => json(response, {}, status))).retryable).toBe(false);
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("with status %d is retryable", async (status) => {
    const error = await failedAnswer((_, response) => json(response, {}, status));
    expect(error).toMatchObject({ retryable: true, failureType: "transient", status });
  });

  test.each([
    ["7", 7000],
    ["0.5", 500],
    ["0.0001", 1],
    ["-5", undefined],
    ["Sat, 21 Nov 2026 09:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 08:00:00 GMT", 0],
    ["soon", undefined],
  ])("with Retry-After %j asks to wait %s ms, by the server's clock", async (value, milliseconds) => {
    const headers = { "retry-after": value, date: "Sat, 21 Nov 2026 09:00:00 GMT" };
    expect((await failedAnswer((_, response) => json(response, {}, 429, headers))).retryAfterMs).toBe(milliseconds);
  });
});

describe("a response that only looks like success", () => {
  test("is an error if it is not compressed as it claims", async () => {
    const server = await serve((_, response) => json(response, { dag_id: "d" }, 200, { "content-encoding": "gzip" }));
    const client = createAirflowClient({ url: server.url });
    const error = await failure(client.GET(dag, { params: { path: { dag_id: "d" } } }), AirflowNetworkError);
    expect(error).toMatchObject({ code: "CONNECTION_LOST", retryable: true });
    expect(error.message).toContain("not compressed as its header says");
  });

  test("is an error if it is HTML", async () => {
    const error = await failedAnswer((_, response) =>
      text(response, "<title>Sign in</title>", "text/html; charset=utf-8"),
    );
    expect(error).toMatchObject({ code: "NOT_AN_API", status: 200, retryable: false, failureType: "config" });
    expect(error.message).toContain("answered 200 with text/html where JSON was expected");
  });

  test.each(["text/plain", ""])("is an error if its content type is %j", async (type) => {
    const error = await failedAnswer(
      (_, response) => void response.writeHead(200, type ? { "content-type": type } : {}).end('{"a":1}'),
    );
    expect(error).toMatchObject({ code: "NOT_AN_API" });
  });

  test.each(['{"dag_id":"d","tags":[', ""])("is a retryable error if its JSON is %j", async (body) => {
    const error = await failedAnswer((_, response) => text(response, body, "application/json"));
    expect(error).toMatchObject({ code: "INVALID_JSON", status: 200, retryable: true });
  });
});

async function failedConnection(baseUrl: string): Promise<AirflowNetworkError> {
  return failure(createAirflowClient({ url: baseUrl }).GET("/api/v2/version"), AirflowNetworkError);
}

async function rawServer(answer: string): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => void socket.end(answer)));
  return listen(server);
}

async function listen(server: import("node:net").Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("no response", () => {
  test("because the connection was refused", async () => {
    const server = createServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const error = await failedConnection(`http://${address}`);
    expect(error).toMatchObject({ name: "AirflowNetworkError", code: "CONNECTION_REFUSED", retryable: true });
    expect(error.message).toContain(`GET http://${address}/api/v2/version failed: nothing listens at that address.`);
    expect(error.cause).toMatchObject({ cause: { code: "ECONNREFUSED" } });
  });

  test("because the host name does not exist", async () => {
    expect(await failedConnection("http://no-such-host.invalid")).toMatchObject({
      code: "HOST_NOT_FOUND",
      retryable: true,
    });
  });

  test("because the connection broke before it", async () => {
    expect(await failedConnection(`http://${await rawServer("")}`)).toMatchObject({
      code: "CONNECTION_LOST",
      retryable: true,
    });
  });

  test.each([
    ["by its length", "content-length: 100\r\n\r\n{"],
    ["by its chunks", 'transfer-encoding: chunked\r\n\r\n9\r\n{"version\r\n'],
  ])("because the connection broke within the body, length known: %s", async (_, rest) => {
    const address = await rawServer(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${rest}`);
    expect(await failedConnection(`http://${address}`)).toMatchObject({ code: "CONNECTION_LOST", retryable: true });
  });

  test("because it is not an HTTP server", async () => {
    const error = await failedConnection(`http://${await rawServer("SSH-2.0-OpenSSH_9.6\r\n")}`);
    expect(error).toMatchObject({ code: "NETWORK_FAILED", retryable: false });
    expect(error.message).toContain("does not speak HTTP");
  });

  test("because no trusted authority signed the certificate: retrying is useless, and the message says what helps", async () => {
    const server = createTlsServer(selfSigned, (_, response) => response.end());
    const error = await failedConnection(`https://${await listen(server)}`);
    expect(error).toMatchObject({ code: "TLS_UNTRUSTED", retryable: false, failureType: "config" });
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS=");
  });

  test("because the port does not speak TLS", async () => {
    const server = await serve((_, response) => json(response, {}));
    const error = await failedConnection(server.url.replace("http:", "https:"));
    expect(error).toMatchObject({ code: "TLS_FAILED", retryable: false });
    expect(error.message).toContain("Try http:// instead of https://");
  });

  test("because fetch does not allow that port", async () => {
    const error = await failedConnection("http://127.0.0.1:6000");
    expect(error).toMatchObject({ code: "NETWORK_FAILED", retryable: false });
    expect(error.message).toContain("bad port");
  });
});

describe("an operation that the server is too old for", () => {
  const favorite = "/api/v2/dags/{dag_id}/favorite";
  const enqueue = "/api/v2/connections/enqueue-test";
  const notFound = (detail: string) => ({ detail: `The Connection with connection_id: ${detail} was not found` });

  test.each([
    ["the router knows no such path", 404, { error: "API route not found" }],
    ["the path has other methods", 405, { detail: "Method Not Allowed" }],
  ])("ends with an error that says which version introduced it: %s", async (_, status, body) => {
    const { url } = await serve((_, response) => json(response, body, status));
    const client = createAirflowClient({ url: url });
    const call = client.POST(favorite, { params: { path: { dag_id: "d" } } });
    const error = await failure(call, AirflowResponseError);
    expect(error).toMatchObject({ code: "SERVER_TOO_OLD", failureType: "config", retryable: false });
    expect(error.message).toContain("(available since Airflow 3.1, and this server is older)");
  });

  test("even if an older route takes the path's last word for an id, and only there", async () => {
    const taken = await serve((_, response) => json(response, notFound("`enqueue-test`"), 404));
    const params = { header: { "Airflow-Connection-Test-Token": "t" } };
    const error = await failure(createAirflowClient({ url: taken.url }).GET(enqueue, { params }), AirflowResponseError);
    expect(error.code).toBe("SERVER_TOO_OLD");
    const other = await serve((_, response) => json(response, notFound("`my-enqueue-test`"), 404));
    const absent = await failure(
      createAirflowClient({ url: other.url }).GET(enqueue, { params }),
      AirflowResponseError,
    );
    expect(absent.code).toBe("NOT_FOUND");
  });

  test("even if an older route takes a bulk operation for one on an id, and only there", async () => {
    const bulk = (...detail: object[]) =>
      serve((_, response) => json(response, { detail }, 422)).then(({ url }) =>
        failure(
          createAirflowClient({ url: url }).PATCH("/api/v2/dags/bulk", { body: { actions: [] } }),
          AirflowResponseError,
        ),
      );
    const missing = { type: "missing", loc: ["body", "is_paused"], msg: "Field required", input: { actions: [] } };
    const forbidden = { type: "extra_forbidden", loc: ["body", "actions"], msg: "Extra inputs are not permitted" };
    const wrong = { type: "missing", loc: ["body", "actions", 0, "entities"], msg: "Field required", input: {} };
    expect((await bulk(missing, forbidden)).code).toBe("SERVER_TOO_OLD");
    expect((await bulk(wrong)).code).toBe("INVALID_REQUEST");
  });
});

test("isErrorOf distinguishes operations and statuses", async () => {
  const { url } = await serve((_, response) => json(response, { detail: "exists" }, 409));
  const runs = "/api/v2/dags/{dag_id}/dagRuns";
  const client = createAirflowClient({ url: url });
  const error = await failure(client.POST(runs, { params: { path: { dag_id: "d" } }, body: { logical_date: null } }));
  expect(isErrorOf(error, "POST", runs, 409)).toBe(true);
  expect(isErrorOf(error, "POST", runs, 404)).toBe(false);
  expect(isErrorOf(error, "POST", "/api/v2/pools", 409)).toBe(false);
  expect(isErrorOf(new Error("exists"), "POST", runs, 409)).toBe(false);
});
