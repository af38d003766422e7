import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { AirflowResponseError, createAirflowClient } from "@org/airflow-client";
import { expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { json, serve } from "./support/server.ts";

const runs = "/api/v2/dags/{dag_id}/dagRuns";
const ofAllDags = { params: { path: { dag_id: "~" } } };

/** An answer without an end, and whether its reader went away. */
function endless(response: ServerResponse, status = 200): Promise<void> {
  response.writeHead(status, { "content-type": "application/json" });
  const more = () => {
    while (!response.destroyed && response.write(" ".repeat(16_384)));
  };
  response.on("drain", more);
  more();
  return new Promise((resolve) => response.on("close", () => resolve()));
}

test.each([
  ["an answer", 200, { token: "token-1" }],
  ["an error", 500, { token: "token-1" }],
  ["a login", 201, { username: "ann", password: "hunter2!" }],
] as const)("an endless %s is read up to the limit, and its connection is closed", async (_, status, auth) => {
  let closed: Promise<void> | undefined;
  const server = await serve((_request, response) => {
    closed = endless(response, status);
  });
  const client = createAirflowClient({ url: server.url, auth, maxResponseBytes: 100_000 });
  const error = await failure(client.GET(runs, ofAllDags), AirflowResponseError);
  expect(error).toMatchObject({ code: "RESPONSE_TOO_LARGE", retryable: false, status });
  expect(error.message).toContain(server.url);
  expect(error.message).toContain("100000 bytes");
  expect(error.message).toContain("maxResponseBytes");
  await closed;
  expect(server.received).toHaveLength(1);
});

test("the length after decompression counts", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
  const server = await serve((_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
  });
  const client = createAirflowClient({ url: server.url, maxResponseBytes: 1_000_000 });
  expect(bomb.length).toBeLessThan(100_000);
  expect(await failure(client.GET(runs, ofAllDags))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
});

test("a response of exactly the limit is read completely, even if chunks split characters", async () => {
  const note = "läuft🚀".repeat(20_000);
  const body = JSON.stringify({ note });
  const server = await serve(async (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 9_973) {
      response.write(bytes.subarray(at, at + 9_973));
      await new Promise(setImmediate);
    }
    response.end();
  });
  const bytes = Buffer.byteLength(body);
  const client = createAirflowClient({ url: server.url, maxResponseBytes: bytes });
  const answer = await client.request("GET", "/");
  expect(answer.data).toEqual({ note });
  expect(answer.bytes).toBe(bytes);
  const below = createAirflowClient({ url: server.url, maxResponseBytes: bytes - 1 });
  expect(await failure(below.request("GET", "/"))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
});

test("a call may lower its client's limit, and not raise it", async () => {
  const server = await serve((_, response) => json(response, { text: "a".repeat(1000) }));
  const client = createAirflowClient({ url: server.url, maxResponseBytes: 2000 });
  await client.request("GET", "/");
  expect(await failure(client.request("GET", "/", { maxResponseBytes: 500 }))).toMatchObject({
    code: "RESPONSE_TOO_LARGE",
    message: expect.stringContaining("500 bytes"),
  });
  const strict = createAirflowClient({ url: server.url, maxResponseBytes: 500 });
  expect(await failure(strict.request("GET", "/", { maxResponseBytes: 2000 }))).toMatchObject({
    message: expect.stringContaining("500 bytes"),
  });
});

test("a fetch whose responses have no stream is limited too", async () => {
  const fetch = async () => {
    const response = new Response(JSON.stringify({ text: "a".repeat(1000) }), {
      headers: { "content-type": "application/json" },
    });
    return Object.create(response, {
      body: { value: null },
      headers: { value: response.headers },
      status: { value: 200 },
      ok: { value: true },
      type: { value: "basic" },
      text: { value: () => response.text() },
    }) as Response;
  };
  const client = createAirflowClient({ url: "http://airflow.test", fetch, maxResponseBytes: 500 });
  expect(await failure(client.request("GET", "/"))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  const { bytes } = await createAirflowClient({ url: "http://airflow.test", fetch }).request("GET", "/");
  expect(bytes).toBe(1011);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30])(
  "a limit of %d is rejected",
  async (maxResponseBytes) => {
    const invalid = { code: "INVALID_OPTIONS", message: expect.stringContaining("maxResponseBytes") };
    expect(() => createAirflowClient({ url: "http://a.test", maxResponseBytes })).toThrow(
      expect.objectContaining(invalid),
    );
    const client = createAirflowClient({ url: "http://a.test" });
    expect(await failure(client.request("GET", "/", { maxResponseBytes }))).toMatchObject(invalid);
  },
);
