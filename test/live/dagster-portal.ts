/** What the first screens of a portal ask for: tables with pages, tiles, a run's steps and output, jobs, assets. */
import { assets, type DagsterClient, jobs, runs, schedules } from "@org/dagster-client";
import { expect } from "vitest";

/** @param finished the id of a run of the job `speak` that has ended */
export async function checkPortal(client: DagsterClient, finished: string, version: string): Promise<void> {
  const base = client.url.replace(/\/graphql$/, "");
  await checkLists(client);

  const [step] = await runs.steps(client, { runId: finished });
  expect(step).toMatchObject({ stepKey: "greet", status: "SUCCESS", startTime: expect.any(Number) });
  expect(step?.attempts).toHaveLength(1);
  const logs = await runs.logs(client, finished).toArray();
  expect(logs).toMatchObject([{ stepKeys: ["greet"], stdout: expect.stringContaining("said to stdout: ö") }]);
  expect(logs[0]?.stderr).toContain("said to stderr");
  expect(await runs.logs(client, finished, { step: "nothing" }).toArray()).toEqual([]);
  const [one, other] = await runs.terminateMany(client, [finished, "c0ffee00-0000-0000-0000-000000000000"]);
  expect([one?.error?.typename, other?.error?.typename]).toEqual(["TerminateRunFailure", "RunNotFoundError"]);

  expect(await (await client.fetch("/server_info")).json()).toMatchObject({ dagster_version: version });
  for (const url of [runs.url(client, finished), assets.url(client, "orders")]) {
    expect(url.startsWith(base)).toBe(true);
    expect((await client.fetch(url)).status).toBe(200);
  }
  await checkJobs(client);

  const upcoming = await schedules.upcoming(client, { first: 3 });
  expect(upcoming.map(({ name, location }) => [name, location])).toEqual(Array(3).fill(["every_minute", "methods"]));
  expect(upcoming.map(({ timestamp }) => timestamp - upcoming[0]!.timestamp)).toEqual([0, 60, 120]);
  const until = new Date((upcoming[1]!.timestamp + 30) * 1000);
  expect(await schedules.upcoming(client, { schedule: "every_minute", until })).toHaveLength(2);
  await expect(schedules.upcoming(client, { schedule: "nowhere" })).rejects.toMatchObject({ code: "NOT_FOUND" });
}

async function checkLists(client: DagsterClient): Promise<void> {
  const pages = await Array.fromAsync(runs.list(client, { first: 3, pageSize: 2 }).pages());
  expect(pages.map(({ items }) => items.length)).toEqual([2, 1]);
  const [first, second] = pages;
  const next = runs.list(client, { first: 1, pageToken: first?.nextPageToken ?? undefined });
  expect(await next.toArray()).toEqual(second?.items);
  const speaking = runs.list(client, { job: "speak" });
  const found = await speaking.toArray();
  expect([await speaking.count(), await runs.count(client, { job: "speak" })]).toEqual([found.length, found.length]);
  expect((await runs.get(client, found[0]!)).runId).toBe(found[0]!.runId);
  expect(await runs.count(client, { tags: found[0]!.tags, job: "speak" })).toBeGreaterThan(0);
  const before = new Date(Date.now() - 86_400_000);
  expect(await runs.count(client, { createdAfter: before })).toBe(await runs.count(client));
  expect(await runs.count(client, { createdBefore: before.toISOString() })).toBe(0);
  expect(await runs.list(client, { updatedAfter: "2999-01-01" }).toArray()).toEqual([]);
  expect(() => runs.list(client, { createdAfter: Date.now() })).toThrow(/seconds since 1970/);
}

async function checkJobs(client: DagsterClient): Promise<void> {
  const listed = await jobs.list(client).toArray();
  const speak = listed.find(({ name }) => name === "speak");
  expect(speak).toMatchObject({ description: "Says what it is told to.", isAssetJob: false, location: "methods" });
  const details = await jobs.get(client, speak!);
  expect(details).toMatchObject({ ...speak, schedules: ["every_minute"], partitionKeys: [] });
  expect(details.defaultConfigYaml.trim()).toBe("{}");
  const { ops } = details.configSchema.properties ?? {};
  expect(details.configSchema.required).toContain("ops");
  expect(ops?.properties?.greet?.properties?.config).toMatchObject({
    type: "object",
    properties: { greeting: { type: "string" } },
    required: ["greeting"],
    additionalProperties: false,
  });
  expect((await client.fetch(jobs.url(client, details))).status).toBe(200);
  const keys = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"];
  expect((await jobs.get(client, "load_day")).partitionKeys).toEqual(keys);
  expect((await jobs.partitions(client, { name: "load_day", location: "methods" })).map(({ key }) => key)).toEqual(
    keys,
  );
  expect(await jobs.partitions(client, "speak")).toEqual([]);
  await expect(jobs.get(client, "nowhere")).rejects.toMatchObject({ code: "NOT_FOUND" });
}

/** The asset `orders`, once it is materialized. */
export async function checkAsset(client: DagsterClient): Promise<void> {
  const { definition, latest, metadataEntries } = await assets.get(client, { path: ["orders"] });
  expect(definition).toMatchObject({
    owners: [
      { __typename: "UserAssetOwner", email: "ann@example.com" },
      { __typename: "TeamAssetOwner", team: "sales" },
    ],
    tags: [{ key: "tier", value: "gold" }],
    dependencyKeys: [],
    dependedByKeys: [{ path: ["reports", "summary"] }],
  });
  const columns = [{ name: "id", type: "int", constraints: { nullable: false } }];
  expect(assets.metadataOf(metadataEntries)).toMatchObject({ "dagster/column_schema": { columns } });
  expect(assets.metadataOf(latest?.metadataEntries)).toMatchObject({
    sample: { columns, records: [{ id: 7 }] },
    "dagster/column_lineage": { id: [{ asset: ["shop", "carts"], column: "cart_id" }] },
  });
  const [check, ...others] = await assets.checks(client, "orders");
  expect(others).toEqual([]);
  expect(check).toMatchObject({
    name: "is_fresh",
    description: "Whether they are of today.",
    latest: { status: "FAILED", severity: "WARN", description: "two days old", runId: latest?.runId },
  });
  expect(assets.metadataOf(check?.latest?.metadataEntries)).toMatchObject({ days: 2 });
  expect(await assets.lineage(client, "reports/summary")).toEqual({ upstream: [{ path: ["orders"] }], downstream: [] });
  expect((await assets.lineage(client, "orders", { depth: 1 })).downstream).toEqual([{ path: ["reports", "summary"] }]);
}
