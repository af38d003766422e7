import { visible } from "@org/kit";
import type { SyncEvent } from "@org/sync-engine";
import { expect, test } from "vitest";
import { duration } from "../src/duration.ts";
import { lineReporter, type Reporter, terminalReporter } from "../src/render/reporter.ts";
import { canMove, SafeOutput } from "../src/render/safe-output.ts";
import { textTable } from "../src/render/table.ts";

const counts = { inserted: 0, updated: 0, unchanged: 0, deleted: 0, removed: 0 };
const started: SyncEvent = { type: "stream-started", stream: "dags", mode: "full_refresh" };
const stored: SyncEvent = { type: "batch-committed", stream: "dags", table: "airflow_dags", ...counts, inserted: 1234 };
const finished: SyncEvent = { type: "stream-finished", stream: "dags", durationMs: 900, ...counts, inserted: 1234 };

function written(make: (output: SafeOutput) => Reporter) {
  let text = "";
  const write = (more: string) => {
    text += more;
  };
  const reporter = make(new SafeOutput({ write, columns: 24 }));
  return { reporter, text: () => text };
}

test("a log gets a line with every tick, and none when idle", () => {
  const { reporter, text } = written(lineReporter);
  reporter.tick();
  reporter.event(started);
  reporter.event({ type: "request-finished", label: "dags", durationMs: 1 });
  reporter.event(stored);
  reporter.tick();
  reporter.event(finished);
  reporter.tick();
  expect(text()).toBe("▸ dags: reading everything\n  dags: 1,234 rows, 1 request\n✓ dags: 1,234 new (0.9 s)\n");
});

test("a terminal gets a progress line that fits its width and disappears at the end", () => {
  const { reporter, text } = written(terminalReporter);
  reporter.event(started);
  reporter.event(stored);
  reporter.tick();
  reporter.event(finished);
  reporter.end();
  expect(text()).toBe("\r\u001b[2K⠙ dags: 1,234 rows\r\u001b[2K✓ dags: 1,234 new (0.9 s)\n");
});

test("a stream that waits for its server is reported", () => {
  const { reporter, text } = written(lineReporter);
  reporter.event(started);
  const error = Object.assign(new Error("GET http://x answered 503"), { code: "SERVER_ERROR" });
  reporter.event({ type: "request-retried", label: "dags", attempt: 2, waitMs: 4000, error });
  reporter.tick();
  expect(text().split("\n").slice(1, 3)).toEqual([
    "  dags: attempt 2 failed, retrying in 4.0 s: GET http://x answered 503",
    "  dags: waiting for the server (attempt 3 in 4.0 s)",
  ]);
});

test("a table aligns numbers to the right, with the same number of decimals, and shows missing values", () => {
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
])("%i ms is %s", (durationMs, text) => {
  expect(duration(durationMs)).toBe(text);
});

test.each([
  ["a colour, a title and the clipboard", "\u001b[31mRED\u001b]0;title\u0007\u001b]52;c;eA==\u0007"],
  ["C1", "a\u009b2Jb\u009d0;title\u009c"],
  ["a return to the line's beginning", "password wrong\rlogged in"],
  ["a backspace, a delete", "safe\b\b\b\bevil\u007f"],
  ["directions", "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c"],
  ["what takes no room", "pay\u200bload \u2060\ufeff\u00ad\u034f\u3164 a\u200db a\ufe0fb"],
  ["tags", "hello\u{e0041}\u{e007f}"],
  ["separators of lines", "one\u2028two\u2029\u0085"],
  ["half a character", "a\ud800b"],
])("control and invisible characters are shown as JSON escapes: %s", (_, text) => {
  const shown = visible(text);
  expect(shown).toMatch(/^[ -~]*$/);
  expect(JSON.parse(`"${shown.replaceAll('"', '\\"')}"`)).toBe(text);
});

test("ordinary text stays unchanged", () => {
  const text = "Grüße, 日本語, العربية, می‌خواهم, क्‍ष, 👩‍👩‍👧 ❤️ 1️⃣ ─ ✓ …\n\ttab";
  expect(visible(text)).toBe(text);
});

const terminal = { isTTY: true, write() {} };

test.each([
  [{}, true],
  [{ TERM: "xterm-256color" }, true],
  [{ TERM: "dumb" }, false],
  [{ TERM: "dumb", FORCE_COLOR: "1" }, false],
  [{ NO_COLOR: "1" }, false],
  [{ NO_COLOR: "" }, true],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true],
  [{ FORCE_COLOR: "0" }, false],
  [{ CI: "true" }, false],
  [{ CI: "false" }, true],
  [{ CI: "true", FORCE_COLOR: "1" }, true],
])("with %j, the progress line moves on a terminal: %s", (env, moves) => {
  expect(canMove({ stderr: terminal, env })).toBe(moves);
  expect(canMove({ stderr: { write() {} }, env: { ...env, FORCE_COLOR: "1" } })).toBe(false);
});

test("streams that fail for the same reason report it once", () => {
  const { reporter, text } = written(lineReporter);
  const error = Object.assign(new Error("GET http://x failed"), { code: "CONNECTION_REFUSED" });
  for (const stream of ["dags", "dag_runs"]) reporter.event({ type: "stream-failed", stream, error });
  expect(text()).toBe("✗ dags: GET http://x failed\n✗ dag_runs: for the same reason\n");
});
