import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { createDagsterClient } from "@org/dagster-client";
import { paginateRuns } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

/** An answer without an end, and whether its reader went away. */
function endless(response: ServerResponse, status: number): Promise<void> {
  response.writeHead(status, { "content-type": "application/json" });
  const more = () => {
    while (!response.destroyed && response.write(" ".repeat(16_384)));
  };
  response.on("drain", more);
  more();
  return new Promise((resolve) => response.on("close", () => resolve()));
}

test.each([200, 500])(
  "an endless %d response is read up to the limit, and its connection is closed",
  async (status) => {
    let closed: Promise<void> | undefined;
    const { url, received } = await serve((_, response) => {
      closed = endless(response, status);
    });
    const client = createDagsterClient({ url, maxResponseBytes: 100_000 });
    const error = await rejection(client.request("query Version { version }"));
    expect(error).toMatchObject({ code: "RESPONSE_TOO_LARGE", retryable: false, status });
    expect(error.message).toContain(`query Version to ${url}`);
    expect(error.message).toContain("100000 bytes");
    expect(error.message).toContain("maxResponseBytes");
    await closed;
    expect(received).toHaveLength(1);
  },
);

test("the length after decompression counts", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
  const { url } = await serve((_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
  });
  const client = createDagsterClient({ url, maxResponseBytes: 1_000_000 });
  expect(await rejection(client.request("{ version }"))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
});

test("a response reports its length, and a request may lower the limit, and not raise it", async () => {
  const body = { data: { version: "ü".repeat(500) } };
  const { url } = await serve((_, response) => json(response, body));
  const bytes = Buffer.byteLength(JSON.stringify(body));
  const client = createDagsterClient({ url, maxResponseBytes: bytes });
  expect(await client.rawRequest("{ version }")).toMatchObject({ bytes });
  const below = { maxResponseBytes: bytes - 1 };
  expect(await rejection(client.rawRequest("{ version }", {}, below))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  const strict = createDagsterClient({ url, ...below });
  const more = { maxResponseBytes: 2 * bytes };
  expect(await rejection(strict.rawRequest("{ version }", {}, more))).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
});

test("`attempt` of a listing can lower one request's limit, and learns the length of its response", async () => {
  const results = [{ runId: "a" }, { runId: "b" }];
  const { url, received } = await serve((_, response) =>
    json(response, { data: { runs: { __typename: "Runs", results } } }),
  );
  const bytes: number[] = [];
  const pages = paginateRuns(createDagsterClient({ url }), {
    trustShortPage: true,
    attempt: async (page) => {
      const tooLow = await rejection(page(undefined, 100, 10));
      expect(tooLow).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
      const answer = await page(undefined, 100);
      bytes.push(answer.bytes);
      return answer;
    },
  });
  for await (const { rows } of pages) expect(rows).toEqual(results);
  expect(bytes).toEqual([JSON.stringify({ data: { runs: { __typename: "Runs", results } } }).length]);
  expect(received).toHaveLength(2);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30])(
  "a limit of %d is rejected",
  async (maxResponseBytes) => {
    const invalid = { code: "INVALID_OPTIONS", message: expect.stringContaining("maxResponseBytes") };
    const url = "http://dagster.test";
    expect(() => createDagsterClient({ url, maxResponseBytes })).toThrow(expect.objectContaining(invalid));
    const request = createDagsterClient({ url }).request("{ version }", {}, { maxResponseBytes });
    expect(await rejection(request)).toMatchObject(invalid);
  },
);
