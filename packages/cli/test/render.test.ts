import type { SyncEvent } from "@org/sync-engine";
import { expect, test } from "vitest";
import { duration } from "../src/render/duration.ts";
import { lineReporter, type Reporter, terminalReporter } from "../src/render/reporter.ts";
import { textTable } from "../src/render/table.ts";

const counts = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };
const started: SyncEvent = { type: "stream-started", stream: "dags", mode: "full_refresh" };
const stored: SyncEvent = { type: "batch-committed", stream: "dags", table: "airflow_dags", ...counts, inserted: 1234 };
const finished: SyncEvent = { type: "stream-finished", stream: "dags", durationMs: 900, ...counts, inserted: 1234 };

function written(make: (output: { write(text: string): void; columns: number }) => Reporter) {
  let text = "";
  const write = (more: string) => {
    text += more;
  };
  const reporter = make({ write, columns: 24 });
  return { reporter, text: () => text };
}

test("a log gets a line with every tick, and none when nothing is under way", () => {
  const { reporter, text } = written(lineReporter);
  reporter.tick();
  reporter.event(started);
  reporter.event({ type: "request-finished", label: "dags", durationMs: 1 });
  reporter.event(stored);
  reporter.tick();
  reporter.event(finished);
  reporter.tick();
  expect(text()).toBe("▸ dags: reading everything\n  dags: 1,234 rows, 1 requests\n✓ dags: 1,234 new (0.9 s)\n");
});

test("a terminal gets a moving line that fits into it and is gone at the end", () => {
  const { reporter, text } = written(terminalReporter);
  reporter.event(started);
  reporter.event(stored);
  reporter.tick();
  reporter.event(finished);
  reporter.end();
  expect(text()).toBe("\r\u001b[2K⠙ dags: 1,234 rows, 0 r\r\u001b[2K✓ dags: 1,234 new (0.9 s)\n");
});

test("a stream that waits for its server says so", () => {
  const { reporter, text } = written(lineReporter);
  reporter.event(started);
  const error = Object.assign(new Error("GET http://x answered 503"), { code: "SERVER_ERROR" });
  reporter.event({ type: "request-retried", label: "dags", attempt: 2, waitMs: 4000, error });
  reporter.tick();
  expect(text().split("\n").slice(1, 3)).toEqual([
    "  dags: attempt 2 failed, again in 4.0 s: GET http://x answered 503",
    "  dags: waiting for the server (attempt 3 in 4.0 s)",
  ]);
});

test("a table puts numbers to the right, with equally many digits, and shows what is missing", () => {
  const table = textTable(
    ["name", "n", "share"],
    [
      ["a", 1234567, 0.5],
      ["longer", 9n, 12],
      ["", null, null],
    ],
    1,
  );
  expect(table).toBe(
    [
      " name            n  share",
      " ──────  ─────────  ─────",
      " a       1,234,567    0.5",
      " longer          9   12.0",
      "                 –      –",
      "",
    ].join("\n"),
  );
});

test.each([
  [40, "0.0 s"],
  [9_900, "9.9 s"],
  [59_000, "59 s"],
  [600_000, "10 min"],
  [7_200_000, "2 h"],
  [864_000_000, "10 days"],
])("%i ms are %s", (durationMs, text) => {
  expect(duration(durationMs)).toBe(text);
});
