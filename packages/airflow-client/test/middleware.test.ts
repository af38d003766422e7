import { context, propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { type AirflowMiddleware, createAirflowClient } from "@org/airflow-client";
import { openTelemetry } from "@org/airflow-client/opentelemetry";
import { afterEach, expect, test } from "vitest";
import { json, serve } from "./support/server.ts";

const dag = { params: { path: { dag_id: "daily" }, query: { fields: ["dag_id"] } } } as object as {
  params: { path: { dag_id: string } };
};

/** A server that knows one DAG, whose first token it refuses. */
async function airflow() {
  let logins = 0;
  return serve((request, response) => {
    if (request.url === "/auth/token") {
      logins += 1;
      return json(response, { access_token: `token-${logins}` }, 201);
    }
    if (request.headers.authorization === "Bearer token-1") return json(response, { detail: "Token Expired" }, 401);
    if (request.url.startsWith("/api/v2/dags/daily")) return json(response, { dag_id: "daily" });
    return json(response, { detail: "no such DAG" }, 404);
  });
}

const login = { username: "ann", password: "hunter2!" };

test("each request passes through every middleware, the first outermost, logins and retries included", async () => {
  const { url } = await airflow();
  const seen: string[] = [];
  const named =
    (name: string): AirflowMiddleware =>
    async ({ operation }, next) => {
      seen.push(`${name} > ${operation}`);
      const exchange = await next();
      seen.push(`${name} < ${exchange.response.status}`);
      return exchange;
    };
  const client = createAirflowClient({ url: url, auth: login, middleware: [named("a"), named("b")] });
  await client.GET("/api/v2/dags/{dag_id}", dag);
  const through = (operation: string, status: number) => [
    `a > ${operation}`,
    `b > ${operation}`,
    `b < ${status}`,
    `a < ${status}`,
  ];
  expect(seen).toEqual([
    ...through("POST /auth/token", 201),
    ...through("GET /api/v2/dags/{dag_id}", 401),
    ...through("POST /auth/token", 201),
    ...through("GET /api/v2/dags/{dag_id}", 200),
  ]);
});

test("a middleware sees no credentials, and can add headers but not replace credentials", async () => {
  const { url, received } = await airflow();
  const seen: string[] = [];
  const spy: AirflowMiddleware = async (request, next) => {
    seen.push(JSON.stringify([request.operation, request.url, ...request.headers]));
    request.headers.set("x-trace", "1");
    request.headers.set("authorization", "mine");
    request.headers.set("x-proxy", "mine");
    return next();
  };
  const headers = { "x-proxy": "proxy secret" };
  const client = createAirflowClient({ url: url, auth: login, headers, middleware: [spy] });
  await client.GET("/api/v2/dags/{dag_id}", dag);
  expect(seen.join()).not.toMatch(/hunter2!|token-\d|proxy secret/);
  expect(received.at(-1)?.headers).toMatchObject({
    "x-trace": "1",
    authorization: "Bearer token-2",
    "x-proxy": "proxy secret",
  });
});

test("an error of a middleware reaches the caller, and one that never continues times out", async () => {
  const { url } = await airflow();
  const broken: AirflowMiddleware = async () => {
    throw new TypeError("a defect in a middleware");
  };
  const client = createAirflowClient({ url: url, middleware: [broken] });
  await expect(client.GET("/api/v2/version")).rejects.toThrow(new TypeError("a defect in a middleware"));
  const stuck = createAirflowClient({ url: url, middleware: [() => new Promise(() => {})], timeoutMs: 50 });
  await expect(stuck.GET("/api/v2/version")).rejects.toMatchObject({ code: "TIMEOUT" });
});

/** What OpenTelemetry's own SDK gathers. */
function startTracing() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return { exporter, tracerProvider };
}
afterEach(() => {
  context.disable();
  propagation.disable();
});

test("OpenTelemetry gets one client span per request, which is active during it and propagated with it", async () => {
  const { exporter, tracerProvider } = startTracing();
  const { url, received } = await airflow();
  let active: string | undefined;
  const inner: AirflowMiddleware = (_request, next) => {
    active = trace.getActiveSpan()?.spanContext().spanId;
    return next();
  };
  const client = createAirflowClient({
    url: url,
    auth: { token: "token-2" },
    middleware: [openTelemetry({ tracerProvider }), inner],
  });
  await tracerProvider.getTracer("test").startActiveSpan("outer", async (outer) => {
    await client.GET("/api/v2/dags/{dag_id}", dag);
    outer.end();
  });
  const [span, outer] = exporter.getFinishedSpans();
  expect(span).toMatchObject({ name: "GET /api/v2/dags/{dag_id}", kind: 2, status: { code: SpanStatusCode.UNSET } });
  expect(span?.attributes).toMatchObject({
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "url.template": "/api/v2/dags/{dag_id}",
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(url).port),
  });
  const id = span?.spanContext();
  expect(span?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  expect(active).toBe(id?.spanId);
  expect(received[0]?.headers.traceparent).toBe(`00-${id?.traceId}-${id?.spanId}-01`);
});

test("a failed span says why: the status, or the error's code", async () => {
  const { exporter, tracerProvider } = startTracing();
  const { url } = await airflow();
  const middleware = [openTelemetry({ tracerProvider })];
  const client = createAirflowClient({ url: url, auth: { token: "token-2" }, middleware });
  await expect(client.GET("/api/v2/version")).rejects.toMatchObject({ code: "NOT_FOUND" });
  const nobody = createAirflowClient({ url: "http://127.0.0.1:2", middleware });
  await expect(nobody.GET("/api/v2/version")).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ status, attributes }) => [status.code, attributes["error.type"]])).toEqual([
    [SpanStatusCode.ERROR, "404"],
    [SpanStatusCode.ERROR, "CONNECTION_REFUSED"],
  ]);
});
