/** Faults of networks, proxies and busy servers during a sync of Dagster. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createDagsterClient, type DagsterClientOptions } from "@org/dagster-client";
import { memoryDestination } from "@org/destination/memory";
import {
  createDemoDagsterWorld,
  type Fault,
  type SimulatedRequest,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { dagster, defaultDagsterTables, sensorsTable } from "@org/sources/dagster";
import { SyncError, type SyncOptions, sync } from "@org/sync-engine";
import { differences } from "@org/testkit/compare";
import { describe, expect, onTestFinished, test } from "vitest";

const operations = ["Definitions", "RunsPage", "RunIdsPage", "RunChanges", "EventAssets"];
const isAsked = (operation: string) => (request: SimulatedRequest) =>
  new RegExp(`query ${operation}\\b`).test(request.text);

/** A Dagster that was synced and has changed since, so that the next sync sends every kind of request. */
async function setUp(options: { readonly client?: Partial<DagsterClientOptions> } = {}) {
  const world = createDemoDagsterWorld({ runs: 40 });
  const server = await startDagsterSimulator({ world });
  onTestFinished(() => server.close());
  const destination = memoryDestination();
  const syncNow = (overrides: Partial<SyncOptions> & { readonly client?: Partial<DagsterClientOptions> } = {}) => {
    const { client: own, ...rest } = overrides;
    const client = createDagsterClient({ url: server.url, ...options.client, ...own });
    return sync({
      source: dagster({ client, pageSize: 30, overlapMs: 1000 }),
      destination,
      pipeline: "faults",
      reconcile: true,
      requests: { retries: 4, retryWaitMs: 0, retryWaitMaxMs: 1 },
      now: () => world.clock.now(),
      ...(rest as object),
    });
  };
  await syncNow({
    client: { fetch: globalThis.fetch, ...(options.client?.auth ? { auth: options.client.auth } : {}) },
  });
  world.advance(60_000);
  const oldest = world.ordered().slice(0, 3);
  world.deleteRun(oldest[0]!);
  world.tag(oldest[1]!, "after", "it");
  for (let run = 0; run < 55; run += 1)
    world.at(world.now() - 3_600_000_000, () => world.completeRun({ jobName: "new" }));
  world.materialize(["seen", "by its event"]);
  return {
    world,
    server,
    syncNow,
    differences(): string[] {
      const expected = world.rows();
      return defaultDagsterTables.flatMap((table) => {
        const live = destination.rows(table.name).filter(({ _deleted_at }) => _deleted_at === null);
        return differences(expected[table.name as keyof typeof expected], live, table.primaryKey);
      });
    },
  };
}

const html = "<html><title>Bad Gateway</title></html>";
const later = () => new Date(Date.UTC(2026, 10, 21, 9, 30)).toUTCString();

const passing: Record<string, Fault> = {
  "429 with Retry-After in seconds": { status: 429, headers: { "retry-after": "0" }, body: "slow down" },
  "429 with Retry-After as a date": { status: 429, headers: { "retry-after": later() }, body: "slow down" },
  "a storm of 500": { status: 500, body: "Internal Server Error", times: 3 },
  "a storm of 502": { status: 502, body: html, times: 3 },
  "a storm of 503": { status: 503, body: "", times: 3 },
  "a storm of 504": { status: 504, body: html, times: 3 },
  "a connection reset": { reset: true, times: 3 },
  "a body that is cut": { cutBodyAt: 100 },
  "`errors` beside `data`": { body: { data: {}, errors: [{ message: "database is locked" }] } },
  "a gzip that lies": { headers: { "content-encoding": "gzip" } },
  "silence instead of headers": { stall: "headers" },
  "silence in the middle of the body": { stall: "body" },
};

describe("I9: temporary failures cost no row", () => {
  const cases = Object.entries(passing).flatMap(([name, fault]) => operations.map((at) => ({ name, at, fault })));
  test.each(cases)("$name, at $at", async ({ at, fault }) => {
    const { server, syncNow, differences } = await setUp();
    server.faults.push({ ...fault, match: isAsked(at) });
    const isSilent = fault.stall !== undefined;
    const requests = { retries: 4, retryWaitMs: 0, retryWaitMaxMs: 1, ...(isSilent && { attemptMs: 1500 }) };
    await syncNow({ requests, ...(at === "RunsPage" && { fullRefresh: true }) });
    expect(server.faults.pending).toBe(0);
    expect(differences()).toEqual([]);
  });
});

describe("I9: a permanent failure is an error that says why, never fewer rows and success", () => {
  const lasting: Record<string, { readonly fault: Fault; readonly says: RegExp }> = {
    "HTML with status 200": { fault: { html200: true }, says: /text\/html, "Sign in".*a page of a proxy/ },
    "an empty object": { fault: { body: {} }, says: /not a complete GraphQL response/ },
    "text that calls itself JSON": {
      fault: { body: "Service unavailable", headers: { "content-type": "application/json" } },
      says: /application\/json, "Service unavailable"/,
    },
    "no content at all": { fault: { body: "", status: 204 }, says: /HTTP 204.*without a body/ },
    "503 for ever": { fault: { status: 503, body: "Service Unavailable" }, says: /HTTP 503/ },
    "a body that is always cut": { fault: { cutBodyAt: 20 }, says: /got no response/ },
    "a gzip that always lies": { fault: { headers: { "content-encoding": "gzip" } }, says: /got no response/ },
    "`errors` beside `data` for ever": {
      fault: {
        body: { data: { runs: { __typename: "Runs", results: [] } }, errors: [{ message: "database is locked" }] },
      },
      says: /only a part of the data arrived. database is locked/,
    },
    "credentials that are no longer accepted": {
      fault: { status: 401, body: { error: "token expired" } },
      says: /HTTP 401.*Credentials are required: see `auth`/,
    },
    "429 that asks to come back tomorrow": {
      fault: { status: 429, headers: { "retry-after": "86400" }, body: "slow down" },
      says: /HTTP 429.*slow down/,
    },
  };
  const cases = Object.entries(lasting).flatMap(([name, how]) => operations.map((at) => ({ name, at, ...how })));

  test.each(cases)("$name, at $at", async ({ at, fault, says }) => {
    const { server, syncNow, differences } = await setUp();
    server.faults.push({ ...fault, match: isAsked(at), times: 1000 });
    const error = await syncNow({ fullRefresh: at === "RunsPage" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SyncError);
    expect((error as Error).message).toMatch(says);
    server.faults.clear();
    await syncNow();
    expect(differences()).toEqual([]);
  });

  test.each(["headers", "body"] as const)("a server that falls silent forever in its %s", async (stall) => {
    const { server, syncNow, differences } = await setUp();
    server.faults.push({ stall, match: isAsked("RunChanges"), times: 1000 });
    const requests = { retries: 1, retryWaitMs: 0, attemptMs: 300 };
    await expect(syncNow({ requests })).rejects.toThrow(/changed runs: no response within 0.3 s/);
    server.faults.clear();
    await syncNow();
    expect(differences()).toEqual([]);
  });
});

test("a response truncated at any byte is requested again, whether its length was announced or not", async () => {
  const { server, syncNow, differences } = await setUp();
  for (const operation of operations) {
    const cutAt = (share: number): typeof fetch => {
      let left = 1;
      return async (input, init) => {
        const response = await fetch(input, init);
        if (!new RegExp(`query ${operation}\\b`).test(String(init?.body)) || left-- <= 0) return response;
        const text = await response.text();
        return new Response(text.slice(0, Math.floor(text.length * share)), response);
      };
    };
    for (let part = 0; part < 8; part += 1) {
      await syncNow({ client: { fetch: cutAt(part / 8) }, fullRefresh: operation === "RunsPage" });
      server.faults.push({ cutBodyAt: 1 + part * 111, match: isAsked(operation) });
      await syncNow({ fullRefresh: operation === "RunsPage" });
      server.faults.clear();
    }
    expect(differences(), operation).toEqual([]);
  }
}, 300_000);

test("I7: pages that repeat after the same run are an error, not an endless listing", async () => {
  const { syncNow, differences } = await setUp();
  const repeating: typeof fetch = (input, init) => {
    const body = JSON.parse(String(init?.body));
    if (body.variables?.pageToken) body.variables.pageToken = repeated ??= body.variables.pageToken;
    return fetch(input, { ...init, body: JSON.stringify(body) });
  };
  let repeated: string | undefined;
  const failed = syncNow({ client: { fetch: repeating }, fullRefresh: true });
  await expect(failed).rejects.toThrow(/cannot be listed completely.*returns to/);
  await syncNow();
  expect(differences()).toEqual([]);
});

test("I10: a redirect to another host is an error that names it, and no request is sent there", async () => {
  const asked: unknown[] = [];
  const other = createServer((request, response) => {
    asked.push(request.headers);
    response.end("{}");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  const token = "secret-of-ours";
  const { server, syncNow } = await setUp({ client: { auth: { token } } });
  for (const status of [301, 302, 307, 308]) {
    server.faults.push({
      status,
      headers: { location: `http://127.0.0.1:${port}/graphql?${token}` },
      times: 1000,
      body: "",
    });
    const error = (await syncNow().catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain(`it redirects to http://127.0.0.1:${port}, and credentials do not travel`);
    expect(error.message).not.toContain(token);
    server.faults.clear();
  }
  expect(asked).toEqual([]);
});

test("a token that expires halfway is requested again with each request", async () => {
  let token = "first";
  const { server, syncNow, differences } = await setUp({
    client: { auth: () => token },
  });
  let left = 2;
  server.faults.push(
    {
      match: () => --left === 0,
      before: () => {
        token = "second";
      },
    },
    { match: ({ headers }) => headers["dagster-cloud-api-token"] !== token, status: 401, times: 1000 },
  );
  await syncNow();
  expect(token).toBe("second");
  expect(differences()).toEqual([]);
});

test("a host that does not exist is named", async () => {
  const { syncNow } = await setUp();
  const cause = Object.assign(new Error("getaddrinfo ENOTFOUND dagster.invalid"), { code: "ENOTFOUND" });
  const unknown: typeof fetch = () => Promise.reject(new TypeError("fetch failed", { cause }));
  const failed = syncNow({ client: { url: "http://dagster.invalid", fetch: unknown } });
  await expect(failed).rejects.toThrow(/dagster.invalid.*ENOTFOUND.*Unknown host/);
});

test("I9: sensors are not stored without their active runs if the runs could not be read", async () => {
  const { world, server, syncNow } = await setUp();
  const destination = memoryDestination();
  // Each attempt at the first page. The sensors' own requests succeed.
  server.faults.push({ status: 503, match: isAsked("RunsPage"), times: 5 });
  const failed = await syncNow({ destination, fullRefresh: true }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(SyncError);
  const { streams } = (failed as SyncError).result!;
  expect(streams.filter(({ error }) => error).map(({ stream }) => stream)).toEqual(["runs"]);
  const { dagster_sensors: expected } = world.rows();
  expect(expected.some(({ active_run_ids: ids }) => (ids as string[]).length > 0)).toBe(true);
  expect(differences(expected, destination.rows(sensorsTable.name), sensorsTable.primaryKey)).toEqual([]);
});
