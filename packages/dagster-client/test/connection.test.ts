import { createServer as createTlsServer } from "node:https";
import { createDagsterClient, DagsterNetworkError } from "@org/dagster-client";
import { serverVersionDocument } from "@org/dagster-client/sync";
import { selfSigned } from "@org/testkit/self-signed";
import { freePort } from "@org/testkit/servers/processes";
import { expect, test } from "vitest";
import { json, listen, rejection, serve } from "./serve.ts";

const version = { data: { version: "1.13.27" } };

/** A server that drops the connection of these requests (counted from 1) before it answers. */
async function serveDropping(...dropped: number[]) {
  let requests = 0;
  return serve((_, response, { socket }) => {
    if (dropped.includes(++requests)) return socket.destroy();
    json(response, version);
  });
}

test("a connection that the server closed while idle is reopened, once, transparently", async () => {
  const { url, received } = await serveDropping(2);
  const client = createDagsterClient({ url });
  await client.request(serverVersionDocument);
  expect(await client.request(serverVersionDocument)).toEqual(version.data);
  expect(received.length).toBe(3);
});

test.each([
  'mutation Delete { deleteRun(runId: "a") { __typename } }',
  'mutation { note(text: "query foo") }',
  "# like the query below\nmutation Launch { launched }",
])("a mutation is not sent a second time, since the first may have been executed: %s", async (document) => {
  const { url, received } = await serveDropping(2);
  const client = createDagsterClient({ url });
  await client.request(serverVersionDocument);
  const error = await rejection(client.request(document));
  expect(error).toMatchObject({ name: "DagsterNetworkError", retryable: true });
  expect(received.length).toBe(2);
});

test("a server that drops the second connection too is a network error", async () => {
  const { url, received } = await serveDropping(2, 3);
  const client = createDagsterClient({ url });
  await client.request(serverVersionDocument);
  const error = await rejection(client.request(serverVersionDocument));
  expect(error).toBeInstanceOf(DagsterNetworkError);
  expect(error).toMatchObject({ code: "CONNECTION_LOST", retryable: true });
  expect(received.length).toBe(3);
});

test("a first connection that is dropped is an error at once: it cannot have been idle", async () => {
  const { url, received } = await serveDropping(1);
  const error = await rejection(createDagsterClient({ url }).request(serverVersionDocument));
  expect(error).toMatchObject({ code: "CONNECTION_LOST", retryable: true });
  expect(received.length).toBe(1);
});

test("a truncated body is a network error, and is not requested again", async () => {
  const { url, received } = await serve((_, response, { socket }) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"data":{"version":', () => socket.destroy());
  });
  const error = await rejection(createDagsterClient({ url }).request(serverVersionDocument));
  expect(error).toMatchObject({ name: "DagsterNetworkError", code: "CONNECTION_LOST", retryable: true });
  expect(received.length).toBe(1);
});

test("an unreachable server is a retryable error that says so", async () => {
  const { url } = await serve((_, response) => response.end());
  const closed = url.replace(/:\d+/, `:${await freePort()}`);
  const error = await rejection(createDagsterClient({ url: closed }).request(serverVersionDocument));
  expect(error).toMatchObject({ code: "CONNECTION_REFUSED", retryable: true });
  expect(error.message).toMatch(
    /^The Dagster query ServerVersion to http:.* got no response: .*ECONNREFUSED.*is Dagster's webserver running/,
  );
});

test("an unknown certificate is permanent, and the message names NODE_EXTRA_CA_CERTS", async () => {
  const port = await listen(createTlsServer(selfSigned, (_, response) => json(response, version)));
  const error = await rejection(
    createDagsterClient({ url: `https://127.0.0.1:${port}` }).request(serverVersionDocument),
  );
  expect(error).toMatchObject({ name: "DagsterNetworkError", code: "TLS_UNTRUSTED", retryable: false });
  expect(error.message).toContain("set NODE_EXTRA_CA_CERTS");
});

test("https to a server that speaks http is permanent, and the message says what to try", async () => {
  const { url } = await serve((_, response) => json(response, version));
  const error = await rejection(
    createDagsterClient({ url: url.replace("http:", "https:") }).request(serverVersionDocument),
  );
  expect(error).toMatchObject({ name: "DagsterNetworkError", retryable: false });
  expect(error.message).toContain("try http:// instead of https://");
});

test.each([
  ["headers that never come", () => {}],
  [
    "a body that never ends",
    (response: import("node:http").ServerResponse) =>
      response.writeHead(200, { "content-type": "application/json" }).write("{"),
  ],
])("the timeout covers %s", async (_, answer) => {
  const { url } = await serve((__, response) => answer(response));
  const error = await rejection(createDagsterClient({ url, timeoutMs: 50 }).request(serverVersionDocument));
  expect(error).toMatchObject({ name: "DagsterNetworkError", code: "TIMEOUT", retryable: true });
  expect(error.message).toContain("had no complete response after 50 ms (see `timeoutMs`)");
});

test("a request's timeout takes precedence over the client's", async () => {
  const { url } = await serve(() => {});
  const error = await rejection(createDagsterClient({ url }).request(serverVersionDocument, {}, { timeoutMs: 51 }));
  expect(error.message).toContain("after 51 ms");
});

test("a timeout and an abort reach fetch, so that no connection stays open", async () => {
  const seen: AbortSignal[] = [];
  const controller = new AbortController();
  const fetch = (_: unknown, init?: RequestInit) => {
    seen.push(init!.signal!);
    if (seen.length === 2) controller.abort();
    return new Promise<never>(() => {});
  };
  const client = createDagsterClient({ url: "http://localhost:3000", fetch: fetch as typeof globalThis.fetch });
  await rejection(client.request(serverVersionDocument, {}, { timeoutMs: 500 }));
  await rejection(client.request(serverVersionDocument, {}, { signal: controller.signal }));
  expect(seen.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test("neither a fetch nor an auth function that never ends outlives the timeout", async () => {
  const never = () => new Promise<never>(() => {});
  for (const options of [{ fetch: never }, { auth: never }]) {
    const client = createDagsterClient({ url: "http://localhost:3000", timeoutMs: 50, ...options });
    expect(await rejection(client.request(serverVersionDocument))).toMatchObject({ code: "TIMEOUT" });
  }
});

test("an abort rejects with the signal's own reason, the request's or the client's", async () => {
  const reason = new Error("enough");
  for (const place of ["request", "client"]) {
    const controller = new AbortController();
    const { url } = await serve(() => controller.abort(reason));
    const { signal } = controller;
    const client = createDagsterClient({ url, signal: place === "client" ? signal : undefined });
    const options = place === "request" ? { signal } : {};
    expect(await rejection(client.request(serverVersionDocument, {}, options))).toBe(reason);
    // Aborted already: nothing is sent.
    expect(await rejection(client.request(serverVersionDocument, {}, options))).toBe(reason);
  }
});

test("a response that is not compressed as its header says is a retryable error that says so", async () => {
  const { url } = await serve((_, response) => json(response, version, 200, { "content-encoding": "gzip" }));
  const error = await rejection(createDagsterClient({ url }).request(serverVersionDocument));
  expect(error).toMatchObject({ name: "DagsterNetworkError", retryable: true });
  expect(error.message).toContain("not compressed as its header says");
});
