/** The function that gives credentials, and what a header may be. */
import { inspect } from "node:util";
import { createDagsterClient, type DagsterAuthContext } from "@org/dagster-client";
import { serverVersionDocument } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

/** A server that lets one token in. */
const guarded = (token: string) =>
  serve(({ headers }, response) =>
    headers["x-token"] === token
      ? json(response, { data: { version: "1.13.27", run: null } })
      : json(response, { errors: [{ message: `no ${headers["x-token"]}` }] }, 401),
  );

const tokenHeader = "x-token";

test("the function is called once more if its token is rejected, with the rejected one", async () => {
  const { url, received } = await guarded("second-token");
  const asked: (string | undefined)[] = [];
  const auth = ({ refused }: DagsterAuthContext) => {
    asked.push(refused);
    return refused ? "second-token" : "first-token";
  };
  const client = createDagsterClient({ url, auth, tokenHeader });
  expect(await client.request(serverVersionDocument)).toMatchObject({ version: "1.13.27" });
  expect(asked).toEqual([undefined, "first-token"]);
  expect(received).toHaveLength(2);
  await client.request(serverVersionDocument);
  expect(asked).toHaveLength(2);
});

test("parallel requests share one token, and one renewal", async () => {
  const { url } = await guarded("second-token");
  const asked: (string | undefined)[] = [];
  const auth = async ({ refused }: DagsterAuthContext) => {
    asked.push(refused);
    return refused ? "second-token" : "first-token";
  };
  const client = createDagsterClient({ url, auth, tokenHeader });
  await Promise.all(Array.from({ length: 5 }, () => client.request(serverVersionDocument)));
  expect(asked).toEqual([undefined, "first-token"]);
});

test("and not a third time; neither of its tokens is in the error", async () => {
  const { url, received } = await guarded("another");
  const auth = ({ refused }: DagsterAuthContext) => (refused ? "CANARY-second" : "CANARY-first");
  const error = await rejection(createDagsterClient({ url, auth, tokenHeader }).request(serverVersionDocument));
  expect(error).toMatchObject({ code: "TOKEN_REFUSED" });
  expect(received).toHaveLength(2);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("CANARY");
});

test("a function that returns the same token again is not asked a third time", async () => {
  const { url, received } = await guarded("another");
  const client = createDagsterClient({ url, auth: () => "first-token", tokenHeader });
  expect(await rejection(client.request(serverVersionDocument))).toMatchObject({ code: "TOKEN_REFUSED" });
  expect(received).toHaveLength(1);
});

test.each([
  ["no credentials", {}, 401, "UNAUTHENTICATED"],
  ["no credentials", {}, 403, "UNAUTHENTICATED"],
  ["headers", { headers: { "x-key": "canary-1" } }, 401, "INVALID_CREDENTIALS"],
  ["headers", { headers: { "x-key": "canary-1" } }, 403, "FORBIDDEN"],
  ["a token", { auth: { token: "canary-1" } }, 401, "TOKEN_REFUSED"],
  ["a token", { auth: { token: "canary-1" } }, 403, "FORBIDDEN"],
])("a client with %s (%j) and HTTP %i: %s", async (_, options, status, code) => {
  const { url } = await serve((__, response) => json(response, { errors: [{ message: "no" }] }, status));
  const error = await rejection(createDagsterClient({ url, ...options }).request(serverVersionDocument));
  expect(error).toMatchObject({ code, failureType: "config", retryable: false });
});

test("the function's signal aborts with the call's, which rejects at once", async () => {
  let stopped = false;
  const started = Promise.withResolvers<void>();
  const auth = ({ signal }: DagsterAuthContext) => {
    started.resolve();
    signal.addEventListener("abort", () => {
      stopped = true;
    });
    return new Promise<string>(() => {});
  };
  const client = createDagsterClient({ url: "http://dagster.invalid", auth });
  const controller = new AbortController();
  const call = client.request(serverVersionDocument, {}, { signal: controller.signal });
  await started.promise;
  controller.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  await expect.poll(() => stopped).toBe(true);
});

test("a function that returns nothing is blamed for it, not the server", async () => {
  const auth = () => new Promise<string>(() => {});
  const client = createDagsterClient({ url: "http://dagster.invalid", auth, timeoutMs: 20 });
  const error = await rejection(client.request(serverVersionDocument, {}, { timeoutMs: 60_000 }));
  expect(error).toMatchObject({ code: "TIMEOUT", retryable: true });
  expect(error.message).toContain("was not sent: its `auth` function took over 20 ms.");
});

test("an error of the function is reported, shortened if it is too long", async () => {
  const auth = () => Promise.reject(new Error(`the vault is shut ${"x".repeat(3_000_000)}`));
  const error = await rejection(createDagsterClient({ url: "http://d.invalid", auth }).request(serverVersionDocument));
  expect(error).toMatchObject({ code: "AUTH_FAILED" });
  expect(error.message).toContain("the `auth` function failed: the vault is shut");
  expect(inspect(error, { depth: 9, maxStringLength: null }).length).toBeLessThan(50_000);
});

test.each([
  ["a line break", "CANARY-first\nCANARY-second"],
  ["a NUL", "CANARY-first\0CANARY-second"],
  ["a snowman", "CANARY-first☃"],
  ["two million characters", "CANARY".repeat(333_334)],
])("a value that no header can carry is rejected without being repeated: %s", async (_, value) => {
  const options = { url: "http://dagster.invalid" };
  const client = createDagsterClient({ ...options, auth: () => value });
  const error = await rejection(client.request(serverVersionDocument));
  expect(error).toMatchObject({ code: "AUTH_FAILED" });
  expect(inspect(error, { depth: 9, showHidden: true, maxStringLength: null })).not.toContain("CANARY");
  for (const wrong of [{ auth: { token: value } }, { headers: { "x-token": value } }]) {
    expect(() => createDagsterClient({ ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS", message: expect.not.stringContaining("CANARY") }),
    );
  }
});
