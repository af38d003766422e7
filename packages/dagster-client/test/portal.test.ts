/** The methods of a portal's screens, and what only a made-up server shows: odd schemas, long output, other origins. */
import {
  assets,
  backfills,
  createDagsterClient,
  type DagsterClientOptions,
  isErrorOf,
  jobs,
  runs,
  schedules,
} from "@org/dagster-client";
import { afterEach, expect, test, vi } from "vitest";
import { configSchemaOf } from "../src/methods/config-schema.ts";
import { json, type Received, rejection, serve } from "./serve.ts";

/** A client of a server that answers each operation by its name. */
async function clientOf(answers: Readonly<Record<string, unknown>>, options: Partial<DagsterClientOptions> = {}) {
  const { url, received } = await serve((one, response) => {
    const name = /(?:query|mutation) (\w+)/.exec(one.body.query)?.[1] ?? "";
    const data = answers[name];
    json(response, { data: typeof data === "function" ? (data as (one: Received) => unknown)(one) : data });
  });
  return { client: createDagsterClient({ url, ...options }), received, url };
}

const runRef = { runId: "r" };
const path = (...parts: string[]) => ({ path: parts });

test("output longer than one answer is read in parts, until nothing more comes", async () => {
  const parts = ["a".repeat(80_000), "b".repeat(10), ""];
  const { client, received } = await clientOf({
    RunLogFiles: {
      log: {
        __typename: "EventConnection",
        cursor: "1",
        hasMore: false,
        events: [
          { __typename: "LogMessageEvent" },
          { __typename: "LogsCapturedEvent", fileKey: "f", stepKeys: ["load"], externalStdoutUrl: null },
          { __typename: "LogsCapturedEvent", fileKey: "g", stepKeys: ["other"], externalStdoutUrl: null },
        ],
      },
    },
    CapturedLogs: ({ body }: Received) => {
      const at = Number(body.variables?.pageToken ?? 0);
      return { logs: { stdout: parts[at], stderr: at === 0 ? "e" : null, cursor: String(at + 1) } };
    },
  });
  const logs = await runs.logs(client, runRef, { step: "load" }).toArray();
  expect(logs).toMatchObject([{ fileKey: "f", stepKeys: ["load"], stdout: parts.join(""), stderr: "e" }]);
  expect(received).toHaveLength(4);
  expect(received[1]?.body.variables).toMatchObject({ logKey: ["r", "compute_logs", "f"] });
  expect(await runs.logs(client, runRef).count()).toBe(2);
});

test("each of several runs has its own result, in order", async () => {
  const results = [
    { __typename: "TerminateRunSuccess" },
    { __typename: "RunNotFoundError", message: "Run b could not be found" },
    { __typename: "UnauthorizedError", message: "No" },
  ];
  const { client, received } = await clientOf({
    TerminateRuns: { terminated: { __typename: "TerminateRunsResult", results } },
  });
  const ended = await runs.terminateMany(client, ["a", { runId: "b" }, "c"], { force: true });
  expect(ended.map(({ runId, error }) => [runId, error?.code])).toEqual([
    ["a", undefined],
    ["b", "NOT_FOUND"],
    ["c", "FORBIDDEN"],
  ]);
  expect(received[0]?.body.variables).toEqual({ runIds: ["a", "b", "c"], policy: "MARK_AS_CANCELED_IMMEDIATELY" });
  expect(await runs.terminateMany(client, [])).toEqual([]);
  expect(received).toHaveLength(1);
});

test("an error member is guarded by its name", async () => {
  const { client } = await clientOf({ Run: { run: { __typename: "RunNotFoundError", message: "no such run" } } });
  const error = await rejection(runs.get(client, "a"));
  expect(error).toMatchObject({ code: "NOT_FOUND", message: "Dagster: no such run (RunNotFoundError)." });
  expect(isErrorOf(error, "AssetNotFoundError", "RunNotFoundError")).toBe(true);
  expect(isErrorOf(error, "PythonError")).toBe(false);
  expect(isErrorOf(new Error("no"), "RunNotFoundError")).toBe(false);
});

test("lineage follows both directions, through cycles and around, as far as it is told", async () => {
  const node = (name: string, from: string[], to: string[]) => ({
    assetKey: path(name),
    dependencyKeys: from.map((each) => path(each)),
    dependedByKeys: to.map((each) => path(each)),
  });
  const { client } = await clientOf({
    AssetLineage: {
      assetNodes: [
        node("a", ["gone"], ["b"]),
        node("b", ["a"], ["c", "d"]),
        node("c", ["b"], ["d"]),
        node("d", ["b", "c"], ["a"]),
      ],
    },
  });
  expect(await assets.lineage(client, "b")).toEqual({
    upstream: [path("a"), path("gone")],
    downstream: [path("c"), path("d"), path("a")],
  });
  expect(await assets.lineage(client, { key: path("b") }, { depth: 1 })).toEqual({
    upstream: [path("a")],
    downstream: [path("c"), path("d")],
  });
  await expect(assets.lineage(client, "nothing")).rejects.toMatchObject({ typename: "AssetNotFoundError" });
});

test("upcoming ticks are those of running schedules, the soonest first, or of the one that is asked for", async () => {
  const schedule = (name: string, status: string, ...times: (number | null)[]) => ({
    name,
    pipelineName: `${name}_job`,
    scheduleState: { status },
    futureTicks: { results: times.map((timestamp) => ({ timestamp })) },
  });
  const repository = (...all: object[]) => ({
    __typename: "RepositoryLocation",
    repositories: [{ name: "repo", schedules: all }],
  });
  const { client, received } = await clientOf({
    UpcomingTicks: {
      workspace: {
        __typename: "Workspace",
        locationEntries: [
          {
            name: "x",
            locationOrLoadError: repository(schedule("a", "RUNNING", 10, 40), schedule("b", "STOPPED", 5, null)),
          },
          { name: "y", locationOrLoadError: repository(schedule("a", "RUNNING", 20)) },
          { name: "z", locationOrLoadError: { __typename: "PythonError", message: "no" } },
        ],
      },
    },
  });
  const times = async (options: Parameters<typeof schedules.upcoming>[1]) =>
    (await schedules.upcoming(client, options)).map(({ location, timestamp }) => `${location} ${timestamp}`);
  expect(await times({ first: 2, until: new Date(50_000) })).toEqual(["x 10", "y 20"]);
  expect(received[0]?.body.variables).toEqual({ limit: 2, until: 50 });
  expect(await times({ schedule: "b" })).toEqual(["x 5"]);
  expect(await times({ schedule: { name: "a", location: "y" } })).toEqual(["y 20"]);
});

test("a range of partitions is told by its keys, and says what is wrong with it", async () => {
  const keys = ["a", "b", "c", "d"];
  const { client, received } = await clientOf({
    AssetPartitions: ({ body }: Received) => ({
      node: {
        __typename: "AssetNode",
        dimensions: Array(JSON.stringify(body.variables).includes("two") ? 2 : 1).fill({
          name: "x",
          partitionKeys: keys,
        }),
      },
    }),
    LaunchBackfill: { launched: { __typename: "LaunchBackfillSuccess", backfillId: "f" } },
  });
  const launch = (from: string, to: string, asset = "one") =>
    backfills.launch(client, { assets: [asset], partitions: { from, to } });
  expect(await launch("b", "c")).toBe("f");
  expect(received[1]?.body.variables).toMatchObject({ params: { partitionNames: ["b", "c"] } });
  await expect(launch("c", "b")).rejects.toThrow("the partition c comes after b: swap them");
  await expect(launch("a", "z")).rejects.toThrow("there is no partition z. There are 4, from a to d");
  await expect(launch("a", "b", "two")).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
});

test("every kind of configuration has its place in the JSON Schema", () => {
  const base = { description: null, isSelector: false, typeParamKeys: [] as string[] };
  const field = (
    name: string,
    configTypeKey: string,
    isRequired = false,
    defaultValueAsJson: string | null = null,
  ) => ({
    name,
    configTypeKey,
    isRequired,
    defaultValueAsJson,
    description: null,
  });
  const types = [
    { ...base, __typename: "RegularConfigType", key: "String", givenName: "String" },
    { ...base, __typename: "RegularConfigType", key: "Odd", givenName: "Odd" },
    { ...base, __typename: "EnumConfigType", key: "Color", values: [{ value: "red" }] },
    { ...base, __typename: "ArrayConfigType", key: "Array.String", typeParamKeys: ["String"] },
    { ...base, __typename: "NullableConfigType", key: "Maybe", typeParamKeys: ["Color"], description: "Perhaps." },
    { ...base, __typename: "MapConfigType", key: "Map", keyType: { key: "String" }, valueType: { key: "Color" } },
    { ...base, __typename: "ScalarUnionConfigType", key: "Source", scalarTypeKey: "String", nonScalarTypeKey: "One" },
    {
      ...base,
      __typename: "CompositeConfigType",
      key: "One",
      isSelector: true,
      fields: [field("env", "String"), field("file", "String")],
    },
    { ...base, __typename: "CompositeConfigType", key: "Permissive.1", fields: [] },
    {
      ...base,
      __typename: "CompositeConfigType",
      key: "Root",
      fields: [
        field("name", "Source", true),
        field("list", "Array.String", false, '["x"]'),
        field("maybe", "Maybe"),
        field("map", "Map"),
        field("any", "Odd"),
        field("open", "Permissive.1", false, "NaN"),
        field("lost", "nowhere"),
      ],
    },
  ] as unknown as Parameters<typeof configSchemaOf>[1];
  const one = {
    type: "object",
    properties: { env: { type: "string" }, file: { type: "string" } },
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  };
  expect(configSchemaOf("Root", types)).toEqual({
    type: "object",
    additionalProperties: false,
    required: ["name"],
    properties: {
      name: { anyOf: [{ type: "string" }, one] },
      list: { type: "array", items: { type: "string" }, default: ["x"] },
      maybe: { anyOf: [{ enum: ["red"] }, { type: "null" }], description: "Perhaps." },
      map: { type: "object", additionalProperties: { enum: ["red"] } },
      any: {},
      open: { type: "object", properties: {}, additionalProperties: true },
      lost: {},
    },
  });
});

test.each([[[1]], [new Date(0)], ["ops: {}"], [null]])(
  "a configuration that is no plain object is refused: %j",
  async (config) => {
    const { client, received } = await clientOf({});
    const launch = runs.launch(client, { job: "a", location: "x", repository: "y", config: config as never });
    await expect(launch).rejects.toMatchObject({ code: "INVALID_OPTIONS", retryable: false });
    expect(received).toHaveLength(0);
  },
);

test("pages of the UI are found below the server's own path, whatever is in a name", () => {
  const client = { url: "https://my-org.dagster.cloud/prod/graphql" };
  const base = "https://my-org.dagster.cloud/prod";
  const place = { location: "a b", repository: "__repository__" };
  expect(runs.url(client, runRef)).toBe(`${base}/runs/r`);
  expect(assets.url(client, ["ö", "x/y"])).toBe(`${base}/assets/%C3%B6/x%2Fy`);
  expect(backfills.url(client, { id: "f" })).toBe(`${base}/runs/b/f`);
  expect(jobs.url(client, { name: "etl", ...place })).toBe(`${base}/locations/a%20b/jobs/etl`);
  expect(jobs.url(client, { name: "etl", ...place, repository: "r" })).toBe(`${base}/locations/r@a%20b/jobs/etl`);
});

test("fetch sends the credentials, renews the token once, and goes to no other origin", async () => {
  const seen: (string | undefined)[] = [];
  const { url } = await serve((_, response, { headers, url, method }) => {
    seen.push(`${method} ${url} ${headers["dagster-cloud-api-token"]}`);
    response.writeHead(headers["dagster-cloud-api-token"] === "second" ? 200 : 401).end("content");
  });
  const auth = ({ refused }: { readonly refused: string | undefined }) => (refused ? "second" : "first");
  const client = createDagsterClient({ url, auth });
  const response = await client.fetch("/server_info", { headers: { accept: "text/plain" } });
  expect([response.status, await response.text()]).toEqual([200, "content"]);
  expect(seen).toEqual(["GET /server_info first", "GET /server_info second"]);
  expect((await client.fetch(`${new URL(url).origin}/x`, { method: "PUT", body: "{}" })).status).toBe(200);
  expect((await client.fetch("//elsewhere.test/")).url).toContain(new URL(url).origin);
  for (const other of ["https://elsewhere.test/", "server_info", ""]) {
    expect(await rejection(client.fetch(other)), other).toMatchObject({ code: "INVALID_OPTIONS" });
  }
  const closed = createDagsterClient({ url: "http://127.0.0.1:9", headers: { "x-key": "canary" } });
  expect(await rejection(closed.fetch("/x"))).toMatchObject({ name: "DagsterNetworkError" });
});

afterEach(() => vi.unstubAllGlobals());

test("in a browser, a path is one of the page's own origin", () => {
  vi.stubGlobal("location", { origin: "https://portal.test" });
  expect(createDagsterClient({ url: "/dagster" }).url).toBe("https://portal.test/dagster/graphql");
  vi.unstubAllGlobals();
  expect(() => createDagsterClient({ url: "/dagster" })).toThrow(/has no scheme/);
});
