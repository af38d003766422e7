/** What a token may be, wherever it comes from, and who waits for one. */
import { inspect } from "node:util";
import { createAirflowClient } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { json, serve } from "./support/server.ts";

const version = "/api/v2/version";

/** A login that gives this token, and an API that takes any. */
const issuing = (token: unknown) =>
  serve(({ url }, response) =>
    url === "/auth/token" ? json(response, { access_token: token }, 201) : json(response, { version: "3.3.2" }),
  );

describe("a token that no header can carry is rejected without being repeated", () => {
  test.each([
    ["a line break", "CANARY-first\nCANARY-second", "it contains a space or a line break"],
    ["a NUL", "CANARY-first\0CANARY-second", "it contains a character that no token has"],
    ["a snowman", "CANARY-first☃", "it contains a character that no token has"],
    ["two million characters", "CANARY".repeat(333_334), "it is longer than 65536 characters"],
  ])("%s", async (_, token, problem) => {
    const server = await issuing(token);
    const ways = [
      createAirflowClient({ url: server.url, auth: { username: "ann", password: "hunter2!" } }),
      createAirflowClient({ url: server.url, auth: () => token }),
    ];
    for (const client of ways) {
      const error = await failure(client.GET(version));
      expect(error.message).toContain(problem);
      expect(error.message.length).toBeLessThan(500);
      expect(inspect(error, { depth: 9, showHidden: true, maxStringLength: null })).not.toContain("CANARY");
    }
    expect(() => createAirflowClient({ url: server.url, auth: { token } })).toThrow(/^auth\.token /);
  });

  test("surrounding whitespace is ignored", async () => {
    const server = await issuing(" token-1\n");
    const client = createAirflowClient({ url: server.url, auth: { username: "ann", password: "hunter2!" } });
    await client.GET(version);
    expect(server.received[1]?.headers.authorization).toBe("Bearer token-1");
  });
});

test("a password of any length is redacted from what a server says", async () => {
  const password = "CANARY-*(".repeat(250_000);
  const server = await serve(({ body }, response) => json(response, { detail: `You sent ${body}` }, 500));
  const client = createAirflowClient({ url: server.url, auth: { username: "ann", password } });
  const error = await failure(client.GET(version));
  expect(error.message).toContain("[redacted]");
  expect(inspect(error, { maxStringLength: null })).not.toContain("CANARY");
});

test("what a function throws is shortened if it is too long", async () => {
  const client = createAirflowClient({
    url: "http://airflow.invalid",
    auth: () => Promise.reject(new Error("x".repeat(3_000_000))),
  });
  const error = await failure(client.GET(version));
  expect(inspect(error, { depth: 9, maxStringLength: null }).length).toBeLessThan(50_000);
});

test.each([
  ["hunter2!\n", "The password ends with a line break: is that part of it?"],
  ["hunter2!\r\n", "The password ends with a line break: is that part of it?"],
  ["hunter2! ", "The password ends with a blank: is that part of it?"],
  ["\thunter2!", "The password begins with a blank: is that part of it?"],
])("a rejected password %j was sent unchanged, and the error mentions an odd ending", async (password, hint) => {
  const server = await serve((_, response) => json(response, { detail: "Invalid credentials" }, 401));
  const client = createAirflowClient({ url: server.url, auth: { username: "ann", password } });
  const error = await failure(client.GET(version));
  expect(error).toMatchObject({ code: "INVALID_CREDENTIALS" });
  expect(error.message).toBe(`POST ${server.url}/auth/token answered 401: wrong user name or password. ${hint}`);
  expect(JSON.parse(server.received[0]?.body ?? "")).toMatchObject({ password });
});

describe("a function that provides tokens", () => {
  /** A function that never answers, and notes when it is told to stop. */
  function endless() {
    const told = { started: 0, stopped: 0 };
    const auth = ({ signal }: { readonly signal: AbortSignal }) => {
      told.started += 1;
      signal.addEventListener("abort", () => {
        told.stopped += 1;
      });
      return new Promise<string>(() => {});
    };
    return { told, client: createAirflowClient({ url: "http://airflow.invalid", auth }) };
  }

  test("is aborted once the last waiting call has gone", async () => {
    const { told, client } = endless();
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [first, second].map(({ signal }) => client.GET(version, { signal }));
    const settled = Promise.allSettled(calls);
    first.abort(new Error("enough"));
    await expect(calls[0]).rejects.toThrow("enough");
    expect(told).toEqual({ started: 1, stopped: 0 });
    second.abort(new Error("enough too"));
    await settled;
    expect(told).toEqual({ started: 1, stopped: 1 });
  });

  test("is called again by the next call after that", async () => {
    const { told, client } = endless();
    const first = new AbortController();
    const call = client.GET(version, { signal: first.signal });
    first.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    const next = new AbortController();
    const again = client.GET(version, { signal: next.signal });
    await Promise.resolve();
    expect(told.started).toBe(2);
    next.abort(new Error("enough"));
    await expect(again).rejects.toThrow("enough");
  });

  test("is blamed for its own slowness, not the server", async () => {
    const { client } = endless();
    const error = await failure(client.GET(version, { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(error.message).toBe("Got no token within 20 ms: the auth function took too long.");
  });
});
