/** Both clients have one vocabulary: a program that uses both handles an error, or sets an option, in one way. */
import type * as airflow from "@org/airflow-client";
import { createAirflowClient } from "@org/airflow-client";
import type * as dagster from "@org/dagster-client";
import { createDagsterClient } from "@org/dagster-client";
import { expect, expectTypeOf, test } from "vitest";

const url = "http://orchestrator.test";
const rejects = (error: unknown) => () => Promise.reject(error);
const withCode = (code: string) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("it broke"), { code }) });
const answer =
  (status: number, body = "{}", type = "application/json", headers: Record<string, string> = {}) =>
  async () =>
    new Response(body, { status, headers: { "content-type": type, ...headers } });

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(() => undefined).catch((error: unknown) => error);
  if (error instanceof Error) return error;
  throw new Error("It was expected to fail, and did not.");
}

const makers = { airflow: createAirflowClient, dagster: createDagsterClient };
type Shared = Parameters<typeof createAirflowClient>[0] & Parameters<typeof createDagsterClient>[0];
const askWith = (name: keyof typeof makers, options: Omit<Shared, "url">) =>
  failure(
    name === "airflow"
      ? createAirflowClient({ url, ...options }).request("GET", "/x")
      : createDagsterClient({ url, ...options }).request("{ version }"),
  );
const names = ["airflow", "dagster"] as const;

test.each<[string, () => Promise<Response>, object]>([
  ["nothing listens", rejects(withCode("ECONNREFUSED")), { code: "CONNECTION_REFUSED", retryable: true }],
  ["the connection breaks", rejects(withCode("ECONNRESET")), { code: "CONNECTION_LOST", retryable: true }],
  ["an unknown host", rejects(withCode("ENOTFOUND")), { code: "HOST_NOT_FOUND", retryable: true }],
  ["no route", rejects(withCode("EHOSTUNREACH")), { code: "HOST_UNREACHABLE", retryable: true }],
  ["an unknown authority", rejects(withCode("DEPTH_ZERO_SELF_SIGNED_CERT")), { code: "TLS_UNTRUSTED" }],
  ["an old certificate", rejects(withCode("CERT_HAS_EXPIRED")), { code: "TLS_FAILED", failureType: "config" }],
  ["something new", rejects(withCode("SOMETHING_NEW")), { code: "NETWORK_FAILED", retryable: true }],
  ["no credentials", answer(401), { code: "UNAUTHENTICATED", failureType: "config" }],
  ["a wrong request", answer(400), { code: "INVALID_REQUEST", failureType: "system" }],
  ["too many requests", answer(429), { code: "RATE_LIMITED", failureType: "transient" }],
  ["a failure", answer(500), { code: "SERVER_ERROR", retryable: true }],
  ["a busy server", answer(503), { code: "SERVER_ERROR", retryable: true }],
  ["a redirect", answer(302, "", "text/html", { location: "http://a.test" }), { code: "REDIRECTED" }],
  ["a login page", answer(200, "<html>", "text/html"), { code: "NOT_AN_API", failureType: "config" }],
  ["half of the JSON", answer(200, '{"a":'), { code: "INVALID_JSON", retryable: true }],
])("%s", async (_, fetch, expected) => {
  const errors = await Promise.all(names.map((name) => askWith(name, { fetch })));
  expect(errors).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
  expect(new Set(errors.map((error) => (error as { failureType?: string }).failureType)).size).toBe(1);
});

test.each(names)("%s: options and credentials", async (name) => {
  const unauthorized = answer(401);
  expect(await askWith(name, { auth: { token: "a" }, fetch: unauthorized })).toMatchObject({ code: "TOKEN_REFUSED" });
  const asked: unknown[] = [];
  const auth = ({ refused, signal }: { readonly refused: string | undefined; readonly signal: AbortSignal }) => {
    asked.push([refused, signal.aborted]);
    return `token-${asked.length}`;
  };
  expect(await askWith(name, { auth, fetch: unauthorized })).toMatchObject({ failureType: "config" });
  expect(asked).toEqual([
    [undefined, false],
    ["token-1", false],
  ]);
  const throws = () => Promise.reject(new Error("the vault is shut"));
  expect(await askWith(name, { auth: throws })).toMatchObject({ code: "AUTH_FAILED", failureType: "config" });
  const large = answer(200, '{"data":{"version":"1"}}');
  expect(await askWith(name, { fetch: large, maxResponseBytes: 3 })).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  const never = () => new Promise<Response>(() => {});
  expect(await askWith(name, { fetch: never, timeoutMs: 10 })).toMatchObject({ code: "TIMEOUT", retryable: true });
  let sent = 0;
  const busy = async () => {
    sent += 1;
    return new Response("{}", { status: 503, headers: { "content-type": "application/json", "retry-after": "0" } });
  };
  await askWith(name, { fetch: busy, retries: 1 });
  expect(sent).toBe(2);
  expect(() => makers[name]({ url, retries: -1 })).toThrow(expect.objectContaining({ code: "INVALID_OPTIONS" }));
});

test("what both clients export as types has one name, or a name of its own", () => {
  expectTypeOf<airflow.List<1>>().toEqualTypeOf<dagster.List<1>>();
  expectTypeOf<airflow.Page<1>>().toEqualTypeOf<dagster.Page<1>>();
  expectTypeOf<airflow.ListOptions>().toEqualTypeOf<dagster.ListOptions>();
  expectTypeOf<airflow.WaitOptions>().toEqualTypeOf<dagster.WaitOptions>();
  expectTypeOf<airflow.FailureType>().toEqualTypeOf<dagster.FailureType>();
  expectTypeOf<airflow.AirflowAuthContext>().toEqualTypeOf<dagster.DagsterAuthContext>();
  expectTypeOf<keyof airflow.AirflowRequest>().toEqualTypeOf<keyof dagster.DagsterRequest>();
  expectTypeOf<keyof airflow.AirflowExchange>().toEqualTypeOf<keyof dagster.DagsterExchange>();
  expectTypeOf<Exclude<keyof dagster.DagsterClientOptions, "tokenHeader">>().toEqualTypeOf<
    keyof airflow.AirflowClientOptions
  >();
});
