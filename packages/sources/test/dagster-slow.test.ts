import { createDemoDagsterWorld, type Fault, type SimulatedRequest } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { operations, startFixture } from "./dagster-server.ts";

/** A server behind a proxy that times out if more than this many runs, or ten times as many ids, are requested at once. */
const slowBeyond = (runs: number): Fault => ({
  match: ({ json }: SimulatedRequest) => {
    const { query = "", variables = {} } = json as { query?: string; variables?: Record<string, number> };
    const { limit = 0, pageSize = 0 } = variables;
    const { open } = variables as { open?: { runIds?: string[] } };
    const most = query.includes("query RunIdsPage") ? 10 * runs : runs;
    return Math.max(limit, pageSize, open?.runIds?.length ?? 0) > most;
  },
  status: 504,
  body: "<html>504 Gateway Time-out</html>",
  times: 100_000,
});

test("runs that take longer than a proxy's timeout are read in smaller pages, each time", async () => {
  const world = createDemoDagsterWorld({ runs: 900 });
  const open = Array.from({ length: 150 }, () => world.addRun({ jobName: "score", location: "ml_platform" }));
  const fixture = await startFixture(world);
  fixture.server.faults.push(slowBeyond(70));
  await fixture.sync();
  fixture.expectTablesAsInWorld();
  // 1000, 250, then 62 at once. Sizes that were too slow are not retried.
  const refused = fixture.server.requests.filter(({ status }) => status === 504);
  expect(refused).toHaveLength(2);

  world.clock.advance(3_600_000);
  for (const run of open.slice(0, 140)) world.finish(run, "SUCCESS");
  for (const run of open.slice(140, 145)) world.deleteRun(run);
  for (let index = 0; index < 130; index += 1) world.addRun({ jobName: "score", location: "ml_platform" });
  fixture.server.requests.clear();
  await fixture.sync();
  fixture.expectTablesAsInWorld();

  for (const run of world
    .ordered()
    .filter(({ endTime }) => endTime !== null)
    .slice(0, 90))
    world.deleteRun(run);
  fixture.server.requests.clear();
  await fixture.sync({ reconcile: true });
  fixture.expectTablesAsInWorld();
  expect(operations(fixture.server)).toContain("RunIdsPage");
});
