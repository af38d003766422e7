/** Lists that fill a screen: how many requests they take, where they continue, and what is a mistake of the caller. */
import { assets, createDagsterClient, type DagsterClientOptions, runs } from "@org/dagster-client";
import { expect, test } from "vitest";
import { json, type Received, rejection, serve } from "./serve.ts";

type Variables = { filter?: Record<string, unknown>; pageToken?: string; limit?: number; before?: string };

/** A server of runs, the newest first; deleted ones can be removed from `ids`. */
async function serverOf(ids: string[], options: Partial<DagsterClientOptions> = {}) {
  const answer = ({ body }: Received) => {
    const { filter, pageToken, limit = 0 } = (body.variables ?? {}) as Variables;
    const known = filter?.runIds as readonly string[] | undefined;
    if (body.query.trim().startsWith("query RunIdsPage")) {
      return { runIds: { __typename: "RunIds", results: ids.filter((id) => known?.includes(id) ?? true) } };
    }
    if (body.query.trim().startsWith("query RunsCount")) return { runs: { __typename: "Runs", count: ids.length } };
    const from = pageToken === undefined ? 0 : ids.includes(pageToken) ? ids.indexOf(pageToken) + 1 : ids.length;
    const results = ids.slice(from, from + limit).map((runId) => ({ runId, status: "SUCCESS", tags: [] }));
    return { runs: { __typename: "Runs", results } };
  };
  const { url, received } = await serve((one, response) => json(response, { data: answer(one) }));
  const limits = () => received.map(({ body }) => (body.variables as Variables).limit);
  return { client: createDagsterClient({ url, ...options }), received, limits };
}

const named = (count: number) => Array.from({ length: count }, (_, index) => `run-${count - index}`);
const idsOf = (found: readonly { readonly runId: string }[]) => found.map(({ runId }) => runId);

test.each([
  [20, 100, [20]],
  [250, 100, [100, 100, 50]],
  [3, 2, [2, 1]],
  [0, 100, []],
])("first: %i with pages of %i takes the requests %j, and no more", async (first, pageSize, expected) => {
  const { client, limits } = await serverOf(named(500));
  expect(await runs.list(client, { first, pageSize }).toArray()).toHaveLength(first);
  expect(limits()).toEqual(expected);
});

test("a short page is the last, and has no token; a full one has, though nothing may follow", async () => {
  const { client, limits } = await serverOf(named(3));
  const pages = await Array.fromAsync(runs.list(client, { pageSize: 2 }).pages());
  expect(pages.map(({ nextPageToken }) => nextPageToken === null)).toEqual([false, true]);
  expect(limits()).toEqual([2, 2]);
});

test("a page token continues after its page, even if its last runs are deleted", async () => {
  const ids = named(10);
  const { client } = await serverOf(ids);
  const [page] = await Array.fromAsync(runs.list(client, { first: 4 }).pages());
  const pageToken = page?.nextPageToken ?? "";
  expect(idsOf(await runs.list(client, { first: 2, pageToken }).toArray())).toEqual(["run-6", "run-5"]);
  ids.splice(2, 2);
  expect(idsOf(await runs.list(client, { first: 2, pageToken }).toArray())).toEqual(["run-6", "run-5"]);
});

test("count takes one request, whatever part is listed, and none if nothing can match", async () => {
  const { client, received } = await serverOf(named(7));
  expect(await runs.list(client, { first: 2, job: "etl" }).count()).toBe(7);
  expect(await runs.count(client, { job: "etl", tags: [{ key: "a", value: "b" }] })).toBe(7);
  expect(received).toHaveLength(2);
  expect(received[1]?.body.variables).toMatchObject({
    filter: { pipelineName: "etl", tags: [{ key: "a", value: "b" }] },
  });
  expect(await runs.count(client, { statuses: [] })).toBe(0);
  expect(await runs.list(client, { runIds: [] }).count()).toBe(0);
  expect(received).toHaveLength(2);
});

test.each([
  [new Date("2026-11-30T12:00:00.5Z"), 1796040000.5],
  ["2026-11-30", 1795996800],
  ["2026-11-30T12:00:00", 1796040000],
  ["2026-11-30T13:00:00+01:00", 1796040000],
  [1796040000, 1796040000],
  [0, 0],
])("createdAfter: %s is %d s", async (createdAfter, seconds) => {
  const { client, received } = await serverOf([]);
  await runs.list(client, { createdAfter }).toArray();
  expect(received[0]?.body.variables).toMatchObject({ filter: { createdAfter: seconds } });
});

test.each([Date.now(), Number.NaN, "yesterday", new Date("")])(
  "a time that is none, or in the wrong unit, is refused before anything is sent: %s",
  async (time) => {
    const { client, received } = await serverOf([]);
    const refused = { code: "INVALID_OPTIONS", failureType: "config", retryable: false };
    for (const name of ["createdAfter", "createdBefore", "updatedAfter", "updatedBefore"]) {
      expect(() => runs.list(client, { [name]: time })).toThrow(expect.objectContaining(refused));
    }
    if (typeof time !== "number" || Number.isNaN(time)) {
      expect(() => assets.materializations(client, "a", { before: time })).toThrow(expect.objectContaining(refused));
    }
    expect(received).toHaveLength(0);
  },
);

test("seconds where events have milliseconds are refused too", async () => {
  const { client } = await serverOf([]);
  expect(() => assets.materializations(client, "a", { before: 1796040000 })).toThrow(/new Date\(1000 \*/);
});

test.each([
  [{ first: -1 }, /`first` must be a whole number from 0/],
  [{ first: 1.5 }, /`first`/],
  [{ pageSize: 0 }, /`pageSize` must be a whole number from 1/],
])("the options %j of a list are refused", async (options, message) => {
  const { client } = await serverOf([]);
  const error = await rejection((async () => runs.list(client, options).toArray())());
  expect(error).toMatchObject({ code: "INVALID_OPTIONS", message: expect.stringMatching(message) });
});

test("materializations of the same millisecond are all returned, each once", async () => {
  const all = [9, 8, 8, 8, 7].map((time, index) => ({ timestamp: `179604000000${time}`, runId: `r${index}` }));
  const { url, received } = await serve(({ body }, response) => {
    const { before, limit = 0 } = body.variables as Variables;
    const older = all.filter(({ timestamp }) => before === undefined || Number(timestamp) < Number(before));
    json(response, { data: { asset: { __typename: "Asset", assetMaterializations: older.slice(0, limit) } } });
  });
  const listed = assets.materializations(createDagsterClient({ url }), "a", { pageSize: 2 });
  expect(idsOf(await listed.toArray())).toEqual(["r0", "r1", "r2", "r3", "r4"]);
  expect(received.length).toBeLessThan(5);
});

test("retries repeat a query, each page of a list, and no mutation; the failed page's token resumes", async () => {
  let failures = 1;
  const { url, received } = await serve(({ body }, response) => {
    const { pageToken } = (body.variables ?? {}) as Variables;
    const isMutation = body.query.trim().startsWith("mutation");
    if (isMutation || (pageToken !== undefined && failures-- > 0)) {
      return json(response, { errors: [{ message: "busy" }] }, 503, { "retry-after": "0" });
    }
    const results = (pageToken === undefined ? ["b"] : ["a"]).map((runId) => ({ runId, status: "SUCCESS", tags: [] }));
    json(response, { data: { runs: { __typename: "Runs", results } } });
  });
  const client = createDagsterClient({ url, retries: 2 });
  expect(idsOf(await runs.list(client, { first: 2, pageSize: 1 }).toArray())).toEqual(["b", "a"]);
  expect(received).toHaveLength(3);
  await expect(runs.delete(client, "b")).rejects.toMatchObject({ code: "SERVER_ERROR" });
  expect(received).toHaveLength(4);

  failures = 1;
  const walk = runs.list(client, { first: 2, pageSize: 1 }, { retries: 0 });
  const error = await rejection<Error & { pageToken?: string }>(walk.toArray());
  expect(error).toMatchObject({ code: "SERVER_ERROR", retryable: true, pageToken: "b" });
  const rest = runs.list(client, { first: 1, pageToken: error.pageToken });
  expect(idsOf(await rest.toArray())).toEqual(["a"]);
});
