/** How tasks affect their runs. Expected numbers were computed by hand from small-world.ts and the worlds here. */
import { criticalPath, mappedFanout, taskTimeShare } from "@org/insights";
import { after, at, attempt, dag, run, type World } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";

/**
 * Three runs. `extract` is scheduled when the run starts, waits a minute, and takes 4, 5 and 6 minutes. Then two instances
 * of `transform` take 10 and 20. In the last run, `load` fails after 2 minutes, and its retry 5 minutes later takes 3.
 */
const etlRuns = [1, 2, 3].map((hour) => run("etl", `etl ${hour}`, { due: `11-02 0${hour}:00`, took: 45 }));
const etlTasks = etlRuns.flatMap((each, index) => {
  const due = `11-02 0${index + 1}:00`;
  const extracted = after(due, 5 + index);
  const transformed = after(extracted, 20);
  const first = { state: "failed", is_latest: false };
  return [
    attempt(each, "extract", [after(due, 1), extracted], { scheduled_when: at(due), queued_when: at(after(due, 0.5)) }),
    ...[10, 20].map((minutes, map_index) =>
      attempt(each, "transform", [extracted, after(extracted, minutes)], { map_index }),
    ),
    ...(index === 2
      ? [
          attempt(each, "load", [transformed, after(transformed, 2)], first),
          attempt(each, "load", [after(transformed, 7), after(transformed, 10)], { try_number: 2 }),
        ]
      : []),
  ];
});

/** Five runs of `a`, then `b` in parallel with `c`, then `d`. `b` is on the critical path, except in the last run. */
const forkedRuns = [1, 2, 3, 4, 5].map((hour) =>
  run("forked", `forked ${hour}`, { due: `11-01 0${hour}:00`, took: 40 }),
);
const forkedTasks = forkedRuns.flatMap((each, index) => {
  const minute = (number: number) => after(`11-01 0${index + 1}:00`, number);
  const c = index < 4 ? 15 : 32;
  const d = Math.max(30, c);
  return [
    attempt(each, "a", [minute(0), minute(10)]),
    attempt(each, "b", [minute(10), minute(30)]),
    attempt(each, "c", [minute(10), minute(c)]),
    attempt(each, "d", [minute(d), minute(d + 5)]),
  ];
});
/** Five runs of `x`, and of `y` five minutes later. */
const gappedRuns = [1, 2, 3, 4, 5].map((hour) =>
  run("gapped", `gapped ${hour}`, { due: `11-01 0${hour}:00`, took: 12 }),
);
const gappedTasks = gappedRuns.flatMap((each, index) => {
  const minute = (number: number) => after(`11-01 0${index + 1}:00`, number);
  return [attempt(each, "x", [minute(0), minute(5)]), attempt(each, "y", [minute(10), minute(12)])];
});

const chains: Partial<World> = {
  dags: ["etl", "forked", "gapped"].map((name) => dag(name)),
  runs: [...etlRuns, ...forkedRuns, ...gappedRuns],
  tasks: [...etlTasks, ...forkedTasks, ...gappedTasks],
};

/**
 * On eight days, a task is mapped to 2, 3, … 9 instances. They take 10 minutes, the last one 30, or 40 in the last run. On
 * the second day, one fails. A loop expands another task twice, to 2 and to 3.
 */
const fanRuns = Array.from({ length: 8 }, (_, day) => {
  const due = after("10-26 01:00", day * 24 * 60);
  return run("fan", `fan ${day}`, { due, took: 50 }, day === 1 ? { state: "failed" } : {});
});
const fanTasks = fanRuns.flatMap((each, day) => {
  const due = after("10-26 01:00", day * 24 * 60);
  return Array.from({ length: day + 2 }, (_, map_index) => {
    const minutes = map_index <= day ? 10 : day < 7 ? 30 : 40;
    return attempt(each, "part", [due, after(due, minutes)], {
      map_index,
      rendered_map_index: day < 7 ? null : `customer ${map_index}`,
      state: day === 1 && map_index === 0 ? "failed" : "success",
    });
  });
});
const loopRun = run("looped", "looped 1", { due: "11-01 01:00", took: 30 });
const loopTasks = [2, 3].flatMap((width, iteration) =>
  Array.from({ length: width }, (_, map_index) =>
    attempt(loopRun, "each", ["11-01 01:00", "11-01 01:10"], {
      ...{ map_index, region_index: map_index, region_id: `round ${iteration}`, loop_id: "rounds", iteration },
    }),
  ),
);
const fans: Partial<World> = {
  dags: [dag("fan"), dag("looped")],
  runs: [...fanRuns, loopRun],
  tasks: [...fanTasks, ...loopTasks],
};

const asked = askedEverywhere({ chains, fans });
const inChains = { pipelines: ["chains"] };

test("task_time_share", async () => {
  // Executed and waited: extract 4 + 5 + 6 and 3 times 1, transform 3 times 30, load 5 minutes: 113 together.
  const etl = { pipeline: "chains", dag: "etl", of_runs: 3 };
  expect(await asked(taskTimeShare, { ...inChains, dag: "etl" })).toEqual([
    {
      ...{ ...etl, task: "extract", runs: 3, executed: 300, waited: 60, start: 60, length: 300, instances: 1 },
      share: expect.closeTo((18 / 113) * 100, 9),
    },
    {
      ...{ ...etl, task: "transform", runs: 3, executed: 1800, waited: 0, start: 360, length: 1200, instances: 2 },
      share: expect.closeTo((90 / 113) * 100, 9),
    },
    {
      ...{ ...etl, task: "load", runs: 1, executed: 300, waited: 0, start: 1620, length: 600, instances: 1 },
      share: expect.closeTo((5 / 113) * 100, 9),
    },
  ]);
  // Neither the cleared run nor failed ones.
  const rows = await asked(taskTimeShare);
  expect(rows.map(({ dag }) => dag)).not.toEqual(expect.arrayContaining(["cleared"]));
  expect(rows.filter(({ dag }) => dag === "daily_sales")).toMatchObject([
    { task: "extract", of_runs: 5, share: expect.closeTo(100 / 3, 9) },
    { task: "load", of_runs: 5, share: expect.closeTo(200 / 3, 9) },
  ]);
});

test("critical_path", async () => {
  const forked = { pipeline: "chains", dag: "forked", runs: 5, edges_percent: 0 };
  const always = { on_path: 5, on_path_percent: 100, slack: null };
  expect(await asked(criticalPath, { ...inChains, dag: "forked" })).toEqual([
    { ...forked, task: "a", ...always, start: 0, length: 600 },
    // In the last run, it ended 2 minutes before `d` started.
    { ...forked, task: "b", on_path: 4, on_path_percent: 80, slack: 120, start: 600, length: 1200 },
    // In the others it ended 15 minutes before.
    { ...forked, task: "c", on_path: 1, on_path_percent: 20, slack: 900, start: 600, length: 300 },
    { ...forked, task: "d", ...always, start: 1800, length: 300 },
  ]);
  const gapped = (parameters: object) => asked(criticalPath, { ...inChains, dag: "gapped", ...parameters });
  expect(await gapped({})).toMatchObject([
    { task: "x", on_path: 0, slack: 300 },
    { task: "y", on_path: 5, slack: null },
  ]);
  expect(await gapped({ gap: 301 })).toMatchObject([
    { task: "x", on_path: 5 },
    { task: "y", on_path: 5 },
  ]);
  // Three runs are too few. With five, the latest two can be requested.
  expect(await asked(criticalPath, { ...inChains, dag: "etl" })).toEqual([]);
  expect(await gapped({ runs: 2 })).toMatchObject([{ runs: 2 }, { runs: 2 }]);
});

test("mapped_fanout", async () => {
  const daily = expect.anything();
  expect(await asked(mappedFanout, { pipelines: ["fans"] })).toEqual([
    {
      ...{ pipeline: "fans", dag: "fan", task: "part", loop: null, expansions: 8, failed: 1, daily },
      // Of 2 to 9 the fourth; one more a day.
      ...{ width: 5, max_width: 9, growth_per_week: expect.closeTo(7, 9) },
      ...{ unevenness: 3, slowest: 2400, slowest_run: "fan 7", slowest_index: "customer 8" },
    },
    {
      ...{ pipeline: "fans", dag: "looped", task: "each", loop: "rounds", expansions: 2, failed: 0, daily },
      ...{ width: 2, max_width: 3, growth_per_week: null },
      ...{ unevenness: 1, slowest: 600, slowest_run: "looped 1", slowest_index: "0" },
    },
  ]);
  // 10, 20 and 40 minutes.
  expect(await asked(mappedFanout)).toMatchObject([
    {
      dag: "mapped",
      task: "part",
      expansions: 1,
      width: 3,
      failed: 1,
      unevenness: 2,
      slowest: 2400,
      slowest_index: "2",
    },
  ]);
  expect(await asked(mappedFanout, { min_width: 4 })).toEqual([]);
});
