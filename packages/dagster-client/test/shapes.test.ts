/** Answers that a proxy, a plugin or another program made, in the place of Dagster's. */
import { assets, backfills, codeLocations, createDagsterClient, instance, runs, schedules } from "@org/dagster-client";
import { paginateRuns } from "@org/dagster-client/sync";
import { describe, expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

/** A client whose server answers everything with this data, and how often it was asked. */
async function answering(data: (asked: number) => unknown) {
  let asked = 0;
  const { url } = await serve((_, response) => {
    asked += 1;
    json(response, { data: data(asked) });
  });
  return { client: createDagsterClient({ url }), asked: () => asked };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

type Client = Awaited<ReturnType<typeof answering>>["client"];

describe("a list that is none, or contains a non-object, is an error that says so", () => {
  const calls: Record<string, readonly [data: (list: unknown) => object, call: (client: Client) => Promise<unknown>]> =
    {
      "runs.list": [(results) => ({ runs: { __typename: "Runs", results } }), (client) => all(runs.list(client))],
      "backfills.list": [
        (results) => ({ backfills: { __typename: "PartitionBackfills", results } }),
        (client) => all(backfills.list(client)),
      ],
      "assets.list": [
        (nodes) => ({ assets: { __typename: "AssetConnection", nodes } }),
        (client) => all(assets.list(client)),
      ],
      "schedules.list": [
        (locationEntries) => ({ workspace: { __typename: "Workspace", locationEntries } }),
        (client) => all(schedules.list(client)),
      ],
      "codeLocations.list": [
        (locationEntries) => ({ workspace: { __typename: "Workspace", locationEntries } }),
        (client) => all(codeLocations.list(client)),
      ],
      "instance.health": [
        (allDaemonStatuses) => ({ instance: { daemonHealth: { allDaemonStatuses } } }),
        (client) => instance.health(client),
      ],
      "runs.events": [
        (events) => ({
          run: { __typename: "Run", status: "SUCCESS" },
          log: { __typename: "EventConnection", events, cursor: "1", hasMore: false },
        }),
        (client) => all(runs.events(client, "a", { follow: false })),
      ],
    };
  const lists = [null, "none", { 0: {} }, [null], ["a"], [7]];
  const cases = Object.keys(calls).flatMap((name) => lists.map((list) => ({ name, list })));

  test.each(cases)("$name of $list", async ({ name, list }) => {
    const [data, call] = calls[name]!;
    const { client } = await answering(() => data(list));
    const error = await rejection(call(client));
    expect(error).toMatchObject({ code: "UNEXPECTED_ANSWER", retryable: false });
    expect(error.message).toMatch(/^Dagster's [\w ]+ do not match its schema/);
  });
});

test("a response nested too deeply for the stack is read, or rejected with a code", async () => {
  const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const { url } = await serve((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(`{"data":{"runs":{"__typename":"Runs","results":[{"runId":"a","tags":${deep(100_000)}}]}}}`);
  });
  const [page] = await all(paginateRuns(createDagsterClient({ url }), { pageSize: 2, trustShortPage: true }));
  expect(page?.rows[0]?.runId).toBe("a");
});

test("an error nested too deeply for the stack keeps its code", async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(`{"errors":[{"message":"no","path":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}`);
  });
  const error = await rejection(all(paginateRuns(createDagsterClient({ url }))));
  expect(error).toMatchObject({ code: "INVALID_REQUEST" });
});

describe("a listing without progress ends", () => {
  const page = (asked: number) =>
    Array.from({ length: 5 }, (_, index) => ({ runId: `run ${(asked * 3 + index) % 29}` }));

  test("runs in ever-changing order", async () => {
    const { client, asked } = await answering((asked) => ({ runs: { __typename: "Runs", results: page(asked) } }));
    const error = await rejection(all(paginateRuns(client, { pageSize: 5 })));
    expect(error).toMatchObject({ code: "PAGING", retryable: false });
    expect(asked()).toBeLessThan(100);
  });

  test("backfills that repeat", async () => {
    const { client, asked } = await answering((asked) => ({
      backfills: {
        __typename: "PartitionBackfills",
        results: [{ id: `b${asked % 25}` }, { id: `b${(asked + 1) % 25}` }],
      },
    }));
    const error = await rejection(all(backfills.list(client, { pageSize: 2 })));
    expect(error).toMatchObject({ code: "PAGING" });
    expect(asked()).toBeLessThan(100);
  });

  test("endless events", async () => {
    const { client, asked } = await answering((asked) => ({
      run: { __typename: "Run", status: "SUCCESS" },
      log: { __typename: "EventConnection", events: [{ message: "again" }], cursor: String(asked), hasMore: true },
    }));
    const error = await rejection(all(runs.events(client, "a", { follow: false })));
    expect(error).toMatchObject({ code: "PAGING" });
    expect(asked()).toBeLessThan(100);
  });
});

test.each([
  ["Sun, 06 Nov 1994 08:49:37 GMT", new Date(784111777000), undefined],
  ["-271821-04-20T00:00:00Z", undefined, "-271821-04-20T00:00:00Z"],
  ["Mon, 30 Feb 2026 00:00:00 GMT", undefined, "Mon, 30 Feb 2026 00:00:00 GMT"],
])("a response dated %s", async (header, date, invalidDate) => {
  const { url } = await serve((_, response) => {
    response.setHeader("date", header);
    json(response, { data: { version: "1" } });
  });
  const answer = await createDagsterClient({ url }).rawRequest("query Version { version }");
  expect([answer.date, answer.invalidDate]).toEqual([date, invalidDate]);
});
