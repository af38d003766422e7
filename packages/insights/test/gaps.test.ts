/** Dagster runs with missing data. */
import { backfillProgress, runDurations, runningTooLong, runOrigins, stuckWaiting, successRate } from "@org/insights";
import { at, jobRun } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";

const scheduled = { tags: { "dagster/schedule_name": "hourly" } };
const asked = askedEverywhere({
  gaps: {
    jobRuns: [
      // Running without a known start. Last changed ten hours ago.
      jobRun("no-start", "hangs", ["11-02 01:00", null, null], { status: "STARTED", update_time: at("11-02 02:00") }),
      jobRun("asleep", "sleeps", ["11-02 10:00", "11-02 10:01", null], { status: "SUSPENDED" }),
      // Finished without a known end.
      jobRun("no-end", "ends", ["11-01 10:00", "11-01 10:01", null], {
        status: "FAILURE",
        update_time: at("11-01 11:00"),
      }),
      // Its first run was deleted.
      jobRun("again", "reruns", ["11-01 10:00", "11-01 10:01", "11-01 10:02"], {
        ...scheduled,
        root_run_id: "deleted",
        parent_run_id: "deleted",
      }),
      jobRun("filled", "fills", ["11-02 10:00", "11-02 10:01", "11-02 10:02"], {
        tags: { "dagster/backfill": "b1" },
        root_run_id: "gone",
        parent_run_id: "gone",
      }),
    ],
  },
});
const only = { pipelines: ["gaps"] };

test("a running one without a start counts as running since its last change", async () => {
  const rows = await asked(runningTooLong, { ...only, absolute: 3600, floor: 0 });
  expect(rows.map(({ name, started, running_for }) => [name, started, running_for])).toEqual([
    ["hangs", at("11-02 02:00"), 36_000],
    ["sleeps", at("11-02 10:01"), 7140],
  ]);
  expect((await asked(stuckWaiting, { ...only, min: 0 })).map(({ name }) => name)).toEqual([]);
});

test("a finished one without an end counts as finished at its last change, and says nothing about durations", async () => {
  const rates = await asked(successRate, only);
  expect(rates.find(({ name }) => name === "ends")).toMatchObject({ runs: 1, failed: 1 });
  const durations = await asked(runDurations, only);
  expect(durations.find(({ name }) => name === "ends")).toMatchObject({ n: 0, failed: 1, max: null });
});

test("the first known run of a chain inherits the origin of the first one, if that is gone", async () => {
  const origins = await asked(runOrigins, only);
  expect(origins.find(({ origin }) => origin === "scheduled")).toMatchObject({ by: "hourly", runs: 1 });
  expect(await asked(backfillProgress, only)).toMatchObject([{ name: "fills", backfill: "b1", done: 1 }]);
});
