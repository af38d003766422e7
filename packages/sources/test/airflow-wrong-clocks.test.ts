/** Clocks that are wrong for a while, and the positions they leave in states. */
import { createDemoAirflowWorld, defaultStartMs } from "@org/simulators/internal";
import { dagRunsTable } from "@org/sources/airflow";
import type { SyncError } from "@org/sync-engine";
import type { Told } from "@org/testkit/lying-front";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const year = 365 * 24 * 3_600_000;
const tiny = () => createDemoAirflowWorld({ dags: 4, days: 3, runsPerDag: 5 });
const quick = { simulator: { validate: false } };
type Airflow = Awaited<ReturnType<typeof setUp>>;

/** Changes a finished run's task instance, which only its timestamp reveals. */
function change({ simulator, world }: Airflow): void {
  simulator.clock.advance(15 * 60_000);
  const [dag] = world.dags.values();
  const ended = [...dag!.runs.values()].find((run) => run.state === "success");
  world.clearTask(ended!.tasks[0]!);
  world.finishRun(ended!);
  simulator.clock.advance(60 * 60_000);
}

describe("I6: an invalid Date is ignored, reported once, and not stored", () => {
  test.each(["-271821-04-20T00:00:00Z", "yesterday", "Mon, 30 Feb 2026 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"])(
    "%s",
    async (date) => {
      const lie = { answer: ({ headers }: Told) => void Object.assign(headers, { date }) };
      const airflow = await setUp({ ...quick, world: tiny(), lie });
      const { events } = await airflow.syncNow();
      const notices = events.flatMap((event) => (event.type === "notice" ? [event] : []));
      expect(notices.map(({ code }) => code)).toEqual(["IMPOSSIBLE_DATE"]);
      expect(notices[0]?.message).toContain(JSON.stringify(date));
      change(airflow);
      await airflow.syncNow();
      airflow.front.tell();
      change(airflow);
      await airflow.syncNow();
      expect(await airflow.differences()).toEqual([]);
    },
  );
});

test.each([-56, 74])("a server's clock that is %i years from ours is reported, and loses nothing", async (years) => {
  const date = new Date(defaultStartMs + years * year).toUTCString();
  const lie = { answer: ({ headers }: Told) => void Object.assign(headers, { date }) };
  const airflow = await setUp({ ...quick, world: tiny(), lie });
  const { events } = await airflow.syncNow();
  expect(events).toContainEqual(expect.objectContaining({ type: "notice", code: "CLOCKS_DIFFER" }));
  change(airflow);
  await airflow.syncNow();
  expect(await airflow.differences()).toEqual([]);
});

describe("a state that a wrong clock wrote recovers", () => {
  const positions: Record<string, object> = {
    "a time before all others": { server: -8_640_000_000_000_000, local: defaultStartMs },
    "both clocks were years ahead": { server: defaultStartMs + 80 * year, local: defaultStartMs + 80 * year },
    "no number": { server: "now", local: null },
    "no time": { server: 1e300, local: 1e300 },
  };
  test.each(Object.entries(positions))("%s", async (_, position) => {
    const airflow = await setUp({ ...quick, world: tiny() });
    await airflow.syncNow();
    change(airflow);
    airflow.changeStates((data) => Object.assign(data, { position, overlapMs: 1e300 }));
    await airflow.syncNow({ reconcile: false });
    expect(await airflow.differences()).toEqual([]);
    change(airflow);
    await airflow.syncNow({ reconcile: false });
    expect(await airflow.differences()).toEqual([]);
  });
});

test("a timestamp that does not exist keeps its row from being stored, and is never guessed", async () => {
  const lie = {
    answer: ({ body }: Told) => {
      const run = body?.dag_runs?.find(({ end_date }: { end_date: unknown }) => end_date);
      if (run) run.end_date = "2026-02-30T00:00:00+01:00";
    },
  };
  const airflow = await setUp({ ...quick, world: tiny(), lie });
  const error = (await airflow.syncNow().catch((thrown: unknown) => thrown)) as SyncError;
  expect(error.message).toMatch(/column end_date: .*2026-02-30T00:00:00\+01:00/);
  const ends = (await airflow.rows(dagRunsTable)).map(({ end_date }) => String(end_date));
  expect(ends.filter((end) => end.startsWith("2026-03-0"))).toEqual([]);
  airflow.front.tell();
  await airflow.syncNow();
  expect(await airflow.differences()).toEqual([]);
});
