import { createDemoDagsterWorld, hour, minute } from "@org/simulators/internal";
import { test } from "vitest";
import { startFixture } from "./dagster-server.ts";

test.each([
  ["the server's Date is an hour ahead of what it stamps", hour, 0],
  ["the server's Date is an hour behind", -hour, 0],
  ["our own clock is an hour ahead", 0, hour],
  ["our own clock is an hour behind", 0, -hour],
])("I6: a tag on a run that ended long ago is not lost if %s", async (_, shownAheadMs, ownAheadMs) => {
  const world = createDemoDagsterWorld({ runs: 200 });
  const fixture = await startFixture(world);
  const now = () => world.clock.now() + ownAheadMs;
  fixture.server.faults.push({
    times: Number.POSITIVE_INFINITY,
    // A different one with each response.
    get headers() {
      return { date: new Date(world.clock.now() + shownAheadMs).toUTCString() };
    },
  });
  await fixture.sync({ now });
  const ended = [...world.runs.values()].filter(({ status }) => status === "SUCCESS");
  for (const run of ended.slice(0, 3)) {
    world.advance(5 * minute);
    world.tag(run, "later", "tag");
    await fixture.sync({ now });
  }
  fixture.expectTablesAsInWorld();
});
