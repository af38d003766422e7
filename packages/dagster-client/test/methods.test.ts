import { assets, backfills, createDagsterClient, instance, runs, schedules, sensors } from "@org/dagster-client";
import { expect, test } from "vitest";
import { json, type Received, serve } from "./serve.ts";

type Answer = { readonly data?: unknown; readonly errors?: readonly { readonly message: string }[]; status?: number };

/** A client of a server that answers its nth request with the nth of these, and any further one with the last. */
async function clientOf(...answers: readonly (Answer | ((received: Received) => Answer))[]) {
  const { url, received } = await serve((request, response) => {
    const one = answers[Math.min(received.length, answers.length) - 1]!;
    const { status, ...body } = typeof one === "function" ? one(request) : one;
    json(response, body, status ?? (body.errors ? 400 : 200));
  });
  return { client: createDagsterClient({ url }), received };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const run = (status: string, runId = "r") => ({ __typename: "Run", runId, status });
const busy: Answer = { status: 503, errors: [{ message: "busy" }] };

test("wait continues through retryable errors, and ends with the run however it ended", async () => {
  const { client, received } = await clientOf({ data: { run: run("QUEUED") } }, busy, {
    data: { run: run("FAILURE") },
  });
  expect(await runs.wait(client, "r", { intervalMs: 1 })).toMatchObject({ status: "FAILURE" });
  expect(received).toHaveLength(3);
  const gone = await clientOf({ data: { run: { __typename: "RunNotFoundError", message: "gone" } } });
  await expect(runs.wait(gone.client, "r", { intervalMs: 1 })).rejects.toMatchObject({ typename: "RunNotFoundError" });
});

test("wait ends with DEADLINE_EXCEEDED and the last retryable error, or at once with the signal's reason", async () => {
  const { client } = await clientOf(busy);
  await expect(runs.wait(client, "r", { intervalMs: 10, deadlineMs: 50 })).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: expect.stringMatching(
      /^Timed out after 0.05 s waiting for run r to end; it may still finish. The last poll failed: \S/,
    ),
    cause: { code: "SERVER_ERROR" },
  });
  const controller = new AbortController();
  const waiting = runs.wait(client, "r", { intervalMs: 600_000 }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await expect(waiting).rejects.toThrow("enough");
  const ofClient = runs.wait({ ...client, signal: AbortSignal.timeout(20) }, "r", { intervalMs: 600_000 });
  await expect(ofClient).rejects.toMatchObject({ name: "TimeoutError" });
});

test("waits for a backfill until it has ended, and FAILING is not an end", async () => {
  const backfill = (status: string) => ({ data: { backfill: { __typename: "PartitionBackfill", id: "b", status } } });
  const { client, received } = await clientOf(backfill("REQUESTED"), backfill("FAILING"), backfill("FAILED"));
  expect((await backfills.wait(client, "b", { intervalMs: 1 })).status).toBe("FAILED");
  expect(received).toHaveLength(3);
});

test("an optional field that an older server lacks is left out from then on", async () => {
  const { client, received } = await clientOf(
    { errors: [{ message: "Cannot query field 'creationTime' on type 'Run'." }] },
    { data: { run: run("SUCCESS") } },
  );
  expect(await runs.get(client, "r")).toMatchObject({ status: "SUCCESS" });
  await runs.get(client, "r");
  expect(received.map(({ body }) => body.query.includes("creationTime"))).toEqual([true, false, false]);
});

test("a required field that an older server lacks gives an error that says which version introduced it", async () => {
  const message =
    "Variable '$params' got invalid value {}; Field 'extraTags' is not defined by type 'ReexecutionParams'.";
  const { client, received } = await clientOf({ status: 500, errors: [{ message }], data: null });
  await expect(runs.reexecute(client, "r", { tags: { a: "b" } })).rejects.toMatchObject({
    code: "SERVER_TOO_OLD",
    retryable: false,
    message: expect.stringContaining("lacks ReexecutionParams.extraTags (which Dagster 1.10.21 has)"),
  });
  expect(received).toHaveLength(1);
});

test("an asset is wiped completely if the server does not support ranges, and never instead of a range", async () => {
  const message = "Unknown argument 'assetPartitionRanges' on field 'Mutation.wipeAssets'.";
  const lacks = { errors: [{ message }] };
  const { client, received } = await clientOf(lacks, { data: { wiped: { __typename: "AssetWipeSuccess" } } }, lacks);
  await assets.wipe(client, "reports/summary");
  expect(received[1]?.body.variables).toEqual({ keys: [{ path: ["reports", "summary"] }] });
  const ranged = assets.wipe(client, "daily", { partitions: { from: "a", to: "b" } });
  await expect(ranged).rejects.toMatchObject({ code: "SERVER_TOO_OLD" });
  expect(received).toHaveLength(3);
});

const workspace = (...names: (string | undefined)[]) => ({
  data: {
    workspace: {
      __typename: "Workspace",
      locationEntries: names.map((name, index) => ({
        name: `place${index}`,
        locationOrLoadError:
          name === undefined
            ? { __typename: "PythonError", message: "no", className: null, causes: [] }
            : {
                __typename: "RepositoryLocation",
                repositories: [{ name: "repo", jobs: [{ name }], schedules: [{ name }], sensors: [{ name }] }],
              },
      })),
    },
  },
});

test("a job is looked up in the loaded locations, and its location must be given if several define it", async () => {
  const launched = { data: { launched: { __typename: "LaunchRunSuccess", run: run("QUEUED") } } };
  const results = [
    {
      partition: {
        tagsOrError: { __typename: "PartitionTags", results: [{ key: "dagster/partition", value: "p" }] },
        runConfigOrError: { __typename: "PartitionRunConfig", yaml: "ops: {}" },
      },
    },
  ];
  const partition = { data: { sets: { __typename: "PartitionSets", results } } };
  const one = await clientOf(workspace("other", "etl"), partition, launched);
  await runs.launch(one.client, { job: "etl", tags: { team: "x" }, partition: "p", ops: ["load*"] });
  expect(one.received[2]?.body.variables).toEqual({
    params: {
      selector: {
        repositoryLocationName: "place1",
        repositoryName: "repo",
        jobName: "etl",
        solidSelection: ["load*"],
      },
      runConfigData: "ops: {}",
      executionMetadata: {
        tags: [
          { key: "dagster/partition", value: "p" },
          { key: "team", value: "x" },
        ],
      },
    },
  });
  const two = await clientOf(workspace("etl", "etl"));
  await expect(runs.launch(two.client, { job: "etl" })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
    message: expect.stringContaining("repo of place0, repo of place1"),
  });
  const none = await clientOf(workspace(undefined));
  await expect(runs.launch(none.client, { job: "etl" })).rejects.toMatchObject({
    typename: "PipelineNotFoundError",
    message: expect.stringContaining("are not loaded: place0"),
  });
  const known = await clientOf(launched);
  await runs.launch(known.client, { job: "etl", location: "a", repository: "b" });
  expect(known.received).toHaveLength(1);
  for (const { start } of [schedules, sensors]) {
    await expect(start(two.client, "etl")).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  }
});

const node = (path: string, jobNames: string[], more: object = {}) => ({
  assetKey: { path: [path] },
  isExecutable: true,
  isPartitioned: false,
  partitionDefinition: null,
  jobNames,
  repository: { name: "repo", location: { name: "a" } },
  ...more,
});

test("assets are materialized by the job of their code location that contains them all", async () => {
  const launched = { data: { launched: { __typename: "LaunchRunSuccess", run: run("QUEUED") } } };
  const dimensionTypes = [{ name: "region" }, { name: "day" }];
  const assetNodes = [
    node("x", ["mine", "__ASSET_JOB_0", "__ASSET_JOB_1"]),
    node("y", ["__ASSET_JOB_1"], { isPartitioned: true, partitionDefinition: { dimensionTypes } }),
  ];
  const { client, received } = await clientOf({ data: { assetNodes } }, launched);
  await assets.materialize(client, ["x", "y"], { partition: "2026-01-01|asia" });
  expect(received[1]?.body.variables).toMatchObject({
    params: {
      selector: { jobName: "__ASSET_JOB_1", assetSelection: [{ path: ["x"] }, { path: ["y"] }] },
      executionMetadata: {
        tags: [
          { key: "dagster/partition", value: "2026-01-01|asia" },
          { key: "dagster/partition/day", value: "2026-01-01" },
          { key: "dagster/partition/region", value: "asia" },
        ],
      },
    },
  });
  const elsewhere = { repository: { name: "repo", location: { name: "b" } } };
  const apart = await clientOf({
    data: { assetNodes: [node("x", ["__ASSET_JOB"]), node("y", ["__ASSET_JOB"], elsewhere)] },
  });
  await expect(assets.materialize(apart.client, ["x", "y"])).rejects.toThrow(/one run cannot materialize x, y/);
  const seen = await clientOf({ data: { assetNodes: [node("x", [], { isExecutable: false })] } });
  await expect(assets.materialize(seen.client, ["x"])).rejects.toThrow(/no loaded code location defines x/);
});

test("lists are read to their end, whatever a proxy's own page limit", async () => {
  const page = (...ids: string[]) => ({
    data: { backfills: { __typename: "PartitionBackfills", results: ids.map((id) => ({ id })) } },
  });
  const { client, received } = await clientOf(page("c", "b"), page("a"), page());
  expect((await all(backfills.list(client, { pageSize: 200 }))).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  expect(received.map(({ body }) => body.variables?.pageToken)).toEqual([undefined, "b", "a"]);
  const empty = await clientOf(busy);
  expect(await all(runs.list(empty.client, { statuses: [] }))).toEqual([]);
  expect(empty.received).toHaveLength(0);
});

test("partitions of two dimensions have their states, whichever dimension has the ranges", async () => {
  const range = (primaryDimStartKey: string, primaryDimEndKey: string, materializedPartitions: string[]) => ({
    primaryDimStartKey,
    primaryDimEndKey,
    secondaryDim: {
      __typename: "DefaultPartitionStatuses",
      materializedPartitions,
      failedPartitions: ["z"],
      materializingPartitions: [],
    },
  });
  const partitionsOf = async (primaryDimensionName: string, ranges: object[], names: [string, string]) => {
    const dimensions = [
      { name: names[0], partitionKeys: names[0] === primaryDimensionName ? ["1", "2", "3"] : ["y", "z"] },
      { name: names[1], partitionKeys: names[1] === primaryDimensionName ? ["1", "2", "3"] : ["y", "z"] },
    ];
    const statuses = { __typename: "MultiPartitionStatuses", primaryDimensionName, ranges };
    const { client } = await clientOf({
      data: { node: { __typename: "AssetNode", isPartitioned: true, dimensions, statuses } },
    });
    return (await assets.partitions(client, "x")).map(({ key, status }) => `${key} ${status}`);
  };
  const states = ["1|y materialized", "1|z failed", "2|y materialized", "2|z failed", "3|y missing", "3|z missing"];
  expect(await partitionsOf("a", [range("1", "2", ["y"])], ["a", "b"])).toEqual(states);
  const turned = states.map((state) => state.replace(/^(.)\|(.)/, "$2|$1"));
  expect((await partitionsOf("b", [range("1", "2", ["y"])], ["a", "b"])).sort()).toEqual(turned.sort());
});

test("an instance is healthy if every required daemon is", async () => {
  const daemon = (required: boolean, healthy: boolean | null) => ({ daemonType: "X", required, healthy });
  const health = async (...allDaemonStatuses: object[]) => {
    const { client } = await clientOf({ data: { instance: { daemonHealth: { allDaemonStatuses } } } });
    return (await instance.health(client)).healthy;
  };
  expect(await health(daemon(true, true), daemon(false, null))).toBe(true);
  expect(await health(daemon(true, null))).toBe(false);
});

test("the location of a schedule or sensor is requested once for all pages of its ticks", async () => {
  for (const [{ ticks }, __typename] of [
    [schedules, "Schedule"],
    [sensors, "Sensor"],
  ] as const) {
    const page = (...timestamps: number[]) => ({
      data: { instigator: { __typename, state: { ticks: timestamps.map((timestamp) => ({ timestamp })) } } },
    });
    const { client, received } = await clientOf(workspace("nightly"), page(9, 8), page(7), page());
    const seen = await all(ticks(client, "nightly", { pageSize: 2 }));
    expect(seen.map(({ timestamp }) => timestamp)).toEqual([9, 8, 7]);
    expect(received.map(({ body }) => /query (\w+)/.exec(String(body.query))?.[1])).toEqual([
      "CodeLocations",
      ...Array.from({ length: 3 }, () => `${__typename}Ticks`),
    ]);
  }
});
