import { createEmptyDagsterWorld, type DagsterWorld } from "@org/simulators/internal";
import type { SyncError } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { startFixture } from "./dagster-server.ts";

const minute = 60_000;
const job = { jobName: "score", location: "ml_platform" };

/** Some runs, each with a tag of this many bytes. */
function runsWithTag(world: DagsterWorld, count: number, bytes: number) {
  return Array.from({ length: count }, () => {
    const run = world.completeRun(job);
    world.tag(run, "large", "x".repeat(bytes));
    return run;
  });
}

test("large runs are requested in small responses", async () => {
  const world = createEmptyDagsterWorld();
  runsWithTag(world, 100, 200_000);
  const fixture = await startFixture(world);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  const limits = fixture.server.requests.flatMap(({ body }) => {
    const { query, variables } = body as { query: string; variables: { limit?: number } };
    return query.includes("query RunsPage") ? [variables.limit!] : [];
  });
  expect(Math.min(...limits)).toBeGreaterThan(8);
  expect(limits.length).toBeLessThan(20);

  world.advance(60 * minute);
  runsWithTag(world, 80, 200_000);
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

describe("I9: a run larger than a response may be is skipped, reported, and retried", () => {
  const limit = 100_000;
  const problem = expect.objectContaining({
    code: "ROW_TOO_LARGE",
    message: expect.stringContaining("maxResponseBytes"),
  });

  test.each(["the newest", "the oldest", "one in the middle"])("%s, in a first sync", async (which) => {
    const world = createEmptyDagsterWorld();
    const runs = runsWithTag(world, 9, 10);
    const large = runs.at({ "the newest": -1, "the oldest": 0 }[which] ?? 4)!;
    world.tag(large, "large", "x".repeat(2 * limit));
    const fixture = await startFixture(world, { maxResponseBytes: limit });
    for (const reconcile of [false, true, false]) {
      const failed = (await fixture.sync({ reconcile }).catch((error: unknown) => error)) as SyncError;
      expect(failed.result?.problems).toEqual([problem]);
      expect(failed.result?.problems[0]?.message).toContain(large.runId);
      expect(failed.result?.streams.filter(({ error }) => error)).toEqual([]);
      expect(fixture.rows("dagster_runs")).toHaveLength(8);
      world.advance(24 * 60 * minute);
    }
    world.tag(large, "large", "short");
    world.advance(24 * 60 * minute);
    await fixture.sync();
    fixture.expectTablesAsInWorld();
  });

  test("an open one, and one in a window: neither is marked as deleted, and a deleted one is forgotten", async () => {
    const world = createEmptyDagsterWorld();
    runsWithTag(world, 3, 10);
    const open = world.addRun(job);
    const fixture = await startFixture(world, { maxResponseBytes: limit });
    await fixture.sync();
    world.advance(60 * minute);
    world.tag(open, "large", "x".repeat(2 * limit));
    const [added] = runsWithTag(world, 1, 2 * limit);
    runsWithTag(world, 60, 10);
    for (const reconcile of [false, true]) {
      const failed = (await fixture.sync({ reconcile }).catch((error: unknown) => error)) as SyncError;
      expect(failed.result?.problems).toEqual([problem, problem]);
      expect(fixture.deleted("dagster_runs")).toEqual([]);
      expect(fixture.rows("dagster_runs")).toHaveLength(64);
      world.advance(60 * minute);
    }
    world.deleteRun(added!);
    world.tag(open, "large", "short");
    world.finish(open);
    world.advance(60 * minute);
    await fixture.sync({ reconcile: true });
    fixture.expectTablesAsInWorld();
    await fixture.sync();
  });
});

test("definitions larger than a response may be are an error that says which limit to raise", async () => {
  const world = createEmptyDagsterWorld();
  runsWithTag(world, 3, 10);
  const fixture = await startFixture(world, { maxResponseBytes: 100 });
  await expect(fixture.sync()).rejects.toThrow(/Definitions.*maxResponseBytes/);
});
