/** Runs that change without a trace are found because each reconcile re-reads a part of the history. */
import { createEmptyDagsterWorld, type DagsterWorld, hour, minute } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { operations, startFixture, variablesOf } from "./dagster-server.ts";

/** In ms, for the clocks. The simulator's own times are in µs. */
const day = 24 * 3_600_000;
const size = 3000;

/** Runs of the last month, oldest first. */
function filledWorld(): DagsterWorld {
  const world = createEmptyDagsterWorld();
  world.addLocation("ml_platform", {});
  for (let index = 0; index < size; index += 1) {
    world.at(world.now() - (size - index) * 10 * minute, () =>
      world.completeRun({ jobName: "score", location: "ml_platform" }, "FAILURE"),
    );
  }
  return world;
}

/** A monitor has failed the run. Now its worker reports that it succeeded two hours ago. */
function succeedLate(world: DagsterWorld, index: number): void {
  const run = [...world.runs.values()][index]!;
  world.finish(run, "SUCCESS", run.endTime! - 2 * hour);
}

const statusOf = (fixture: Awaited<ReturnType<typeof startFixture>>, world: DagsterWorld, index: number) =>
  fixture.rows("dagster_runs").find(({ run_id }) => run_id === [...world.runs.keys()][index])?.status;

test("I4: a late end, dated long ago, is read within a month of daily reconciles, little by little", async () => {
  const world = filledWorld();
  const fixture = await startFixture(world);
  await fixture.sync();
  const late = [7, size / 2, size - 60];
  for (const index of late) succeedLate(world, index);
  world.advance(20 * 60_000);
  await fixture.sync();
  expect(late.map((index) => statusOf(fixture, world, index))).toEqual(["FAILURE", "FAILURE", "FAILURE"]);
  const right: number[] = [];
  for (let days = 0; days < 31; days += 1) {
    world.advance(day);
    fixture.server.requests.clear();
    await fixture.sync();
    // I12: a thirtieth of the runs comes with the changes. At the end of the listing, its last run must still exist.
    const asked = operations(fixture.server);
    if (days < 30) expect(asked.filter((name) => name.startsWith("Run"))).toEqual(["RunChanges"]);
    else expect(asked.length).toBeLessThanOrEqual(5);
    const { againSize } = variablesOf(fixture, "RunChanges") as { againSize: number };
    expect(againSize).toBe(size / 30);
    right.push(late.filter((index) => statusOf(fixture, world, index) === "SUCCESS").length);
  }
  // The newest first.
  expect(right.slice(0, 2)).toEqual([1, 1]);
  expect(right.at(-1)).toBe(3);
  fixture.expectTablesAsInWorld();
  // Then it starts over, so that later changes are found too.
  succeedLate(world, size - 70);
  for (let days = 0; days < 32; days += 1) {
    world.advance(day);
    await fixture.sync();
  }
  fixture.expectTablesAsInWorld();
});

test("it resumes where it stopped though that run was deleted, or the process was killed", async () => {
  const world = filledWorld();
  const fixture = await startFixture(world, { pageSize: 30 });
  await fixture.sync();
  succeedLate(world, 0);
  for (let days = 0; days < 33; days += 1) {
    world.advance(day);
    const reread = (JSON.parse(fixture.state("runs") ?? "{}").data.reread ?? []) as string[];
    const last = world.runs.get(reread.at(-1) ?? "");
    if (last && days % 2 === 0) world.deleteRun(last);
    if (days % 5 === 0) {
      const controller = new AbortController();
      let seen = 0;
      const end = (event: { readonly type: string }) => {
        if (event.type === "batch-committed" && ++seen === 3) controller.abort(new Error("killed"));
      };
      await fixture.sync({ signal: controller.signal, onEvent: end }).catch(() => undefined);
    }
    await fixture.sync();
  }
  fixture.expectTablesAsInWorld();
});
