import { inspect } from "node:util";
import { createDagsterClient, type DagsterClientOptions, TypedDocumentString, unwrap } from "@org/dagster-client";
import { serverVersionDocument } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

// With every character that some encoding changes.
const bare = 'c4n"ry+/=~0123';
const canary = `user:${bare}`;
const password = "c4n4ry-passw0rd";

/** Every form in which a server may send one of them back. */
const traces = [canary, bare, password].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  encodeURIComponent(secret).toLowerCase(),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("base64url"),
  JSON.stringify(secret).slice(1, -1),
]);

const ways: [string, Partial<DagsterClientOptions>][] = [
  ["a token", { auth: { token: canary } }],
  ["a header", { headers: { "x-api-key": canary } }],
  ["a bearer token", { auth: () => canary, tokenHeader: "Authorization" }],
  ["a password", { headers: { authorization: `Basic ${Buffer.from(`me:${password}`).toString("base64")}` } }],
  ["a cookie", { headers: { cookie: `session=${password}; theme=dark-blue` } }],
];

/** What a server may do with the credentials that it got. */
const echoes: [string, (secret: string) => { status: number; body: unknown; type: string }][] = [
  ["an error page", (secret) => ({ status: 500, body: `bad token ${secret}`, type: "text/plain" })],
  [
    "a long page, at the place where it is cut",
    (secret) => ({ status: 502, body: "x".repeat(110) + secret, type: "text/plain" }),
  ],
  ["a page's title", (secret) => ({ status: 200, body: `<title>${secret}</title>`, type: "text/html" })],
  ["a content type", (secret) => ({ status: 200, body: "x", type: `text/${secret}` })],
  [
    "a refusal",
    (secret) => ({ status: 401, body: { errors: [{ message: `no ${secret}` }] }, type: "application/json" }),
  ],
  [
    "a long error, at the place where it is cut",
    (secret) => ({
      status: 500,
      body: { data: null, errors: [{ message: "x".repeat(490) + secret }] },
      type: "application/json",
    }),
  ],
  [
    "a PythonError",
    (secret) => ({
      status: 500,
      body: { data: { runs: { __typename: "PythonError", message: secret } } },
      type: "application/json",
    }),
  ],
  [
    "a cause of a PythonError",
    (secret) => ({
      status: 500,
      body: { data: { runs: { __typename: "PythonError", message: "x", causes: [{ message: secret }] } } },
      type: "application/json",
    }),
  ],
  [
    "a complaint about a configuration",
    (secret) => ({
      status: 200,
      body: { data: { runs: { __typename: "RunConfigValidationInvalid", errors: [{ message: secret }] } } },
      type: "application/json",
    }),
  ],
];

for (const [way, options] of ways) {
  test.each(echoes)(`${way} is in no error when the server repeats it in %s`, async (_, echo) => {
    for (const trace of traces) {
      const { url } = await serve((__, response) => {
        const { status, body, type } = echo(trace);
        response.writeHead(status, { "content-type": type });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      });
      const asked = createDagsterClient({ url, ...options }).request(
        new TypedDocumentString<{ runs: { __typename: "Runs" } }, object>("{ runs }"),
      );
      const error = await rejection(asked.then(({ runs }) => unwrap(runs, "Runs")));
      expectClean(error, way === "a password" || way === "a cookie" ? [password] : [canary, bare]);
    }
  });

  test(`${way} is in no error of a fetch that throws the whole request`, async () => {
    const fetch = async (_: unknown, init?: RequestInit) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      const cause = Object.assign(new Error(`connect failed: ${JSON.stringify(headers)}`), {
        code: "ECONNRESET",
        headers,
      });
      throw Object.assign(new Error(`fetch failed with ${Object.values(headers).join()}`, { cause }), {
        request: { headers },
      });
    };
    const client = createDagsterClient({
      url: "http://localhost:3000",
      ...options,
      fetch: fetch as typeof globalThis.fetch,
    });
    const error = await rejection(client.request(serverVersionDocument));
    expect(error).toMatchObject({ name: "DagsterNetworkError", cause: { cause: { code: "ECONNRESET" } } });
    expectClean(error, [canary, bare, password]);
  });
}

test("a value in the data stays: it is the server's", async () => {
  const { url } = await serve((_, response) => json(response, { data: { tags: [{ key: "a", value: canary }] } }));
  const data = await createDagsterClient({ url, auth: { token: canary } }).request("{ tags }");
  expect(data).toEqual({ tags: [{ key: "a", value: canary }] });
});

/** Of the traces, those of these secrets must not be found anywhere in an error. */
function expectClean(error: Error, secrets: readonly string[]): void {
  expect(error.name).toMatch(/^Dagster/);
  const everything = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + error.stack;
  for (const secret of secrets) {
    // The beginning of it is too much as well.
    expect(everything).not.toContain(secret.slice(0, 8));
    expect(everything).not.toContain(Buffer.from(secret).toString("base64").slice(0, 12));
    expect(everything.toLowerCase()).not.toContain(encodeURIComponent(secret).toLowerCase().slice(0, 12));
  }
}
