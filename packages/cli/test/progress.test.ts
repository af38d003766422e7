import type { SyncEvent } from "@org/sync-engine";
import { expect, test } from "vitest";
import { Progress } from "../src/render/progress.ts";
import { Rate } from "../src/render/rate.ts";
import { lineReporter, terminalReporter } from "../src/render/reporter.ts";
import { SafeOutput } from "../src/render/safe-output.ts";

const counts = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };
const started: SyncEvent = { type: "stream-started", stream: "task_instances", mode: "full_refresh" };
const stored = (inserted: number): SyncEvent => ({
  ...{ type: "batch-committed", stream: "task_instances", table: "airflow_task_instances", ...counts, inserted },
});
const history = (done: number, total: number | null, backTo: string | null): SyncEvent => ({
  ...{ type: "progress", stream: "task_instances", done, total, backTo },
});
const attempts = (rows: number, before: string | null): SyncEvent => ({
  ...{ type: "outstanding", stream: "task_instances", what: "earlier attempts", rows, before },
});

/** A progress whose clock the test moves. */
function begun() {
  const clock = { now: Date.UTC(2026, 10, 30, 12) };
  const progress = new Progress(() => clock.now);
  progress.take(started);
  return { progress, clock };
}

/** A tenth of the history per second, for four seconds. */
function underway() {
  const { progress, clock } = begun();
  for (let second = 0; second <= 4; second += 1) {
    progress.take({ type: "request-finished", label: "task instances", durationMs: 900 });
    progress.take(stored(3000));
    progress.take(history(100 + second * 100, 1000, `2026-10-${16 - second}T00:00:00.000000Z`));
    if (second < 4) clock.now += 1000;
  }
  return { progress, clock };
}

test.each([
  [
    120,
    "task_instances ━━━━━━━━━━━━──────────── 50 %, 5 s left, 15,000 rows, 3,750 rows/s, back to 12 Oct, 5 requests",
  ],
  [77, "task_instances ━━━━━━━━───────── 50 %, 5 s left, 3,750 rows/s, back to 12 Oct"],
  [57, "task_instances ━━━━━────── 50 %, 5 s left, back to 12 Oct"],
  [37, "task_instances 50 %, 5 s left"],
  [22, "task_instances 50 %"],
])("in %i columns, a history shows what is most important", (width, line) => {
  expect(underway().progress.status(width)).toBe(line);
  expect(line.length).toBeLessThanOrEqual(width);
});

test("a log has the same without a bar", () => {
  const clock = { now: 0 };
  let text = "";
  const reporter = lineReporter(
    {
      write: (more: string) => {
        text += more;
      },
    },
    () => clock.now,
  );
  reporter.event(started);
  clock.now = 2000;
  reporter.event(stored(1000));
  reporter.event(history(10, 40, "1969-12-31T00:00:00.000000Z"));
  reporter.tick();
  expect(text.split("\n")[1]).toBe("  task_instances: 25 %, 1,000 rows, 500 rows/s, back to 31 Dec 1969, 0 requests");
});

test("earlier attempts are counted from where they began, and show how many are left", () => {
  const { progress, clock } = underway();
  progress.take(history(1000, 1000, null));
  progress.take(attempts(400, null));
  expect(progress.status(80)).toMatch(/^task_instances ─{8,} 0 %, earlier attempts: 400/);
  clock.now += 60_000;
  progress.take(attempts(100, "2025-10-12T00:00:00.000000Z"));
  const text = "75 %, 20 s left, earlier attempts: 100";
  expect(progress.status(100)).toBe(`task_instances ━━━━━━━━━──── ${text}, 234 rows/s, back to 12 Oct 2025`);
  // What is being read matters more than a bar.
  expect(progress.status(57)).toBe(`task_instances ${text}`);
});

test("without a total, or once it is reached, there is no bar", () => {
  const { progress } = begun();
  progress.take(history(10, null, "2026-10-12T00:00:00.000000Z"));
  expect(progress.status(80)).toBe("task_instances: 0 rows, back to 12 Oct, 0 requests");
  progress.take(history(1000, 1000, null));
  expect(progress.status(80)).toBe("task_instances: 0 rows, 0 requests");
});

test("a terminal's line leaves the last column free, and a spinner turns", () => {
  let text = "";
  const output = new SafeOutput({
    write: (more: string) => {
      text += more;
    },
    columns: 60,
  });
  const reporter = terminalReporter(output, () => 0);
  reporter.event(started);
  reporter.event(history(10, 40, "1970-01-01T00:00:00.000000Z"));
  reporter.tick();
  const line = text.slice(text.lastIndexOf("\u001b[2K") + 4);
  expect(line).toBe("⠙ task_instances ━━━─────────── 25 %, 0 rows, back to 1 Jan");
  expect(line.length).toBeLessThan(60);
});

test("a rate covers the last half minute, and falls while nothing comes", () => {
  const rate = new Rate();
  rate.see(0, 0);
  expect(rate.perSecond(900)).toBeUndefined();
  for (let second = 1; second <= 100; second += 1) rate.see(second * (second > 50 ? 20 : 10), second * 1000);
  expect(rate.perSecond(100_000)).toBeCloseTo(20, 0);
  expect(rate.perSecond(200_000)).toBeLessThan(6);
});
