import { dag, dagDetails, dagRun, eventLog, run, taskInstance, taskInstanceAttempt } from "@org/simulators";
import { violation } from "@org/testkit/airflow-specification";
import { describe, expect, test } from "vitest";

const list = "/api/v2/dags/{dag_id}/dagRuns";
const tasks = `${list}/{dag_run_id}/taskInstances`;
const taskStates = [
  ...([null, "scheduled", "queued", "running", "success", "restarting", "failed", "up_for_retry"] as const),
  ...(["up_for_reschedule", "upstream_failed", "skipped", "deferred", "awaiting_input", "removed"] as const),
];
const page = { total_entries: 1, next_cursor: null, previous_cursor: null, total_entries_limit: null };

/** Answers as they would be made of the rows, by the route that gives them. */
const answers: readonly (readonly [template: string, body: object])[] = [
  ["/api/v2/dags", { dags: [dag({ dag_id: "a" })], total_entries: 1 }],
  ["/api/v2/dags/{dag_id}/details", dagDetails()],
  ...(["queued", "running", "success", "failed"] as const).flatMap((state) => [
    [`${list}/{dag_run_id}`, dagRun({ state })] as const,
    [list, { dag_runs: [dagRun({ state })], ...page }] as const,
  ]),
  ...taskStates.map((state) => [tasks, { task_instances: [taskInstance({ state })], ...page }] as const),
  [`${tasks}/{task_id}/tries`, { task_instances: [taskInstanceAttempt()], total_entries: 1 }],
  ["/api/v2/eventLogs", { event_logs: [eventLog()], total_entries: 1 }],
];

test.each(answers)("a response of %s that is made of rows is valid", (template, body) => {
  expect(
    violation({ version: "3.4", method: "GET", template, status: 200, body: JSON.stringify(body) }),
  ).toBeUndefined();
});

describe("the fields of a row fit each other", () => {
  test("a run's dates and duration follow from its state", () => {
    const which = { dag_id: "sales", dag_run_id: "a" };
    expect(dagRun({ ...which, state: "queued" })).toMatchObject({ start_date: null, end_date: null, duration: null });
    expect(dagRun({ ...which, state: "running" })).toMatchObject({ end_date: null, duration: null });
    const failed = dagRun({ ...which, state: "failed" });
    expect(failed).toMatchObject({ ...which, state: "failed", dag_display_name: "sales", duration: 300 });
    expect(failed.dag_versions).toMatchObject([{ dag_id: "sales" }]);
    expect(Date.parse(failed.end_date!) - Date.parse(failed.start_date!)).toBe(300_000);
  });

  test("a duration follows from dates that are given, and stays if it is given too", () => {
    const dates = { start_date: "2026-11-01T10:00:00Z", end_date: "2026-11-01T10:00:01.5Z" };
    expect(dagRun(dates).duration).toBe(1.5);
    expect(taskInstance({ ...dates, end_date: null }).duration).toBeNull();
    expect(dagRun({ ...dates, duration: 7 }).duration).toBe(7);
  });

  test("a task instance's dates follow from its state", () => {
    for (const state of taskStates) {
      const { start_date, end_date, ...row } = taskInstance({ state });
      expect(row.state).toBe(state);
      const hasStarted = !["null", "scheduled", "queued"].includes(`${state}`);
      if (!hasStarted) expect([state, start_date, end_date]).toEqual([state, null, null]);
      if (state === "running") expect([start_date, end_date]).toEqual([expect.any(String), null]);
      if (state === "success" || state === "failed") expect([state, end_date]).toEqual([state, expect.any(String)]);
    }
  });

  test("fields that are undefined count as left out", () => {
    expect(dagRun({ state: undefined, note: undefined })).toEqual(dagRun());
    expect(run({ status: undefined })).toEqual(run());
  });

  test("a Dagster run's times follow from its status", () => {
    expect(run({ status: "QUEUED" })).toMatchObject({ startTime: null, endTime: null });
    expect(run({ status: "STARTED" })).toMatchObject({ startTime: expect.any(Number), endTime: null });
    for (const status of ["SUCCESS", "FAILURE", "CANCELED"] as const) {
      const { startTime, endTime, runStatus } = run({ status });
      expect([endTime! - startTime!, runStatus]).toEqual([300, status]);
    }
    expect(run({ status: "CANCELING", jobName: "a" })).toMatchObject({ status: "CANCELING", pipelineName: "a" });
  });
});
