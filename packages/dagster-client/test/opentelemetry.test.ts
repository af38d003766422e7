import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { createDagsterClient, type DagsterMiddleware } from "@org/dagster-client";
import { openTelemetry } from "@org/dagster-client/opentelemetry";
import { runsPageDocument } from "@org/dagster-client/sync";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const middleware = [openTelemetry({ tracerProvider })];
const runs = { data: { runs: { __typename: "Runs", results: [] } } };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
beforeEach(() => exporter.reset());
afterAll(() => {
  context.disable();
  propagation.disable();
  trace.disable();
});

test("a request is one client span, named by its operation, with HTTP and GraphQL attributes", async () => {
  const { url } = await serve((_, response) => json(response, runs));
  await createDagsterClient({ url, middleware }).request(runsPageDocument, { limit: 1 });
  const [span, ...others] = exporter.getFinishedSpans();
  expect(others).toEqual([]);
  expect(span).toMatchObject({ name: "query RunsPage", kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
  expect(span?.attributes).toEqual({
    "graphql.operation.type": "query",
    "graphql.operation.name": "RunsPage",
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "url.full": url,
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(url).port),
  });
  expect(span?.instrumentationScope.name).toBe("@org/dagster-client");
});

test("it is a child of the surrounding span, active during the request, and its context is propagated", async () => {
  const { url, received } = await serve((_, response) => json(response, runs));
  let active: Span | undefined;
  const inner: DagsterMiddleware = (_request, next) => {
    active = trace.getActiveSpan();
    return next();
  };
  const client = createDagsterClient({ url, middleware: [...middleware, inner] });
  const tracer = tracerProvider.getTracer("test");
  const parentId = await tracer.startActiveSpan("job", async (parent) => {
    await client.request(runsPageDocument, { limit: 1 });
    parent.end();
    return parent.spanContext().spanId;
  });
  const span = exporter.getFinishedSpans().find(({ name }) => name === "query RunsPage");
  expect(span?.parentSpanContext?.spanId).toBe(parentId);
  expect(active?.spanContext()).toEqual(span?.spanContext());
  const { traceId = "", spanId = "" } = span?.spanContext() ?? {};
  expect(received[0]?.headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
});

test.each([
  ["a status", 503, {}, "503"],
  ["errors beside data", 200, { ...runs, errors: [{ message: "half" }] }, "graphql"],
])("a span fails on %s", async (_, status, body, errorType) => {
  const { url } = await serve((__, response) => json(response, body, status));
  await rejection(createDagsterClient({ url, middleware }).request(runsPageDocument, { limit: 1 }));
  const [span] = exporter.getFinishedSpans();
  expect(span?.status.code).toBe(SpanStatusCode.ERROR);
  expect(span?.attributes).toMatchObject({ "error.type": errorType, "http.response.status_code": status });
});

test("a span does not fail because its data contains the word errors", async () => {
  const data = { launched: { __typename: "RunConfigValidationInvalid", errors: [] } };
  const { url } = await serve((_, response) => json(response, { data }));
  await createDagsterClient({ url, middleware }).request("mutation Launch { launched }");
  const [span] = exporter.getFinishedSpans();
  expect(span).toMatchObject({ name: "mutation Launch", status: { code: SpanStatusCode.UNSET } });
});

test("a span without a response fails with the error's code, and its message contains no credential", async () => {
  const fetch = () => Promise.reject(new TypeError("the proxy refused c4n4ry-t0ken"));
  const client = createDagsterClient({ url: "http://dagster", auth: { token: "c4n4ry-t0ken" }, fetch, middleware });
  await rejection(client.request(runsPageDocument, { limit: 1 }));
  const [span] = exporter.getFinishedSpans();
  expect(span?.attributes).toMatchObject({ "error.type": "NETWORK_FAILED", "server.port": 80 });
  expect(span?.status.message).toContain("got no response");
  expect(JSON.stringify([span?.status, span?.attributes, span?.events])).not.toContain("c4n4ry");
});
