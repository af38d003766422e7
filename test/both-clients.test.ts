/** Behavior that was once implemented twice, and better in one client: both must have it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { describe, expect, test } from "vitest";

interface Options {
  readonly headers?: Record<string, string>;
  readonly fetch?: () => Promise<Response>;
}

const url = "http://orchestrator.test";

/** Sends a request, and returns its error. */
const clients = {
  airflow: (options: Options) => failure(createAirflowClient({ url, ...options }).request("GET", "/x")),
  dagster: (options: Options) => failure(createDagsterClient({ url, ...options }).request("{ version }")),
};

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(() => undefined).catch((error: unknown) => error);
  if (error instanceof Error) return error;
  throw new Error("Expected the request to fail.");
}

const everything = (error: Error) => inspect(error, { depth: 20, showHidden: true, maxStringLength: null });
const says = (body: string, type = "text/plain") => {
  const init = { status: 500, headers: { "content-type": type } };
  return async () => new Response(body, init);
};
const rejects = (error: unknown) => () => Promise.reject(error);
const withCode = (code: string, message = "it broke") =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
const base64 = (text: string, encoding: "base64" | "base64url" = "base64") => Buffer.from(text).toString(encoding);
const escaped = (text: string) =>
  Array.from(text, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

describe.each(Object.entries(clients))("%s", (_, ask) => {
  const sent = 'canary>>>???"\\e~/+=0123';
  const headers = { "x-key": sent };

  test.each([
    ["as it is", sent],
    ["in base64, after nothing", base64(sent)],
    ["in base64, after one byte", base64(`a${sent}bc`)],
    ["in base64, after two bytes", base64(`ab${sent}bc`)],
    ["in base64 for URLs, after a name", base64(`me:${sent}bc`, "base64url")],
    ["in a URL", encodeURIComponent(sent)],
    ["in a URL with small hexadecimals", encodeURIComponent(sent).replace(/%../g, (code) => code.toLowerCase())],
    ["in a form", new URLSearchParams({ a: sent }).toString()],
    ["in JSON", JSON.stringify({ a: sent })],
  ])("no header is in an error when the server repeats it %s", async (_where, text) => {
    const error = await ask({ headers, fetch: says(text) });
    expect(everything(error)).toContain("[redacted]");
    expect(everything(error)).not.toMatch(/canary|Y2FuYXJ5|NhbmFye|jYW5hcn/);
  });

  test.each([
    ["config", async () => new Response("{}", { status: 401, headers: { "content-type": "application/json" } })],
    ["config", rejects(withCode("DEPTH_ZERO_SELF_SIGNED_CERT"))],
    ["transient", rejects(withCode("ECONNRESET"))],
    ["system", async () => new Response("{}", { status: 422, headers: { "content-type": "application/json" } })],
  ])("an error says which type of failure it is: %s", async (failureType, fetch) => {
    expect(await ask({ fetch })).toMatchObject({ failureType, retryable: failureType === "transient" });
  });

  test("nor if it is written with needless escapes", async () => {
    const error = await ask({ headers, fetch: says(`{"a":"${escaped(sent)}"}`, "application/json") });
    expect(everything(error)).toContain("[redacted]");
    expect(everything(error)).not.toMatch(/canary|\\u0063/);
  });

  test.each([
    ["what follows a scheme", "Bearer abc123", "abc123"],
    ["a short word of a cookie", "session=abc12; theme=dark", "abc12"],
    ["a password after a name", "user:abc123", "abc123"],
    ["a password of Basic", `Basic ${base64("me:abc123")}`, "abc123"],
    ["a password of Basic that is not ASCII", `Basic ${base64("me:pässwörd")}`, "pässwörd"],
    ["a short value in base64", "ab>>", base64("ab>>").replace(/=+$/, "")],
    ["a long word within", "key=canary-one=canary-two", "canary-one"],
    ["one that is longer than another", "abcdef abcdefghi", "abcdefghi"],
  ])("%s is a secret by itself", async (_what, value, secret) => {
    const error = await ask({ headers: { "x-key": value }, fetch: says(`it was <${secret}>`) });
    expect(everything(error)).toContain("it was <[redacted]>");
  });

  test("a short value is redacted only as a whole word", async () => {
    const error = await ask({ headers: { "x-key": "air" }, fetch: says('Airflow: "air", fair') });
    const said = everything(error).replaceAll("\\", "");
    expect(said).toContain('Airflow: "[redacted]", fair');
  });

  const bytesOf = (before: string, after: string) =>
    Buffer.concat([Buffer.from(before), Buffer.of(0xe9), Buffer.from(after)]);

  test.each([
    ["in the middle", bytesOf('{"data":{"version":"3', '"}}')],
    ["at its end", bytesOf('{"data":{"version":"3"}}', "")],
  ])("a response with an invalid UTF-8 byte %s is garbled, not text with another character", async (_where, body) => {
    const init = { status: 200, headers: { "content-type": "application/json" } };
    const error = await ask({ fetch: async () => new Response(body, init) });
    expect(error).toMatchObject({ code: "INVALID_JSON", retryable: true });
  });

  test("an error in another encoding is still reported", async () => {
    const init = { status: 503, headers: { "content-type": "text/plain" } };
    const error = await ask({ fetch: async () => new Response(bytesOf("ferm", " pour travaux"), init) });
    expect(error).toMatchObject({ status: 503, retryable: true, message: expect.stringContaining("pour travaux") });
  });

  test("headers without credentials cause no redaction", async () => {
    const error = await ask({ headers: { accept: "text/plain" }, fetch: says("wanted: text/plain") });
    expect(everything(error)).toContain("wanted: text/plain");
  });

  test("circular causes, and causes that are not errors, are kept as far as they are useful", async () => {
    const circle = Object.assign(new Error(`sent ${sent}`), { cause: undefined as unknown });
    circle.cause = circle;
    for (const thrown of [circle, `sent ${sent}`]) {
      const error = await ask({ headers, fetch: rejects(thrown) });
      expect(everything(error)).toContain("sent [redacted]");
      expect(everything(error)).not.toContain("canary");
    }
  });

  test.each([
    ["ECONNRESET", true],
    ["ERR_TLS_HANDSHAKE_TIMEOUT", true],
    ["CERT_HAS_EXPIRED", false],
    ["CERT_REVOKED", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", false],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", false],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", false],
    ["EPROTO", false],
    ["HPE_INVALID_CONSTANT", false],
    ["SOMETHING_NEW", true],
  ])("a connection that fails with %s may be retried: %s", async (code, retryable) => {
    expect(await ask({ fetch: rejects(withCode(code)) })).toMatchObject({ retryable });
  });

  test("a system timeout is a timeout", async () => {
    expect(await ask({ fetch: rejects(withCode("ETIMEDOUT")) })).toMatchObject({ code: "TIMEOUT", retryable: true });
  });

  test("if none of a host's addresses answers, the error says why", async () => {
    const refused = ["::1", "127.0.0.1"].map((at) =>
      Object.assign(new Error(`connect ECONNREFUSED ${at}`), { code: "ECONNREFUSED" }),
    );
    const error = await ask({ fetch: rejects(new TypeError("fetch failed", { cause: new AggregateError(refused) })) });
    expect(error.message).toMatch(/nothing listens at that address.*is .* running/i);
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a port that fetch does not allow is reported as such, and not retried", async () => {
    const error = await ask({ fetch: rejects(new TypeError("fetch failed", { cause: new Error("bad port") })) });
    expect(error).toMatchObject({ retryable: false });
    expect(error.message).toMatch(/fetch does not allow this port/i);
  });

  test("a proxy that requires a login is suspected, although fetch does not tell its status", async () => {
    const proxy = createServer((_request, response) => response.writeHead(407).end()).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    try {
      const error = await ask({ fetch: () => fetch(`http://127.0.0.1:${port}`) });
      expect(error).toMatchObject({ code: "NETWORK_FAILED", retryable: false });
      expect(error.message).toMatch(/407.*proxy may require a password/);
    } finally {
      proxy.close();
    }
  });

  test("a message that mentions a code does not count as that code", async () => {
    const error = await ask({ fetch: rejects(new Error("CERT_HAS_EXPIRED is one of our codes")) });
    expect(error).toMatchObject({ retryable: true });
    expect(error.message).toContain("is one of our codes");
  });
});

const makers = {
  airflow: (headers: HeadersInit) => createAirflowClient({ url: url, headers }),
  dagster: (headers: HeadersInit) => createDagsterClient({ url, headers }),
};

describe.each(Object.entries(makers))("%s", (_, make) => {
  test.each([
    ["a line break", { "x-key": "canary\r\nx: y" }, /HTTP does not allow/],
    ["another control character", { "x-key": "canary\u0001" }, /HTTP does not allow/],
    ["a snowman", { "x-key": "canary☃" }, /HTTP does not allow/],
    ["a name that is none", { "x canary": "y" }, /HTTP does not allow/],
    ["a length", { "content-length": "7777" }, /the header content-length is managed by the connection: leave it out/i],
    ["an encoding of the connection", { "Transfer-Encoding": "canary" }, /the header transfer-encoding is managed/i],
    ["the connection", { Connection: "canary" }, /the header connection is managed/i],
    ["an expectation", { Expect: "100-continue" }, /the header expect is managed/i],
  ])("an impossible header is rejected before anything is sent: %s", (_what, headers, message) => {
    const error = thrownBy(() => make(headers as Record<string, string>));
    expect(error).toMatchObject({ code: "INVALID_OPTIONS", message: expect.stringMatching(message) });
    expect(everything(error)).not.toMatch(/canary|7777/);
  });

  test("valid headers are accepted", () => {
    expect(make({ "x-key": "a\tb ü", host: "other.example.com" })).toBeDefined();
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("Expected the call to throw.");
}

test("a call's own secrets are found however many other calls are running", async () => {
  const answers: (() => void)[] = [];
  const client = createAirflowClient({
    url: url,
    fetch: (_, init) =>
      new Promise((resolve) => {
        answers.push(() => resolve(new Response(new Headers(init.headers).get("x-key"), { status: 500 })));
      }),
  });
  const calls = Array.from({ length: 40 }, (_, index) => {
    const params = { header: { "x-key": `canary-${index}-end` } } as object;
    return failure(client.GET("/api/v2/version", params));
  });
  for (const answer of answers) answer();
  for (const error of await Promise.all(calls)) expect(everything(error)).not.toContain("canary");
});

test("a token that Dagster's auth function returned earlier is in no later error", async () => {
  const tokens = ["canary-first", "second-token"];
  let asked = 0;
  const client = createDagsterClient({
    url,
    auth: () => tokens[asked++]!,
    fetch: async () => new Response("no canary-first here", { status: 401 }),
  });
  for (const _ of tokens) expect(everything(await failure(client.request("{ version }")))).not.toContain("canary");
});
