/** Both clients say the same thing in the same words, and take the same options. */
import { type List as AirflowList, createAirflowClient, dagRuns } from "@org/airflow-client";
import { createDagsterClient, type List as DagsterList, runs } from "@org/dagster-client";
import { describe, expect, expectTypeOf, test } from "vitest";

type Options = Pick<
  NonNullable<Parameters<typeof createAirflowClient>[0]>,
  "fetch" | "timeoutMs" | "maxResponseBytes" | "retries" | "auth"
> & { readonly auth?: (context: { refused: unknown; signal: AbortSignal }) => string };

const url = "http://orchestrator.test";
const clients = {
  airflow: (options: Options) => createAirflowClient({ url, ...options }).GET("/api/v2/version"),
  dagster: (options: Options) => createDagsterClient({ url, ...options }).request("{ version }"),
};
const json = (status: number, body: object = { detail: "no" }, headers = {}) =>
  Response.json(body, { status, headers });
const broken = (code: string) =>
  Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error("it broke"), { code }) }));
const rejected = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(Object.entries(clients))("%s", (_, ask) => {
  test.each<[string, string, boolean, () => Response | Promise<Response>]>([
    ["UNAUTHENTICATED", "config", false, () => json(401)],
    ["INVALID_REQUEST", "system", false, () => json(422)],
    ["RATE_LIMITED", "transient", true, () => json(429)],
    ["SERVER_ERROR", "transient", true, () => json(503)],
    ["REDIRECTED", "config", false, () => new Response(null, { status: 302, headers: { location: "http://a.test/" } })],
    ["NOT_AN_API", "config", false, () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["INVALID_JSON", "transient", true, () => new Response("{", { headers: { "content-type": "application/json" } })],
    ["CONNECTION_REFUSED", "transient", true, () => broken("ECONNREFUSED")],
    ["CONNECTION_LOST", "transient", true, () => broken("ECONNRESET")],
    ["HOST_NOT_FOUND", "transient", true, () => broken("ENOTFOUND")],
    ["HOST_UNREACHABLE", "transient", true, () => broken("EHOSTUNREACH")],
    ["TIMEOUT", "transient", true, () => broken("ETIMEDOUT")],
    ["TLS_UNTRUSTED", "config", false, () => broken("DEPTH_ZERO_SELF_SIGNED_CERT")],
    ["TLS_FAILED", "config", false, () => broken("CERT_HAS_EXPIRED")],
    ["NETWORK_FAILED", "transient", true, () => broken("SOMETHING_NEW")],
  ])("says %s, which is %s", async (code, failureType, retryable, answer) => {
    const error = await rejected(ask({ fetch: async () => answer() }));
    expect(error).toMatchObject({ code, failureType, retryable });
  });

  test("says RESPONSE_TOO_LARGE, INVALID_OPTIONS and AUTH_FAILED", async () => {
    const fetch = async () => json(200, { data: { version: "3" }, version: "3".repeat(100) });
    expect(await rejected(ask({ fetch, maxResponseBytes: 10 }))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
    const wrong = async () => ask({ fetch, timeoutMs: 0 });
    expect(await rejected(wrong())).toMatchObject({ code: "INVALID_OPTIONS", failureType: "config" });
    const few = async () => ask({ fetch, retries: -1 });
    expect(await rejected(few())).toMatchObject({ code: "INVALID_OPTIONS" });
    const auth = () => {
      throw new Error("no");
    };
    expect(await rejected(ask({ fetch, auth }))).toMatchObject({ code: "AUTH_FAILED" });
  });

  test("asks the auth function again with the token that was refused, and a signal", async () => {
    const asked: unknown[] = [];
    const auth = ({ refused, signal }: { refused: unknown; signal: AbortSignal }) => {
      asked.push([refused, signal instanceof AbortSignal]);
      return `token-${asked.length}`;
    };
    await rejected(ask({ auth, fetch: async () => json(401, { detail: "Invalid JWT token" }) }));
    expect(asked).toEqual([
      [undefined, true],
      ["token-1", true],
    ]);
  });

  test("repeats a request that reads as often as `retries` says, and not by default", async () => {
    const count = async (options: Options) => {
      let requests = 0;
      const fetch = async () => {
        requests += 1;
        return json(503);
      };
      await rejected(ask({ ...options, fetch }));
      return requests;
    };
    expect(await count({})).toBe(1);
    expect(await count({ retries: 1 })).toBe(2);
  });
});

test("lists are of one type, and take the same options", async () => {
  expectTypeOf<AirflowList<string>>().toEqualTypeOf<DagsterList<string>>();
  const airflow = createAirflowClient({ url });
  const dagster = createDagsterClient({ url });
  const part = { first: 20, pageSize: 50, pageToken: undefined };
  for (const list of [dagRuns.list(airflow, part, { retries: 1 }), runs.list(dagster, part, { retries: 1 })])
    expect(Object.keys(list).sort()).toEqual(["count", "pages", "toArray"]);
  for (const wrong of [{ first: -1 }, { pageSize: 0 }, { first: 1.5 }]) {
    const calls = [async () => dagRuns.list(airflow, wrong).toArray(), async () => runs.list(dagster, wrong).toArray()];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: "INVALID_OPTIONS", retryable: false });
    }
  }
});
