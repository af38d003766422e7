import { createDemoAirflowWorld, hour, minute, second } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

/** Changes a finished run's task instance, which only its `updated_at` reveals, not counts or unfinished rows. */
async function changeBetweenSyncs(shownAheadMs: number, ownAheadMs: number): Promise<string[]> {
  const world = createDemoAirflowWorld({ dags: 4, days: 2, runsPerDag: 5 });
  const { simulator, syncNow, differences } = await setUp({ world });
  const now = () => simulator.clock.now() + ownAheadMs;
  simulator.faults.push({
    times: Number.POSITIVE_INFINITY,
    // A different one with each response.
    get headers() {
      return { date: new Date(simulator.clock.now() + shownAheadMs).toUTCString() };
    },
  });
  await syncNow({ now });
  simulator.clock.advance(15 * 60_000);
  const [dag] = world.dags.values();
  const ended = [...dag!.runs.values()].find((run) => run.state === "success");
  world.at(world.now() - 10 * second, () => {
    world.clearTask(ended!.tasks[0]!);
    world.finishRun(ended!);
  });
  simulator.clock.advance(30 * 60_000);
  await syncNow({ now, reconcile: false });
  return differences();
}

test.each([
  ["the server's Date is an hour ahead of what it stamps", hour / 1000, 0],
  ["the server's Date is an hour behind", -hour / 1000, 0],
  ["our own clock is an hour ahead", 0, hour / 1000],
  ["our own clock is an hour behind", 0, -hour / 1000],
  ["our own clock is ahead and the server's Date is behind", -minute / 1000, hour / 1000],
])("I6: no change is lost if %s", async (_, shownAheadMs, ownAheadMs) => {
  expect(await changeBetweenSyncs(shownAheadMs, ownAheadMs)).toEqual([]);
});
