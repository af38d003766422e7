import { createDagsterClient, DagsterResponseError, type DagsterResultError, unwrap } from "@org/dagster-client";
import { serverVersionDocument } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

type Reply = { status: number; body: unknown; headers?: Record<string, string> };

/** What a request makes of one answer of the server. */
async function ask({ status, body, headers = {} }: Reply): Promise<unknown> {
  const { url } = await serve((_, response) => {
    if (typeof body !== "string") return json(response, body, status, headers);
    response.writeHead(status, headers).end(body);
  });
  return createDagsterClient({ url }).request(String(serverVersionDocument));
}

async function failure(reply: Reply): Promise<DagsterResponseError> {
  const error = await rejection<DagsterResponseError>(ask(reply));
  expect(error).toBeInstanceOf(DagsterResponseError);
  expect(error.message).toMatch(
    /^The Dagster query ServerVersion to http:\/\/127\.0\.0\.1:\d+\/graphql failed \(HTTP \d+\): /,
  );
  expect(error.status).toBe(reply.status);
  return error;
}

const stack = { errorInfo: { stack: ['File "secret/place.py", line 1'] } };

test("a 500 with complete data and a PythonError is data, and unwrap throws the PythonError", async () => {
  const member = {
    __typename: "PythonError",
    message: "sqlalchemy.exc.OperationalError: timeout\n\nStack Trace:\n  File x.py",
    className: "OperationalError",
  };
  const data = (await ask({ status: 500, body: { data: { version: "1.13.27", runs: member } } })) as {
    version: string;
    runs: { __typename: "PythonError" };
  };
  expect(data.version).toBe("1.13.27");
  const error = await rejection<DagsterResultError>(Promise.resolve().then(() => unwrap(data.runs, "Runs" as never)));
  expect(error).toMatchObject({
    name: "DagsterResultError",
    typename: "PythonError",
    className: "OperationalError",
    retryable: true,
  });
  expect(error.message).not.toContain("x.py");
});

test("a 500 whose error the document did not select is a failure, not an empty result", async () => {
  expect(await failure({ status: 500, body: { data: { runs: {} } } })).toMatchObject({
    code: "SERVER_ERROR",
    retryable: true,
  });
  expect(await failure({ status: 500, body: { data: { runs: { __typename: "RunNotFoundError" } } } })).toMatchObject({
    retryable: true,
  });
});

test.each([500, 400])("a wrong variable is permanent, although its status is %i", async (status) => {
  const body = {
    data: null,
    errors: [{ message: "Variable '$limit' got invalid value 'x'; Int cannot represent", extensions: stack }],
  };
  const error = await failure({ status, body });
  expect(error).toMatchObject({ code: "INVALID_REQUEST", retryable: false });
  expect(error.errors).toEqual([
    { message: "Variable '$limit' got invalid value 'x'; Int cannot represent", path: undefined },
  ]);
  expect(JSON.stringify(error) + error.message).not.toContain("place.py");
});

test.each([
  [
    "SERVER_TOO_OLD",
    "Cannot query field 'creationTime' on type 'Run'. Did you mean 'startTime'?",
    "Run.creationTime (which Dagster 1.10.21 has)",
  ],
  [
    "SERVER_TOO_OLD",
    "Unknown argument 'assetPartitionRanges' on field 'Mutation.wipeAssets'.",
    "Mutation.wipeAssets(assetPartitionRanges:) (which Dagster 1.10.21 has)",
  ],
  [
    "SERVER_TOO_OLD",
    "Variable '$p' got invalid value {}; Field 'runConfigData' is not defined by type 'LaunchBackfillParams'.",
    "LaunchBackfillParams.runConfigData (which Dagster 1.13.27 has)",
  ],
  [
    "SERVER_TOO_OLD",
    "Variable '$p' got invalid value 'FROM_ASSET_FAILURE' at 'p.strategy'; Value 'FROM_ASSET_FAILURE' does not exist in 'ReexecutionStrategy' enum.",
    "ReexecutionStrategy.FROM_ASSET_FAILURE (which Dagster 1.10.21 has)",
  ],
])("%s: names what an older server lacks, and which version introduced it: %s", async (code, message, lacks) => {
  const error = await failure({ status: 400, body: { data: null, errors: [{ message }] } });
  expect(error).toMatchObject({ code, retryable: false });
  expect(error.message).toContain(`This server's version lacks ${lacks}; this client targets Dagster 1.13.27.`);
});

test.each([
  ["of this version", "1.13.27", false],
  ["of another version", "1.14.2", true],
  ["that does not say its version", undefined, false],
])("a misspelt field is a mistake, and a server %s is named only if it may explain it", async (_, version, isNamed) => {
  const message = "Cannot query field 'creationTme' on type 'Run'. Did you mean 'creationTime'?";
  const { url, received } = await serve(({ body }, response) =>
    body.query === "{ version }"
      ? json(response, version ? { data: { version } } : {}, version ? 200 : 503)
      : json(response, { data: null, errors: [{ message }] }, 400),
  );
  const error = await rejection(createDagsterClient({ url }).request("{ runs { creationTme } }"));
  expect(error).toMatchObject({ code: "INVALID_REQUEST", retryable: false });
  expect(error.message).toContain("The query or its variables are wrong; a retry will not help.");
  expect(error.message.includes(`The server is Dagster ${version}, this client targets 1.13.27.`)).toBe(isNamed);
  expect(received).toHaveLength(2);
});

test.each(["year 58883 is out of range", "[Errno 75] Value too large for defined data type"])(
  "a time in the wrong unit is the caller's mistake, though the server answers 500: %s",
  async (message) => {
    const error = await failure({ status: 500, body: { data: null, errors: [{ message }] } });
    expect(error).toMatchObject({ code: "INVALID_REQUEST", retryable: false });
  },
);

test("a real failure is retryable, and its stack trace stays out of the error", async () => {
  const errors = [
    { message: "canceling statement due to statement timeout", path: ["runsOrError", "results"], extensions: stack },
  ];
  for (const data of [null, { runsOrError: { __typename: "PythonError" } }]) {
    const error = await failure({ status: 500, body: { data, errors } });
    expect(error).toMatchObject({ code: "SERVER_ERROR", retryable: true });
    expect(error.errors).toEqual([
      { message: "canceling statement due to statement timeout", path: ["runsOrError", "results"] },
    ]);
    expect(JSON.stringify(error) + error.message + error.cause).not.toContain("place.py");
  }
});

test.each([
  [500, "SERVER_ERROR", true],
  [502, "SERVER_ERROR", true],
  [503, "SERVER_ERROR", true],
  [504, "SERVER_ERROR", true],
  [408, "SERVER_ERROR", true],
  [429, "RATE_LIMITED", true],
  [400, "INVALID_REQUEST", false],
  [401, "UNAUTHENTICATED", false],
  [403, "UNAUTHENTICATED", false],
  [404, "WRONG_URL", false],
  [405, "WRONG_URL", false],
])("HTTP %i without a GraphQL body is %s, retryable %s", async (status, code, retryable) => {
  const error = await failure({ status, body: "Something happened", headers: { "content-type": "text/plain" } });
  expect(error).toMatchObject({ code, retryable, errors: [] });
  expect(error.message).toContain('it answered text/plain, "Something happened"');
});

test.each([
  ["7", 7000],
  ["0", 0],
  ["0.0001", 1],
  ["-5", undefined],
  ["Sat, 21 Nov 2026 10:00:30 GMT", 30_000],
  ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
  ["soon", undefined],
])("Retry-After: %s is %s ms, by the server's clock", async (value, retryAfterMs) => {
  const headers = { "retry-after": value, date: "Sat, 21 Nov 2026 10:00:00 GMT" };
  expect(await failure({ status: 429, body: "", headers })).toMatchObject({ retryAfterMs });
});

test("errors next to partial data are an error, never the partial data", async () => {
  const error = await failure({
    status: 200,
    body: { data: { version: "1.13.27", runs: null }, errors: [{ message: "database is locked" }] },
  });
  expect(error).toMatchObject({ code: "SERVER_ERROR", retryable: true });
  expect(error.message).toContain("only a part of the data arrived. database is locked");
});

test("a login page with status 200 is a permanent error", async () => {
  const body = "<html><title>Sign in</title></html>";
  const error = await failure({ status: 200, body, headers: { "content-type": "text/html; charset=utf-8" } });
  expect(error).toMatchObject({ code: "NOT_AN_API", retryable: false });
  expect(error.message).toContain('text/html, "Sign in"');
});

test.each([
  ["truncated JSON", '{"data":{"version":"1.1', "application/json", "not a complete GraphQL response"],
  ["JSON that is sent as text", '{"data":{"version":"1.13.27"}}', "text/plain", "it answered text/plain"],
  ["an empty body", "", "application/json", "without a body"],
  ["JSON of another API", '{"detail":"hello"}', "application/json", "not a complete GraphQL response"],
  ["no data and no errors", '{"data":null}', "application/json", "not a complete GraphQL response"],
  ["a list", "[]", "application/json", "not a complete GraphQL response"],
])("%s is an error, not an empty result", async (_, body, type, says) => {
  const error = await failure({ status: 200, body, headers: { "content-type": type } });
  expect(error).toMatchObject({ code: "INVALID_JSON", retryable: true });
  expect(error.message).toContain(says);
});

test("a redirect is not followed, since it would carry the credentials along", async () => {
  const target = await serve((_, response) => json(response, { data: { version: "stolen" } }));
  const error = await failure({ status: 307, body: "", headers: { location: `${target.url}?secret=1` } });
  expect(error).toMatchObject({ code: "REDIRECTED", retryable: false });
  expect(error.message).toContain(`it redirects to ${new URL(target.url).origin}, and`);
  expect(target.received).toEqual([]);
});
