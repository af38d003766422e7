import { createDagsterClient, DagsterError } from "@org/dagster-client";
import { runIdsPageDocument, serverVersionDocument } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

const version = { data: { version: "1.13.27" } };

test.each([
  ["http://localhost:3000", "http://localhost:3000/graphql"],
  ["http://localhost:3000/", "http://localhost:3000/graphql"],
  ["http://localhost:3000/graphql", "http://localhost:3000/graphql"],
  ["http://localhost:3000/graphql/", "http://localhost:3000/graphql"],
  ["http://proxy/dagster", "http://proxy/dagster/graphql"],
  ["https://my-org.dagster.cloud/prod", "https://my-org.dagster.cloud/prod/graphql"],
  ["https://my-org.eu.dagster.cloud/prod/graphql", "https://my-org.eu.dagster.cloud/prod/graphql"],
])("for %s, requests go to %s", (url, endpoint) => {
  expect(createDagsterClient({ url }).url).toBe(endpoint);
});

test.each([
  ["localhost:3000", /"localhost:3000" has no scheme: write http:\/\//],
  ["dagster.example.com", /has no scheme/],
  ["", /has no scheme/],
  ["http://", /is not a URL/],
  ["https://me:hunter22@dagster.example.com", /contains credentials, which would end up in logs.*`auth`/],
  ["https://hunter22@dagster.example.com", /contains credentials/],
  ["me:hunter22@dagster.example.com", /"dagster.example.com" has no scheme/],
  ["me:hunter22\n@dagster.example.com", /"dagster.example.com" has no scheme/],
  ["https://dagster.example.com/graphql?token=hunter22", /has a query or a fragment/],
  ["https://me:hunter22@[bad", /is not a URL/],
])("rejects the URL %s, and repeats no password", (url, message) => {
  const error = caught(() => createDagsterClient({ url }));
  expect(error).toMatchObject({ code: "INVALID_OPTIONS", retryable: false });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("hunter22");
});

test.each([
  [{ auth: { token: " " } }, /`auth.token` is empty: was the environment variable set\?/],
  [{ auth: { token: "hunter22\nhunter22" } }, /characters that no token has/],
  [{ headers: { "x-key": "hunter22\r\nx: y" } }, /a value that HTTP does not allow/],
  [{ auth: { token: "a" }, tokenHeader: "no header" }, /`tokenHeader` is not the name of a header/],
  [{ retries: -1 }, /`retries` must be a whole number from 0, and is -1/],
  [{ timeoutMs: 0 }, /`timeoutMs` must be a number of milliseconds from 1 to 2147483647, not 0/],
  [{ timeoutMs: Number.NaN }, /not NaN/],
  [{ timeoutMs: 2 ** 31 }, /not 2147483648/],
])("rejects the options %#, and repeats no credential", (options, message) => {
  const error = caught(() => createDagsterClient({ url: "http://localhost:3000", ...options }));
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("hunter22");
});

test("sends the document unchanged, its variables, and a token read from a file that ends in a line break", async () => {
  const { url, received } = await serve((_, response) =>
    json(response, { data: { runIds: { __typename: "RunIds", results: ["a"] } } }),
  );
  const client = createDagsterClient({ url, auth: { token: "user:abcdef0123\n" }, headers: { "x-proxy": "yes" } });
  const data = await client.request(runIdsPageDocument, { limit: 3 });
  expect(data).toEqual({ runIds: { __typename: "RunIds", results: ["a"] } });
  // No operationName: it would be found by parsing the document, once a request.
  expect(received[0]?.body).toEqual({ query: String(runIdsPageDocument), variables: { limit: 3 } });
  expect(received[0]?.headers).toMatchObject({ "dagster-cloud-api-token": "user:abcdef0123", "x-proxy": "yes" });
});

test.each([
  ["a deployment of Dagster+", "/prod", "/prod/graphql"],
  ["a branch deployment", "/3f1c9a0b2d/graphql", "/3f1c9a0b2d/graphql"],
  ["Dagster below a path of a proxy", "/intranet/dagster/", "/intranet/dagster/graphql"],
])("reaches %s, with the token and a proxy's headers, and no others", async (_, path, expected) => {
  const { url, received } = await serve((__, response) => json(response, version));
  const token = "user:abcdef0123456789";
  const headers = { "proxy-authorization": "Basic cHJveHk=", "x-forwarded-user": "ann" };
  const client = createDagsterClient({ url: url.replace("/graphql", path), auth: { token }, headers });
  await client.request(serverVersionDocument);
  expect(received[0]?.path).toBe(expected);
  const { host, connection, "content-length": length, ...sent } = received[0]?.headers ?? {};
  expect(sent).toMatchObject({ "dagster-cloud-api-token": token, ...headers });
  expect(
    Object.keys(sent)
      .filter((name) => /auth|token|cookie|forwarded/.test(name))
      .sort(),
  ).toEqual(["dagster-cloud-api-token", "proxy-authorization", "x-forwarded-user"]);
});

test("calls an auth function once for all requests, and sends its token in the header that is asked for", async () => {
  const { url, received } = await serve((_, response) => json(response, version));
  let tokens = 0;
  const auth = async () => `token-${++tokens}`;
  const client = createDagsterClient({ url, auth, tokenHeader: "Authorization" });
  await Promise.all([client.request(serverVersionDocument), client.request(serverVersionDocument)]);
  await client.request(serverVersionDocument);
  expect(received.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill("Bearer token-1"));
  await createDagsterClient({ url, auth }).request(serverVersionDocument);
  expect(received.at(-1)?.headers["dagster-cloud-api-token"]).toBe("token-2");
});

test("an auth function's error keeps its own retryability", async () => {
  const { url, received } = await serve((_, response) => json(response, version));
  for (const retryable of [true, false]) {
    const auth = () => Promise.reject(Object.assign(new Error("the token service is away"), { retryable }));
    const error = await rejection<DagsterError>(createDagsterClient({ url, auth }).request(serverVersionDocument));
    expect(error).toMatchObject({ code: "AUTH_FAILED", retryable, cause: { message: "the token service is away" } });
  }
  expect(received).toEqual([]);
});

test("returns the server's clock with a response, and nothing without one", async () => {
  const { url } = await serve(({ headers }, response) => {
    response.sendDate = false;
    json(response, version, 200, headers["x-clock"] ? { date: "Sat, 21 Nov 2026 09:55:56 GMT" } : {});
  });
  const at = async (headers: HeadersInit) =>
    (await createDagsterClient({ url, headers }).rawRequest(serverVersionDocument)).date;
  expect(await at({ "x-clock": "yes" })).toEqual(new Date("2026-11-21T09:55:56Z"));
  expect(await at({})).toBeUndefined();
});

test("rejects a document that is not text before sending it", async () => {
  const client = createDagsterClient({ url: "http://127.0.0.1:1" });
  const error = await rejection(client.request({ kind: "Document", definitions: [] } as unknown as string));
  expect(error.message).toMatch(/documentMode: "string"/);
});

function caught(call: () => unknown): DagsterError {
  try {
    call();
  } catch (error) {
    if (error instanceof DagsterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
